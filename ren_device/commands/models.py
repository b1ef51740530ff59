"""`ren-device models`: the models that Ren can use, and those that are on this device."""

import asyncio
import sys
import textwrap
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ren_device.catalogue import Model, ModelFile
    from ren_device.settings import Settings

SUMMARY = "list, fetch, check and remove voices and recognisers"

_BAR = 24
_EVERY_S = 0.2


def add_arguments(parser: ArgumentParser) -> None:
    """Define list, fetch, verify and remove."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="all models, with languages, sizes and licences")
    listed.add_argument("--language", metavar="CODE", help="only these, such as de")
    fetch = actions.add_parser("fetch", help="put models on this device; goes on after a break")
    fetch.add_argument("names", metavar="NAME", nargs="+", help="as in the list")
    fetch.add_argument("--from", dest="origin", default="", metavar="URL|DIR", help="a mirror")
    fetch.add_argument(
        "--trust-first", action="store_true", help="accept files that have no checksum in the list"
    )
    verify = actions.add_parser("verify", help="hash the files again; by default of all models")
    verify.add_argument("names", metavar="NAME", nargs="*", help="as in the list")
    remove = actions.add_parser("remove", help="take models off this device")
    remove.add_argument("names", metavar="NAME", nargs="+", help="as in the list")


def run(arguments: Namespace) -> int:
    """Do it; 1 when a model cannot be fetched or is damaged. Raises RenError."""
    from ren_device import catalogue, settings

    loaded = settings.load()
    models = catalogue.read()
    chosen = catalogue.named(getattr(arguments, "names", ()), models)
    match arguments.action:
        case "fetch":
            return asyncio.run(_fetch(chosen, loaded, arguments))
        case "verify":
            return _verify(chosen or list(models.values()), loaded.models_home)
        case "remove":
            return _remove(chosen, loaded.models_home)
        case _:
            wanted = arguments.language
            rows = [each for each in models.values() if not wanted or wanted in each.languages]
            _list(rows, loaded)
    return 0


def _list(models: "list[Model]", loaded: "Settings") -> None:
    in_use = _in_use(loaded)
    width = max((len(model.id) for model in models), default=0)
    for model in models:
        where = _state(model, loaded.models_home)
        size = f"{model.size / 1e6:.0f} MB" if model.size >= 1e6 else ""
        languages = " ".join(model.languages)
        used = f"used by {in_use[model.id]}" if model.id in in_use else ""
        line = f"{model.id:<{width}}  {model.kind:<4} {languages:<3} {size:>6}  {where:<8} {used}"
        print(line.rstrip())
        sale = {"yes": "", "no": "; not for sale", "unclear": "; whether for sale is unclear"}
        told = f"{model.licence}{sale[model.commercial]}" + (
            f". {model.note}" if model.note else ""
        )
        print(textwrap.indent("\n".join(textwrap.wrap(told, 90)), "    "))
    print(f"\nFetched models are in {loaded.models_home}")


def _state(model: "Model", directory: Path) -> str:
    if model.is_here(directory):
        return "here" if model.files else "bundled"
    if (directory / f"{model.id}.part").exists():
        return "partly"
    return ""


def _in_use(loaded: "Settings") -> dict[str, str]:
    """Model names that settings choose by name, and the setting."""
    used = {loaded.tts_voice.partition("#")[0]: "REN_TTS_VOICE"}
    if loaded.vosk_model and loaded.stt_engine != "moonshine":
        used[str(loaded.vosk_model)] = "REN_VOSK_MODEL"
    elif loaded.stt_engine != "vosk":
        used["moonshine-tiny-en"] = "REN_STT_ENGINE"
    return used


async def _fetch(chosen: "list[Model]", loaded: "Settings", arguments: Namespace) -> int:
    from ren_device.catalogue.download import session
    from ren_device.catalogue.fetch import Source, fetch
    from ren_device.errors import FetchError

    source = Source(arguments.origin or loaded.models_mirror, trust_first=arguments.trust_first)
    failed = 0
    async with session() as http:
        for model in chosen:
            if _is_whole(model, loaded.models_home):
                print(f"{model.id} is here already. {model.setting}={model.id} uses it.")
                continue
            bar = _Bar()
            try:
                trusted = await fetch(http, model, loaded.models_home, source, bar.tell)
            except FetchError as error:
                failed += 1
                bar.end()
                sys.stderr.write(f"{error}\n")
                continue
            except asyncio.CancelledError:
                bar.end()
                sys.stderr.write("Broken off; the same command goes on from here.\n")
                raise
            bar.end()
            for line in trusted:
                print(f"taken on trust: {line}")
            print(f"{model.id} is here. {model.setting}={model.id} uses it.")
            print(f"    {model.licence}" + ("" if model.commercial == "yes" else "; see the list"))
    return 1 if failed else 0


def _is_whole(model: "Model", directory: Path) -> bool:
    return bool(model.files) and model.is_here(directory) and not _damage(model, directory)


def _damage(model: "Model", directory: Path) -> list[str]:
    from ren_device.catalogue.fetch import verify
    from ren_device.errors import FetchError

    try:
        return verify(model, directory)
    except FetchError as error:
        return [str(error)]


def _verify(models: "list[Model]", directory: Path) -> int:
    damaged = 0
    for model in models:
        if model.files and model.is_here(directory):
            wrong = _damage(model, directory)
            damaged += bool(wrong)
            print(f"{model.id}: {'; '.join(wrong) or 'as it was fetched'}")
    if damaged:
        print(f"\n{damaged} damaged; fetch again.")
    return 1 if damaged else 0


def _remove(chosen: "list[Model]", directory: Path) -> int:
    from ren_device.catalogue.fetch import remove

    for model in chosen:
        print(f"{model.id}: {'removed' if remove(model, directory) else 'was not here'}")
    return 0


class _Bar:
    """How far a fetch is: a line that changes on a terminal, else a line for each file."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._name = ""
        self._began = self._shown = 0.0
        self._first = 0

    def tell(self, file: "ModelFile", have: int) -> None:
        """So many bytes of this file are there."""
        now = time.monotonic()
        if file.name != self._name:
            self.end()
            self._name, self._began, self._shown, self._first = file.name, now, 0.0, have
            if not self._live:
                sys.stderr.write(f"{file.name}: {_megabytes(file.size)}\n")
        if self._live and (now - self._shown >= _EVERY_S or have == file.size):
            self._shown = now
            sys.stderr.write(f"\r\x1b[K{self._line(file, have, now)}")
            sys.stderr.flush()

    def end(self) -> None:
        """The next thing is written on a line of its own."""
        if self._live and self._name:
            sys.stderr.write("\n")
        self._name = ""

    def _line(self, file: "ModelFile", have: int, now: float) -> str:
        full = _BAR * have // file.size
        rate = (have - self._first) / max(now - self._began, 0.001)
        left_s = round((file.size - have) / rate) if rate else 0
        left = f"{left_s // 60}:{left_s % 60:02}" if rate else "-:--"
        bar = "#" * full + "." * (_BAR - full)
        return f"{bar} {100 * have // file.size:3}% {rate / 1e6:.1f} MB/s {left} {file.name}"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"

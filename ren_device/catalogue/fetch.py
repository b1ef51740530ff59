"""Puts models on the device: fetched, checked, unpacked, and only then under their names.

In REN_MODELS_DIR: `NAME/` is a model; `NAME.part/` is one under way, to go on with; `.lock` keeps
a second fetch out; `pins.json` has the SHA-256 of files that were taken on trust.
"""
# ruff: noqa: ASYNC240 - nobody else waits for the loop of a fetch

import asyncio
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from ren_device.catalogue import Model, ModelFile
from ren_device.catalogue.download import PAUSES_S, download
from ren_device.catalogue.unpack import copy, unpack
from ren_device.errors import FetchError

_MANIFEST = "model.json"
_PINS = "pins.json"
_CHUNK_BYTES = 1 << 20
_RESERVE_BYTES = 50_000_000  # the store needs room, too

Progress = Callable[[ModelFile, int], None]
"""Told of a file, and how many of its bytes are there."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where files are taken from, and whether an unlisted checksum is accepted."""

    mirror: str = ""
    """A web address or a directory with the files in it, tried before (a directory: in place of)
    the addresses in the list."""
    trust_first: bool = False
    pauses_s: Sequence[float] = PAUSES_S


async def fetch(
    http: ClientSession, model: Model, directory: Path, source: Source, progress: Progress
) -> list[str]:
    """Put a model there, in place of one that is there; what was taken on trust, with its SHA-256.

    Raises FetchError. Whatever ends it, the next call goes on from there.
    """
    if not model.files:
        raise FetchError(f"{model.id} is not fetched: it comes with Ren")
    for file in model.files:
        if not (file.sha256 or file.md5 or source.trust_first or _pin(directory, file)):
            raise FetchError(
                f"{file.name}: the list has no checksum for it; --trust-first takes what comes, "
                "and says its SHA-256"
            )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            return await _fetch(http, model, directory, source, progress)
    except OSError as error:
        raise FetchError(f"{directory}: {error.strerror or error}") from None


def remove(model: Model, directory: Path) -> bool:
    """Take a model away, and what was fetched or made of it; whether there was any.

    Raises FetchError.
    """
    there = [path for path in (directory / model.id, _under_way(model, directory)) if path.exists()]
    lighter = list((directory / "light").glob(f"{model.id}.*.light.onnx"))
    try:
        if there or lighter:
            with _alone(directory):
                for path in there:
                    shutil.rmtree(path)
                for path in lighter:
                    path.unlink(missing_ok=True)
    except OSError as error:
        raise FetchError(f"{error.filename}: {error.strerror}") from None
    return bool(there or lighter)


def verify(model: Model, directory: Path) -> list[str]:
    """What is wrong with the files of a model that was fetched; blocks. Raises FetchError."""
    home = directory / model.id
    try:
        listed: dict[str, str] = json.loads((home / _MANIFEST).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FetchError(f"{home / _MANIFEST} cannot be read: {error}") from None
    wrong = []
    for name, sha256 in listed.items():
        try:
            if _digest(home / name, "sha256") != sha256:
                wrong.append(f"{name} has changed")
        except OSError as error:
            wrong.append(f"{name}: {error.strerror}")
    wrong.extend(
        f"{file.name} is not the file of the list"
        for file in model.files
        if not file.is_archive and file.sha256 and listed.get(file.name) != file.sha256
    )
    return wrong


async def _fetch(
    http: ClientSession, model: Model, directory: Path, source: Source, progress: Progress
) -> list[str]:
    parts = _under_way(model, directory)
    parts.mkdir(exist_ok=True)
    _need_room(model, directory, parts)
    trusted = []
    for file in model.files:
        part = parts / f"{file.name}.part"
        sha256 = await _checked(http, file, part, directory, source, progress)
        if not (file.sha256 or file.md5):
            trusted.append(f"{sha256}  {file.name}")
            _set_pin(directory, file, sha256)
    await asyncio.to_thread(_place, model, directory, parts)
    return trusted


async def _checked(
    http: ClientSession,
    file: ModelFile,
    part: Path,
    directory: Path,
    source: Source,
    progress: Progress,
) -> str:
    """Get the file; once more from the start, if what was put together of two tries is not it."""
    for last in (False, True):
        resumed = part.exists()
        await _get(http, file, part, source, lambda have: progress(file, have))
        sha256 = await asyncio.to_thread(_digest, part, "sha256")
        wrong = await asyncio.to_thread(_difference, file, part, sha256, _pin(directory, file))
        if not wrong:
            return sha256
        part.unlink()
        if last or not resumed:
            break
    raise FetchError(f"{file.name} is not the file of the list: {wrong}. Nothing is kept of it.")


async def _get(
    http: ClientSession, file: ModelFile, part: Path, source: Source, report: Callable[[int], None]
) -> None:
    mirror = source.mirror
    if mirror and not mirror.startswith(("http://", "https://")):
        origin = Path(mirror).expanduser() / file.name
        if not origin.is_file():
            raise FetchError(f"there is no file {origin}")
        part.unlink(missing_ok=True)
        await asyncio.to_thread(copy, origin, part)
        report(part.stat().st_size)
        return
    urls = ([f"{mirror.rstrip('/')}/{file.name}"] if mirror else []) + list(file.urls)
    await download(http, file, part, urls, report, source.pauses_s)


def _difference(file: ModelFile, part: Path, sha256: str, pin: str | None) -> str:
    """How the file differs from what is known of it; empty if in nothing."""
    if part.stat().st_size != file.size:
        return f"it has {part.stat().st_size} bytes and not {file.size}"
    if file.sha256 and sha256 != file.sha256:
        return f"its SHA-256 is {sha256}"
    if file.md5 and _digest(part, "md5") != file.md5:
        return "its MD5 is another"
    if pin and not (file.sha256 or file.md5) and sha256 != pin:
        return f"its SHA-256 is {sha256}, and was {pin} when it was first fetched"
    return ""


def _place(model: Model, directory: Path, parts: Path) -> None:
    """Unpack beside, then give it its name in one step. What is on disk then is whole."""
    ready = parts / "ready"
    if ready.exists():
        shutil.rmtree(ready)
    ready.mkdir()
    for file in model.files:
        part = parts / f"{file.name}.part"
        if file.is_archive:
            unpack(part, ready, file.unpacked_at_most)
        else:
            copy(part, ready / file.name)
    files = sorted(path for path in ready.rglob("*") if path.is_file())
    manifest = {str(path.relative_to(ready)): _digest(path, "sha256") for path in files}
    _write(ready / _MANIFEST, json.dumps(manifest, indent=1))
    home = directory / model.id
    if home.exists():
        old = parts / "old"
        if old.exists():
            shutil.rmtree(old)
        home.rename(old)
    ready.rename(home)
    _sync_directory(directory)
    shutil.rmtree(parts)


def _need_room(model: Model, directory: Path, parts: Path) -> None:
    """Raises FetchError where the disk would be full before the end."""
    there = sum(path.stat().st_size for path in parts.glob("*.part"))
    unpacked = sum(file.unpacked_at_most or file.size for file in model.files)
    needed = model.size - there + unpacked + _RESERVE_BYTES
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise FetchError(
            f"{directory}: to fetch {model.id} needs up to {needed / 1e6:.0f} MB of room; "
            f"there are {free / 1e6:.0f} MB"
        )


def _under_way(model: Model, directory: Path) -> Path:
    return directory / f"{model.id}.part"


def _pin(directory: Path, file: ModelFile) -> str | None:
    return _pins(directory).get(file.name)


def _pins(directory: Path) -> dict[str, str]:
    try:
        pins: dict[str, str] = json.loads((directory / _PINS).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FetchError(f"{directory / _PINS} cannot be read: {error}") from None
    return pins


def _set_pin(directory: Path, file: ModelFile, sha256: str) -> None:
    pins = _pins(directory)
    if pins.get(file.name) != sha256:
        _write(directory / f"{_PINS}.new", json.dumps({**pins, file.name: sha256}, indent=1))
        (directory / f"{_PINS}.new").rename(directory / _PINS)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as written:
        written.write(text)
        written.flush()
        os.fsync(written.fileno())


def _digest(path: Path, kind: str) -> str:
    digest = hashlib.new(kind, usedforsecurity=False)
    with path.open("rb") as read:
        while chunk := read.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Raises FetchError while another process fetches into this directory."""
    with (directory / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FetchError(f"{directory}: another fetch is under way") from None
        yield

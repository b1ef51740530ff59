"""Make what is published of a finished image.

`python -m image.release`, called by scripts/build-image.

NAME.img.xz, NAME.img.bmap, NAME.update, NAME.cdx.json, NAME.imager.json, ren.svg; NAME.sha256
lists them, and NAME.sha256.sig is its ed25519 signature, 64 bytes, which openssl checks with
NAME.pem:

openssl pkeyutl -verify -pubin -inkey NAME.pem -rawin -in NAME.sha256 -sigfile NAME.sha256.sig
sha256sum --check NAME.sha256
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl.signing import SigningKey

from image.release import card as cards
from image.release import debian_lock, imager, inventory, keys, sbom
from ren_device.updates.bundle import measured, write_bundle
from ren_device.updates.manifest import Manifest

_IMAGE = Path(__file__).parents[1]
_PYTHON_LOCKS = (_IMAGE / "locks/python.txt", _IMAGE / "locks/native.txt")


@dataclass(frozen=True)
class Release:
    """What a release is made from, where it goes, and what it is called."""

    card: Path
    slot: Path
    root: Path
    parts: Path
    lock: Path
    key: SigningKey
    name: str
    url: str
    epoch: int
    xz: list[str]
    layout: Path
    to: Path
    update_only: bool

    def make(self) -> list[Path]:
        """Write every file. Blocks. Raises OSError, ValueError, CalledProcessError."""
        about = json.loads((self.root / "usr/lib/ren/image.json").read_text())
        if self.update_only:
            return [self._update(about)]
        places = cards.layout(self.layout.read_text())
        card = cards.read(self.card, cards.wanted(places, self.slot.stat().st_size))
        files = [
            self._write("img.bmap", cards.bmap(card)),
            self._update(about),
            self._write("cdx.json", self._bill(about["version"], card)),
            self._icon(),
        ]
        packed = self._place("img.xz")
        cards.compress(self.card, packed, self.xz, os.cpu_count() or 1)
        listed = imager.os_list(
            version=about["version"],
            url=self.url,
            file=packed.name,
            card_bytes=card.size,
            card_sha256=card.sha256,
            file_bytes=packed.stat().st_size,
            file_sha256=_digest(packed),
            epoch=self.epoch,
        )
        files += [packed, self._write("imager.json", _json(listed))]
        return files + self._signed(files)

    def _update(self, about: dict[str, Any]) -> Path:
        path = self._place("update")
        size, digest = measured(self.slot)
        manifest = Manifest(
            version=about["version"],
            build=about["build"],
            data_format=about["data_format"],
            boot_format=about["boot_format"],
            hardware=tuple(about["hardware"]),
            slot_bytes=size,
            slot_sha256=digest,
        )
        with path.open("wb") as file:
            write_bundle(file, manifest, self.slot, self.key)
        return path

    def _bill(self, version: str, card: cards.Card) -> str:
        parts = [
            *inventory.debian(self.root, self.parts, debian_lock.read(self.lock)),
            *inventory.python(self.root, _PYTHON_LOCKS),
            *inventory.models(self.root),
        ]
        return _json(sbom.document(version, card.sha256, self.epoch, parts))

    def _icon(self) -> Path:
        return Path(shutil.copyfile(_IMAGE / "release/ren.svg", self.to / "ren.svg"))

    def _signed(self, files: list[Path]) -> list[Path]:
        lines = (f"{_digest(each)}  {each.name}\n" for each in sorted(files))
        listed = self._write("sha256", "".join(lines))
        signature = self._place("sha256.sig")
        signature.write_bytes(self.key.sign(listed.read_bytes()).signature)
        return [listed, signature, self._write("pem", keys.public_pem(self.key))]

    def _write(self, suffix: str, text: str) -> Path:
        path = self._place(suffix)
        path.write_text(text, "utf-8")
        return path

    def _place(self, suffix: str) -> Path:
        return self.to / f"{self.name}.{suffix}"


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: list[str]) -> int:
    """Exit status: 1 when something is not there, or not as it must be."""
    parser = argparse.ArgumentParser(prog="image.release")
    for name in ("card", "slot", "root", "parts", "key", "to"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument(
        "--url", default="", help="the folder on the web that will have these files"
    )
    parser.add_argument("--lock", type=Path, default=_IMAGE / "locks/debian.txt")
    parser.add_argument(
        "--tools", type=Path, help="the tool root, whose xz is used; else this machine's"
    )
    parser.add_argument("--layout", type=Path, default=_IMAGE / "layout")
    parser.add_argument(
        "--update-only", action="store_true", help="nothing but the update, for tests"
    )
    options = vars(parser.parse_args(arguments))
    tools = options.pop("tools")
    options["to"].mkdir(parents=True, exist_ok=True)
    try:
        options["key"] = keys.read(options["key"])
        release = Release(
            **options,
            epoch=int(os.environ["SOURCE_DATE_EPOCH"]),
            xz=["chroot", str(tools), "xz"] if tools else ["xz"],
        )
        release.make()
    except (OSError, ValueError) as error:
        print(f"the release cannot be made: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A card in a folder: its boot partition, its data partition, and what is said on them."""

import random
from pathlib import Path

from ren_device.errors import StoreError
from ren_device.first_boot.taking_over import Outcome, take_over
from ren_device.first_boot.tree import Tree

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBq3nVn9z4w1m6jM3c1zH0y1mZ0P3yWb1c6cX0d8l7uB me@laptop"
OTHER_KEY = KEY.replace("Bq3nVn9", "Cq3nVn9").replace("me@", "you@")
SETTINGS = "# Ren's settings\nREN_HOST=0.0.0.0\nREN_NAME=Old\n"


class Gone(BaseException):
    """The power went."""


class Card:
    """What the first boot sees below `/`."""

    def __init__(self, root: Path, data: str = "fresh") -> None:
        """As the initrd and tmpfiles leave it."""
        self.root = root
        self.boot = root / "boot/firmware"
        self.data = root / "data"
        for folder in (self.boot, self.data / "etc/ren", root / "run/ren-image"):
            folder.mkdir(parents=True)
        (self.data / "etc/ren/ren.env").write_text(SETTINGS)
        (root / "run/ren-image/slot").write_text("a\n")
        (root / "run/ren-image/data").write_text(f"{data}\n")

    def put(self, name: str, content: str | bytes) -> None:
        """As a person does, with any computer."""
        data = content if isinstance(content, bytes) else content.encode()
        (self.boot / name).write_bytes(data)

    def take_over(self) -> Outcome:
        """Start."""
        return take_over(Tree(self.root))

    @property
    def errors(self) -> str:
        """What is said to be wrong."""
        return (self.boot / "ren-errors.txt").read_text("utf-8-sig")

    @property
    def settings(self) -> str:
        return (self.data / "etc/ren/ren.env").read_text()

    @property
    def wifi(self) -> str:
        return (self.data / "etc/wpa_supplicant/wpa_supplicant-wlan0.conf").read_text()

    @property
    def keys(self) -> str:
        return (self.data / "ssh/authorized_keys").read_text()

    def state(self) -> dict[str, str | bytes]:
        """Every file and link, by its path."""
        paths = [each for each in self.root.rglob("*") if each.is_symlink() or each.is_file()]
        return {
            str(each.relative_to(self.root)): str(each.readlink())
            if each.is_symlink()
            else each.read_bytes()
            for each in paths
        }


class DyingTree(Tree):
    """Its power goes in the middle of a step: a replacement is there or not, the card is torn."""

    def __init__(self, root: Path, steps: int, chance: random.Random) -> None:
        """Lives for so many steps."""
        super().__init__(root)
        self._left = steps
        self._chance = chance

    def _dies(self) -> bool:
        self._left -= 1
        return self._left < 0

    def replace(self, path: str, content: bytes, mode: int, like: str = "") -> None:
        dies = self._dies()
        if not dies or self._chance.random() < 0.5:
            super().replace(path, content, mode, like)
        if dies:
            raise Gone

    def link(self, path: str, target: str) -> None:
        if self._dies():
            raise Gone
        super().link(path, target)

    def remove(self, path: str) -> None:
        if self._dies():
            raise Gone
        super().remove(path)

    def overwrite(self, path: str, content: bytes) -> None:
        if not self._dies():
            super().overwrite(path, content)
            return
        before = self.read(path) or b""
        sector = 32  # bytes; small, so that it matters
        new = content.ljust(len(before), b" ")
        torn = b"".join(
            self._chance.choice((before, new))[at : at + sector]
            for at in range(0, len(before), sector)
        )
        self._root.joinpath(path).write_bytes(torn)
        raise Gone


class LockedTree(Tree):
    """Its card is damaged, or its lock is set: it stays read-only."""

    def overwrite(self, path: str, content: bytes) -> None:
        raise StoreError(f"{path} stays as it is, without these {len(content)} bytes")

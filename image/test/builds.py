"""What `scripts/test-image` has built: the image, and what is to become of it by updates."""

from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).parents[2]
CACHE = HOUSE / ".image"


@dataclass(frozen=True)
class Build:
    """One run of `scripts/build-image`."""

    folder: Path

    def _only(self, pattern: str) -> Path:
        found = list(self.folder.glob(pattern))
        assert len(found) == 1, (
            f"{len(found)} files {pattern} in {self.folder}: scripts/test-image builds"
        )
        return found[0]

    @property
    def image(self) -> Path:
        """The card's content."""
        return self._only("ren-*-arm64.img")

    @property
    def update(self) -> Path:
        """The same for a speaker that has a Ren already."""
        return self._only("ren-*-arm64.update")

    @property
    def version(self) -> str:
        """Of Ren in it."""
        return self.update.name.removeprefix("ren-").removesuffix("-arm64.update")


FIRST = Build(CACHE / "test" / "first")
NEXT = Build(CACHE / "test" / "next")
BROKEN_KERNEL = Build(CACHE / "test" / "broken-kernel")
BROKEN_REN = Build(CACHE / "test" / "broken-ren")


def u_boot_of_virt() -> Path:
    """Debian's U-Boot for QEMU's `virt`, from among what the image was made of."""
    found = CACHE.glob("parts-*/usr/lib/u-boot/qemu_arm64/u-boot.bin")
    return max(found, key=lambda path: path.parents[4].stat().st_mtime)

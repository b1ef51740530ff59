"""Write `boot.crc32` into a slot's folder: what boot.cmd holds the two files there against.

U-Boot's `unzip` does not look at gzip's own checksum, and nothing at all would see a broken initrd.
"""

import sys
import zlib
from pathlib import Path
from typing import Literal

FILES = ("vmlinuz.gz", "initrd.img")
ORDERS: tuple[Literal["big", "little"], ...] = ("big", "little")


def checksums(folder: Path) -> bytes:
    """The CRC-32 of both, then of both in the other byte order: Debian's builds differ there."""
    sums = [zlib.crc32((folder / name).read_bytes()) for name in FILES]
    return b"".join(checksum.to_bytes(4, order) for order in ORDERS for checksum in sums)


if __name__ == "__main__":
    slot = Path(sys.argv[1])
    (slot / "boot.crc32").write_bytes(checksums(slot))

"""A repository of exactly the packages of a lock: fetched, checked, listed.

Nothing else can be installed from it.

A mirror keeps a package until the next one of its kind has been there for a while; after that only
Debian's snapshot archive has it. Both are asked, and whatever answers is held against the lock, so
it does not matter who did.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from image.release.debian_lock import Lock, Package, read
from image.release.debian_resolve import MIRROR, RASPBERRY_PI

_SUITE = "trixie"
SNAPSHOT = "http://snapshot.debian.org/archive"
_AT_ONCE = 6  # downloads; each is small, and most of its time is waiting
_PATIENCE_SECONDS = 30


class Unreachable(Exception):
    """A package that can be had nowhere as the lock has it."""


def places(package: Package, mirror: str, date: str) -> tuple[str, ...]:
    """Where this file may be had.

    The mirror, which is quick, and the snapshot, which forgets nothing. Raspberry Pi's archive
    has no snapshot.
    """
    archive, _, below = package.path.partition("/")
    below = quote(below, safe="/~")
    if archive == "raspberrypi":
        return (f"{RASPBERRY_PI}/{below}",)
    return f"{mirror}/{archive}/{below}", f"{SNAPSHOT}/{archive}/{date}/{below}"


def fetch(package: Package, addresses: tuple[str, ...], cache: Path) -> Path:
    """The package's file in this folder, right to the bit. Raises Unreachable."""
    file = cache / f"{package.sha256}.deb"
    if file.exists() and _digest(file.read_bytes()) == package.sha256:
        return file
    reasons = []
    for address in addresses:
        try:
            with urlopen(address, timeout=_PATIENCE_SECONDS) as answer:
                content = answer.read()
        except (URLError, HTTPException, OSError) as error:
            reasons.append(f"{address}: {error}")
            continue
        if _digest(content) != package.sha256:
            reasons.append(f"{address}: not the file that is in the lock")
            continue
        part = file.with_suffix(".part")
        part.write_bytes(content)
        part.replace(file)
        return file
    raise Unreachable("; ".join(reasons))


def paragraph(package: Package, file: Path) -> str:
    """What a repository says of a package: its own words, and where and what its file is."""
    control = subprocess.run(["dpkg-deb", "-f", file], stdout=subprocess.PIPE, check=True).stdout
    return (
        f"{control.decode().rstrip()}\nFilename: ./{file_name(package)}\n"
        f"Size: {file.stat().st_size}\nSHA256: {package.sha256}\n"
    )


def file_name(package: Package) -> str:
    """Much as the archive calls it.

    Apt would take an epoch's colon, or its escape, for something else.
    """
    return f"{package.name}_{package.version.replace(':', '.')}_{package.architecture}.deb"


def make(lock: Lock, architecture: str, folder: Path, cache: Path, mirror: str) -> int:
    """Make this folder a repository.

    How many packages it has. Raises Unreachable, with all that are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cache.mkdir(parents=True, exist_ok=True)
    wanted = lock.of(architecture)
    missing = []

    def get(package: Package) -> str:
        try:
            file = fetch(package, places(package, mirror, lock.date), cache)
        except Unreachable as error:
            missing.append(f"{package.name} {package.version} ({error})")
            return ""
        link = folder / file_name(package)
        link.unlink(missing_ok=True)
        os.link(file, link)
        return paragraph(package, file)

    with ThreadPoolExecutor(_AT_ONCE) as workers:
        paragraphs = list(workers.map(get, wanted))
    if missing:
        raise Unreachable("\n".join(sorted(missing)))
    listed = "\n".join(paragraphs).encode()
    (folder / "Packages").write_bytes(listed)
    # mmdebstrap asks for what is essential in its suite: the repository has to be one.
    (folder / "Release").write_text(
        f"Suite: {_SUITE}\nCodename: {_SUITE}\nSHA256:\n {_digest(listed)} {len(listed)} Packages\n"
    )
    return len(wanted)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str]) -> int:
    """Exit status: 1 when a package cannot be had as the lock has it."""
    parser = argparse.ArgumentParser(prog="debian_repository")
    parser.add_argument("lock", type=Path)
    parser.add_argument("architecture")
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--cache", type=Path, help="where downloads are kept; on the folder's file system"
    )
    parser.add_argument(
        "--mirror", default=MIRROR, help="the folder that has debian/ and debian-security/"
    )
    options = parser.parse_args(arguments)
    cache = options.cache or options.folder.parent / "debs"
    try:
        count = make(
            read(options.lock), options.architecture, options.folder, cache, options.mirror
        )
    except Unreachable as error:
        print(
            f"{error}\nneither the mirror nor the snapshot has these as the lock does",
            file=sys.stderr,
        )
        return 1
    print(f"{options.folder}: {count} packages", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

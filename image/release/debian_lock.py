"""The lock of Debian packages, image/locks/debian.txt.

What it says, and whether a system agrees with it.

How the builder uses it (all of it runs on the standard library alone):

python -m image.release.debian_repository LOCK ARCHITECTURE DIR [--cache DIR] [--mirror URL]
    fetches every package of the lock for this architecture, from the mirror, else from the
    snapshot of the lock's date; checks each against its SHA-256; and makes DIR a repository of
    exactly these, 22 s for 380 packages that had to be fetched.
    mmdebstrap then gets `deb [trusted=yes] copy:DIR ./` as its only source, so that apt can take
    nothing else. What cannot be had is named, and it exits 1.
python -m image.release.debian_resolve LOCK --set ARCHITECTURE "PACKAGES" [--set …] [--mirror URL]
    asks the mirror what these packages and what they need are today, and writes LOCK anew.
python -m image.release.debian_lock LOCK ROOT
    compares what dpkg says is installed in ROOT with the lock; prints what differs, and exits 1.

A line of the lock is `NAME VERSION ARCHITECTURE SHA256 PATH`; PATH is that of the file below a
mirror of Debian's archives (`debian/pool/…`, `debian-security/pool/…`). The first line is the date
of the snapshot.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Package:
    """One package file: its SHA-256 is 64 hex digits, its path relative to a mirror's top."""

    name: str
    version: str
    architecture: str
    sha256: str
    path: str


@dataclass(frozen=True)
class Lock:
    """The packages, and when Debian had them: `20261122T000000Z`."""

    date: str
    packages: tuple[Package, ...]

    def of(self, architecture: str) -> tuple[Package, ...]:
        """Those that a system of this architecture can take."""
        return tuple(each for each in self.packages if each.architecture in (architecture, "all"))


def read(path: Path) -> Lock:
    """Raises ValueError, with the line, for what is not a lock."""
    date, packages = "", []
    for number, line in enumerate(path.read_text("ascii").splitlines(), 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "snapshot" and len(words) == 2:
            date = words[1]
        elif len(words) == 5 and len(words[3]) == 64:
            packages.append(Package(*words))
        else:
            raise ValueError(f"{path}:{number} is not a line of a lock")
    if not date or not packages:
        raise ValueError(f"{path} is not a lock: it has no date, or no packages")
    return Lock(date, tuple(sorted(packages)))


def write(path: Path, lock: Lock) -> None:
    """One line a package, sorted, so that a change can be read."""
    lines = [
        "# The Debian packages of the image and of the tools that make it: scripts/lock-image",
        f"snapshot {lock.date}",
        *(
            f"{each.name} {each.version} {each.architecture} {each.sha256} {each.path}"
            for each in sorted(set(lock.packages))
        ),
    ]
    path.write_text("\n".join(lines) + "\n", "ascii")


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """The paragraphs of a Debian control file; lines that continue a field keep their breaks."""
    fields: dict[str, str] = {}
    name = ""
    for line in [*text.splitlines(), ""]:
        if not line.strip():
            if fields:
                yield fields
            fields, name = {}, ""
        elif line[0] in " \t":
            fields[name] = f"{fields.get(name, '')}\n{line[1:]}"
        else:
            name, _, value = line.partition(":")
            fields[name] = value.strip()


def installed(root: Path) -> list[dict[str, str]]:
    """What dpkg says of every package that is installed in this system."""
    status = (root / "var/lib/dpkg/status").read_text("utf-8")
    return [each for each in stanzas(status) if each.get("Status", "").endswith(" installed")]


def differences(lock: Lock, packages: Iterable[dict[str, str]]) -> list[str]:
    """What is installed otherwise than locked, a sentence each; [] when all agree."""
    locked = {(each.name, each.architecture): each.version for each in lock.packages}
    wrong = []
    for each in packages:
        name, version, architecture = each["Package"], each["Version"], each["Architecture"]
        wanted = locked.get((name, architecture))
        if wanted is None:
            wrong.append(f"{name}:{architecture} {version} is not in the lock")
        elif wanted != version:
            wrong.append(f"{name}:{architecture} is {version}, the lock has {wanted}")
    return wrong


def main(arguments: list[str]) -> int:
    """Exit status: 1 when something differs."""
    parser = argparse.ArgumentParser(prog="debian_lock")
    parser.add_argument("lock", type=Path)
    parser.add_argument("root", type=Path)
    options = parser.parse_args(arguments)
    packages = installed(options.root)
    wrong = differences(read(options.lock), packages)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{len(packages)} packages, {len(wrong)} otherwise than locked", file=sys.stderr)
    return 1 if wrong or not packages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Debian packages that were made a moment ago, and a root in which some are installed."""

import subprocess
from hashlib import sha256
from pathlib import Path

from image.release.debian_lock import Package

COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: somebody
License: GPL-2+

Files: lib/*
Copyright: somebody else
License: Expat
 Permission is hereby granted

License: GPL-2+
 See elsewhere
"""


def package(folder: Path, name: str, version: str, *, needs: str = "") -> tuple[Package, Path]:
    """A package file for arm64 with nothing in it, and its line of a lock."""
    control = folder / f"{name}-tree/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: arm64\n"
        "Maintainer: nobody <nobody@example.org>\n"
        + (f"Depends: {needs}\n" if needs else "")
        + "Description: a package\n of a test\n"
    )
    file = folder / f"{name}.deb"
    subprocess.run(
        ["dpkg-deb", "-Znone", "--root-owner-group", "-b", control.parents[1], file],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    digest = sha256(file.read_bytes()).hexdigest()
    path = f"debian/pool/main/{name[0]}/{name}/{file.name}"
    return Package(name, version, "arm64", digest, path), file


def status(root: Path, *installed: tuple[str, str, str]) -> None:
    """What dpkg says in this root: names, versions, and `installed` or another state."""
    lines = [
        f"Package: {name}\nStatus: install ok {state}\nArchitecture: arm64\nVersion: {version}\n"
        "Description: something\n with a second line\n"
        for name, version, state in installed
    ]
    place = root / "var/lib/dpkg/status"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("\n".join(lines))
    for name, _, _ in installed:
        described = root / "usr/share/doc" / name / "copyright"
        described.parent.mkdir(parents=True)
        described.write_text(COPYRIGHT)

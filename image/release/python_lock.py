"""The lock of the image's Python packages from what the resolver found.

`python_lock.py [--sources] PYLOCK LOCK`.

One line a package, and one hash: that of the one file which this Python on this machine takes, so
that a build cannot choose. Where a release has no wheel its source is taken, and its name printed;
with --sources all are taken so.
"""

import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

PYTHON = (3, 13)
GLIBC_MINOR = 35
"""Of glibc 2; Debian 13 has a newer one."""

_PLATFORMS = [f"manylinux_2_{minor}_aarch64" for minor in range(GLIBC_MINOR, 16, -1)]
_PLATFORMS.insert(_PLATFORMS.index("manylinux_2_17_aarch64") + 1, "manylinux2014_aarch64")


def ranks() -> dict[Tag, int]:
    """What the image's Python can load; the lowest is what it likes best."""
    tags = [
        *cpython_tags(PYTHON, platforms=_PLATFORMS),
        *compatible_tags(PYTHON, "cp313", _PLATFORMS),
    ]
    return {tag: rank for rank, tag in reversed(list(enumerate(tags)))}


def chosen(package: dict[str, Any], rank: dict[Tag, int]) -> tuple[str, str]:
    """The file that is installed, and its SHA-256. Raises LookupError when there is none."""
    fitting = []
    for wheel in package.get("wheels", ()):
        name = wheel["url"].rpartition("/")[2]
        known = [rank[tag] for tag in parse_wheel_filename(name)[3] if tag in rank]
        if known:
            fitting.append((min(known), name, wheel["hashes"]["sha256"]))
    if fitting:
        return min(fitting)[1:]
    if "sdist" not in package:
        raise LookupError(f"{package['name']} {package['version']} has nothing for this machine")
    source = package["sdist"]
    return source["url"].rpartition("/")[2], source["hashes"]["sha256"]


def lock(found: dict[str, Any], *, sources: bool = False) -> tuple[str, list[str]]:
    """The lock's text, and the packages of it that are sources."""
    rank, lines, compiled = {} if sources else ranks(), [], []
    for package in sorted(found["packages"], key=lambda each: str(each["name"])):
        file, sha256 = chosen(package, rank)
        lines.append(f"{package['name']}=={package['version']} --hash=sha256:{sha256}")
        if not file.endswith(".whl"):
            compiled.append(package["name"])
    return "\n".join(lines) + "\n", compiled


def main(arguments: list[str]) -> None:
    """Write the lock, and print which packages are sources."""
    *options, found, target = arguments
    text, compiled = lock(tomllib.loads(Path(found).read_text("utf-8")), sources=bool(options))
    head = "# The image's Python packages, the one file of each: scripts/lock-image\n"
    Path(target).write_text(head + text, "ascii")
    print(" ".join(compiled))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Write the lock of Debian packages anew.

What the mirror has today of these packages and all they need.

apt itself works it out, for a system in which nothing is installed, and checks the mirror's
signatures. Each set is worked out alone, as the builder installs it: the root with `?essential`,
the tools without.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.parse import unquote
from urllib.request import urlopen

from image.release.debian_lock import Lock, Package, stanzas, write

MIRROR = "http://deb.debian.org"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_COMPONENTS = "main non-free-firmware"
_ARCHIVES = (("debian", "{0}"), ("debian", "{0}-updates"), ("debian-security", "{0}-security"))

RASPBERRY_PI = "http://archive.raspberrypi.com/debian"
_PI_KEY = "https://archive.raspberrypi.com/debian/raspberrypi.gpg.key"
_PI_FINGERPRINT = "CF8A1AF502A2AA2D763BAE7E82B129927FA3303E"
FROM_RASPBERRY_PI = "linux-image-*rpi* raspi-firmware firmware-brcm80211"
"""All that is taken from there; whatever else it has stays Debian's."""


class Apt:
    """apt for another system: its own lists, its own idea of what is installed (nothing)."""

    def __init__(
        self,
        folder: Path,
        architecture: str,
        sources: str,
        preferences: str = "",
        key: bytes = b"",
    ) -> None:
        """Fetches the lists. Raises CalledProcessError when apt cannot."""
        for each in (
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/trusted.gpg.d",
            "lists/partial",
            "cache/archives/partial",
        ):
            (folder / each).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(sources)
        (folder / "etc/apt/preferences.d/ren").write_text(preferences)
        if key:
            (folder / "etc/apt/trusted.gpg.d/raspberrypi.asc").write_bytes(key)
        config = folder / "apt.conf"
        config.write_text(
            f'Dir::Etc "{folder}/etc/apt"; Dir::Etc::sourcelist "{folder}/sources.list";\n'
            f'Dir::State::lists "{folder}/lists"; Dir::State::status "{folder}/status";\n'
            f'Dir::Cache "{folder}/cache"; APT::Architecture "{architecture}";\n'
            f'APT::Architectures {{"{architecture}";}}; APT::Install-Recommends "false";\n'
            'APT::Sandbox::User "root"; Acquire::Languages "none";\n'
        )
        self._environment = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}
        self._run("apt-get", "-qq", "update", "--error-on=any")

    def closure(self, wanted: list[str]) -> list[Package]:
        """The files that installing these takes.

        Raises CalledProcessError when that cannot be done.
        """
        listed = self._run("apt-get", "-qq", "-y", "--print-uris", "install", *wanted)
        places = {}
        for line in listed.splitlines():
            address, file, *_ = line.split()
            name, version, _ = unquote(file).rsplit("_", 2)
            places[f"{name}={version}"] = unquote(address.strip("'"))
        packages = []
        for each in stanzas(self._run("apt-cache", "show", *places)):
            address = places[f"{each['Package']}={each['Version']}"]
            if not address.endswith(each["Filename"]):
                continue  # the same version from another of the archives
            base = address.removesuffix(f"/{each['Filename']}")
            archive = "raspberrypi" if base == RASPBERRY_PI else base.rpartition("/")[2]
            path = f"{archive}/{each['Filename']}"
            packages.append(
                Package(
                    each["Package"], each["Version"], each["Architecture"], each["SHA256"], path
                )
            )
        if len(packages) != len(places):
            raise RuntimeError(f"apt names {len(places)} files, and knows {len(packages)} of them")
        return packages

    def _run(self, *command: str) -> str:
        done = subprocess.run(command, env=self._environment, stdout=subprocess.PIPE, check=True)
        return done.stdout.decode()


def sources(mirror: str, suite: str, *, raspios: bool) -> str:
    """The lines of a sources.list for a release and what has come to it since.

    apt itself holds the Pi's archive to the fingerprint, whatever key was fetched.
    """
    lines = [
        f"deb [signed-by={_KEYRING}] {mirror}/{archive} {name.format(suite)} {_COMPONENTS}\n"
        for archive, name in _ARCHIVES
    ]
    if raspios:
        lines.append(f"deb [signed-by={_PI_FINGERPRINT}] {RASPBERRY_PI} {suite} main\n")
    return "".join(lines)


def only(packages: str, origin: str) -> str:
    """Preferences of apt that take these packages from this host, and nothing else."""
    return (
        f'Package: *\nPin: origin "{origin}"\nPin-Priority: -1\n\n'
        f'Package: {packages}\nPin: origin "{origin}"\nPin-Priority: 900\n'
    )


def resolve(
    sets: list[tuple[str, list[str]]], mirror: str, suite: str, *, raspios: bool = False
) -> Lock:
    """The lock of these sets: an architecture and the packages that it takes, each."""
    preferences, key = "", b""
    if raspios:
        preferences = only(FROM_RASPBERRY_PI, "archive.raspberrypi.com")
        with urlopen(_PI_KEY, timeout=30) as answer:
            key = answer.read()
    packages: list[Package] = []
    for architecture in sorted({architecture for architecture, _ in sets}):
        with tempfile.TemporaryDirectory() as folder:
            lines = sources(mirror, suite, raspios=raspios)
            apt = Apt(Path(folder), architecture, lines, preferences, key)
            for each, words in sets:
                if each == architecture:
                    packages += apt.closure(words)
    return Lock(f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", tuple(packages))


def main(arguments: list[str]) -> int:
    """Exit status: 1 when apt cannot do it; it has said why."""
    parser = argparse.ArgumentParser(prog="debian_resolve")
    parser.add_argument("lock", type=Path)
    parser.add_argument(
        "--set", nargs=2, action="append", required=True, metavar=("ARCHITECTURE", "PACKAGES")
    )
    parser.add_argument(
        "--mirror", default=MIRROR, help="the folder that has debian/ and debian-security/"
    )
    parser.add_argument("--suite", default="trixie")
    parser.add_argument(
        "--raspios", action="store_true", help="kernel and firmware from Raspberry Pi's archive"
    )
    options = parser.parse_args(arguments)
    try:
        lock = resolve(
            [(each[0], each[1].split()) for each in options.set],
            options.mirror,
            options.suite,
            raspios=options.raspios,
        )
    except (subprocess.CalledProcessError, RuntimeError, URLError) as error:
        print(f"the packages cannot be locked: {error}", file=sys.stderr)
        return 1
    write(options.lock, lock)
    print(f"{options.lock}: {len(set(lock.packages))} packages of {lock.date}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

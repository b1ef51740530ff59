"""What is in an image: Debian's packages, Python's, models.

Each with its version, licences and digest.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from image.release.debian_lock import Lock, installed, stanzas
from ren_device import catalogue

UNPACKED = (
    "busybox-static",
    "linux-image-*-arm64",
    "linux-image-*-rpi-v8",
    "raspi-firmware",
    "u-boot-rpi",
)
"""Packages whose files are taken without being installed.

For the boot partition, the slot and the initrd.
"""

_SITE = "opt/ren/.venv/lib/python3.13/site-packages"
_MODELS = "opt/ren/.venv/share/ren-device/models"
_PIN = re.compile(r"^([a-z0-9._-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$", re.MULTILINE)
_SPDX = re.compile(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*")


@dataclass(frozen=True)
class Part:
    """Something that somebody else made. `expression`: an SPDX one.

    `licences`: in its makers' words.
    """

    kind: str
    name: str
    version: str
    purl: str = ""
    sha256: str = ""
    expression: str = ""
    licences: tuple[str, ...] = ()
    supplier: str = ""


def debian(root: Path, unpacked: Path, lock: Lock) -> Iterator[Part]:
    """What dpkg has installed in the root, and what was only unpacked.

    The digest is the package file's.
    """
    digests = {(each.name, each.version): each.sha256 for each in lock.of("arm64")}
    for each in installed(root):
        name, version = each["Package"], each["Version"]
        yield _package(root, name, version, each["Architecture"], digests.get((name, version), ""))
    for package in lock.of("arm64"):
        known = any(fnmatch(package.name, pattern) for pattern in UNPACKED)
        if known and (unpacked / "usr/share/doc" / package.name).exists():
            yield _package(
                unpacked, package.name, package.version, package.architecture, package.sha256
            )


def _package(root: Path, name: str, version: str, architecture: str, digest: str) -> Part:
    return Part(
        "firmware" if "firmware" in name else "library",
        name,
        version,
        purl=f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}&distro=trixie",
        sha256=digest,
        licences=tuple(copyright_licences(root / "usr/share/doc" / name / "copyright")),
        supplier="Debian",
    )


def copyright_licences(path: Path) -> list[str]:
    """The short names in a machine-readable copyright file; [] where it is none."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return []
    if not text.startswith("Format"):
        return []
    names = (each.get("License", "").splitlines()[:1] for each in stanzas(text))
    return sorted({name[0].strip() for name in names if name and name[0].strip()})


def python(root: Path, locks: tuple[Path, ...]) -> Iterator[Part]:
    """The packages beside Ren, as they describe themselves.

    The digest is that of the file in the lock.
    """
    digests = {
        (plain(name), version): digest
        for lock in locks
        for name, version, digest in _PIN.findall(lock.read_text("ascii"))
    }
    for metadata in sorted((root / _SITE).glob("*.dist-info/METADATA")):
        said = email.message_from_string(metadata.read_text("utf-8").partition("\n\n")[0])
        name, version = plain(said["Name"]), said["Version"]
        expression = said["License-Expression"] or ""
        yield Part(
            "library",
            name,
            version,
            purl=f"pkg:pypi/{quote(name)}@{quote(version)}",
            sha256=digests.get((name, version), ""),
            expression=expression if _SPDX.fullmatch(expression) else "",
            licences=() if _SPDX.fullmatch(expression) else tuple(_declared(said)),
        )


def _declared(said: "email.message.Message[str, str]") -> Iterator[str]:
    """Older fields: a line of text, else the classifiers."""
    text = (said["License-Expression"] or said["License"] or "").strip()
    if text and text != "UNKNOWN":
        yield text.splitlines()[0]
        return
    for each in said.get_all("Classifier", []):
        if each.startswith("License :: "):
            yield each.rpartition(" :: ")[2]


def models(root: Path) -> Iterator[Part]:
    """The models in the packages and beside them, with the licences that Ren's own list gives."""
    for model in catalogue.read().values():
        if model.files:
            continue  # it is fetched when somebody wants it
        inside = root / _SITE / model.package
        for file in _weights(inside) if model.package else (root / _MODELS).glob(f"{model.id}*"):
            yield Part(
                "machine-learning-model",
                f"{model.id}/{file.name}",
                "",
                sha256=sha256(file.read_bytes()).hexdigest(),
                licences=(model.licence,),
            )


def _weights(folder: Path) -> list[Path]:
    suffixes = (".onnx", ".ort", ".tflite", ".ppn", ".pv")
    return sorted(
        each
        for each in folder.rglob("*")
        if each.suffix in suffixes or ("ggml-" in each.name and each.suffix == ".bin")
    )


def plain(name: str) -> str:
    """A Python package's name as the registry compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()

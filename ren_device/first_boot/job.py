"""What is to be written, as one job that is done whole whenever the power goes.

The job itself is written to the data partition first. Once it is there it is carried out, again
from its beginning if need be: first the data partition, then the card, whose files are written
over in place. Its last step is to remember what is on the card, and to forget the job.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from ren_device.first_boot.tree import CARD, DATA, Tree

ERRORS = "ren-errors.txt"
"""Where it is said what is wrong."""
SOURCES = ("ren.toml", "user-data", "network-config", "firstrun.sh", "ren.env")
"""What is read of the card; `systemd/first-boot` has the same names in the same order."""
PENDING = f"{DATA}/first-boot/pending"
SEEN = f"{DATA}/first-boot/seen"


@dataclass(frozen=True, slots=True)
class File:
    """A file to be written on the data partition."""

    content: bytes
    mode: int
    like: str = ""
    """Whose owner and group it gets; empty for root's."""


@dataclass(frozen=True, slots=True)
class Job:
    """Paths are those of a Tree; for the card, names."""

    files: Mapping[str, File | None] = field(default_factory=dict)
    """None takes the file away."""
    links: Mapping[str, str] = field(default_factory=dict)
    card: Mapping[str, tuple[bytes | None, bytes | None]] = field(default_factory=dict)
    """What there was and what is to be; None is no file."""
    seen: str = ""
    """What `seen` says of the card as it is to be."""


def begin(tree: Tree, job: Job) -> None:
    """From here on the job will be done, come what may."""
    tree.replace(PENDING, _packed(job), 0o600)


def finish(tree: Tree) -> bool:
    """Do the job that has begun, if there is one; raises OSError, StoreError."""
    packed = tree.read(PENDING)
    if packed is None:
        return False
    job = _unpacked(packed)
    for path, file in job.files.items():
        if file is None:
            tree.remove(path)
        else:
            tree.replace(path, file.content, file.mode, file.like)
    for path, target in job.links.items():
        tree.link(path, target)
    if job.files or job.links:
        # If the card cannot be written to, this is tried again at each start; the settings are not.
        tree.replace(PENDING, _packed(replace(job, files={}, links={})), 0o600)
    if job.card:
        with tree.writable_card():
            for name, (before, after) in job.card.items():
                _write_card(tree, f"{CARD}/{name}", before, after)
    tree.replace(SEEN, job.seen.encode(), 0o600)
    tree.remove(PENDING)
    return True


def on_card(tree: Tree) -> dict[str, bytes]:
    """The files of the card that may say something."""
    found = ((name, tree.read(f"{CARD}/{name}")) for name in SOURCES)
    return {name: content for name, content in found if content is not None}


def seen(files: Mapping[str, bytes]) -> str:
    """As `sha256sum` writes it."""
    return "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in files.items())


def _write_card(tree: Tree, path: str, before: bytes | None, after: bytes | None) -> None:
    now = tree.read(path)
    if after is None:
        tree.remove(path)
    elif now == after or (now is None and before is not None):
        return  # done, or a person has taken it away
    elif before is None or now is None or _ours(now, before, after):
        tree.overwrite(path, after)


def _ours(now: bytes, before: bytes, after: bytes) -> bool:
    """Whether it is the old file, or half of it is written over; not something new of a person."""
    sizes = sorted((len(before), len(after)))
    padded = after.ljust(len(before), b" ")
    same = all(each in pair for each, *pair in zip(now, before, padded, strict=False))
    return sizes[0] <= len(now) <= sizes[1] and same


def _packed(job: Job) -> bytes:
    files = {
        path: file and [_text(file.content), file.mode, file.like]
        for path, file in job.files.items()
    }
    card = {name: [_text(each) for each in pair] for name, pair in job.card.items()}
    plain = {"files": files, "links": dict(job.links), "card": card, "seen": job.seen}
    return json.dumps(plain).encode()


def _unpacked(packed: bytes) -> Job:
    found = json.loads(packed)
    files = {
        path: each and File(_bytes(each[0]) or b"", each[1], each[2])
        for path, each in found["files"].items()
    }
    card = {name: (_bytes(pair[0]), _bytes(pair[1])) for name, pair in found["card"].items()}
    return Job(files, found["links"], card, found["seen"])


def _text(content: bytes | None) -> str | None:
    return None if content is None else base64.b64encode(content).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)

"""Backups that were made by hand, to be whatever a test wants."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from typing import Any

SNAPSHOT = b"what the store wrote\n"
SEED = b"ab" * 32 + b"\n"

Member = tuple[str | tarfile.TarInfo, bytes]


def manifest(files: dict[str, bytes], /, **changes: Any) -> bytes:
    """The manifest of these files; `changes` replace its fields."""
    fields = {
        "kind": "ren-backup",
        "format": 1,
        "version": "1.0.0",
        "name": "Ren",
        "created_at": "2026-06-25T14:02:11",
        "contents": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }
    return json.dumps(fields | changes).encode()


def tar(members: Iterable[Member], form: int = tarfile.USTAR_FORMAT) -> bytes:
    """A tar of these, made by Python's own library."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as file:
        for what, data in members:
            info = tarfile.TarInfo(what) if isinstance(what, str) else what
            if info.isreg():
                info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return out.getvalue()


def backup(files: dict[str, bytes] | None = None, /, **changes: Any) -> bytes:
    """A backup that is right but for the `changes` in its manifest."""
    files = {"store.snapshot": SNAPSHOT} if files is None else files
    return tar([("manifest.json", manifest(files, **changes)), *files.items()])


def linked(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A link in place of a file."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def bomb() -> bytes:
    """A few kilobytes that would be eight gigabytes."""
    size = 8 << 30
    info = tarfile.TarInfo("manifest.json")
    info.size = size
    head = info.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(head + bytes(1 << 22), 9)


def promise(size: int) -> bytes:
    """A backup whose manifest promises a snapshot of this size."""
    part = {"bytes": size, "sha256": "0" * 64}
    text = manifest({}, contents={"store.snapshot": part})
    info = tarfile.TarInfo("store.snapshot")
    info.size = size
    head = tarfile.TarInfo("manifest.json")
    head.size = len(text)
    blocks = head.tobuf(tarfile.USTAR_FORMAT) + text + bytes(-len(text) % 512)
    return blocks + info.tobuf(tarfile.GNU_FORMAT)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "noise": lambda: bytes(range(256)) * 40,
    "zeros": lambda: bytes(10_240),
    "no manifest": lambda: tar([("store.snapshot", SNAPSHOT)]),
    "a manifest that is no JSON": lambda: tar(
        [("manifest.json", b"{"), ("store.snapshot", SNAPSHOT)]
    ),
    "a manifest nested too deeply": lambda: tar([("manifest.json", b"[" * 60_000)]),
    "a manifest that is a list": lambda: tar([("manifest.json", b"[1]")]),
    "a manifest too large": lambda: tar([("manifest.json", b" " * 100_000 + b"{}")]),
    "another kind": lambda: backup(kind="cat-backup"),
    "format zero": lambda: backup(format=0),
    "format in words": lambda: backup(format="one"),
    "no time": lambda: backup(created_at=None),
    "contents that are a list": lambda: backup(contents=[1]),
    "no snapshot": lambda: backup({"identity.key": SEED}),
    "a part that Ren does not know": lambda: backup(
        {"store.snapshot": SNAPSHOT, "authorized_keys": b"ssh-rsa"}
    ),
    "a way out in the manifest": lambda: backup({"store.snapshot": SNAPSHOT, "../evil": b"x"}),
    "a way out in the tar": lambda: tar(
        [("manifest.json", manifest({"store.snapshot": SNAPSHOT})), ("../store.snapshot", SNAPSHOT)]
    ),
    "an absolute path": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": SNAPSHOT})),
            ("/tmp/store.snapshot", SNAPSHOT),
        ]
    ),
    "a link": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": b""})),
            (linked("store.snapshot", "/etc/passwd"), b""),
        ]
    ),
    "a hard link": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": b""})),
            (linked("store.snapshot", "manifest.json", tarfile.LNKTYPE), b""),
        ]
    ),
    "a device": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": b""})),
            (linked("store.snapshot", "", tarfile.CHRTYPE), b""),
        ]
    ),
    "other contents": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": SNAPSHOT})),
            ("store.snapshot", SNAPSHOT[::-1]),
        ]
    ),
    "another size": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": SNAPSHOT})),
            ("store.snapshot", SNAPSHOT * 2),
        ]
    ),
    "a size below zero": lambda: promise(-512),
    "more than fits the disk": lambda: promise(1 << 50),
    "a file too many": lambda: tar(
        [
            ("manifest.json", manifest({"store.snapshot": SNAPSHOT})),
            ("store.snapshot", SNAPSHOT),
            ("store.snapshot", SNAPSHOT),
        ]
    ),
    "a long name": lambda: tar(
        [("manifest.json", manifest({"store.snapshot": SNAPSHOT})), ("x" * 5000, SNAPSHOT)],
        tarfile.GNU_FORMAT,
    ),
    "an identity that is none": lambda: backup(
        {"store.snapshot": SNAPSHOT, "identity.key": b"not a key at all"}
    ),
    "a huge identity": lambda: backup({"store.snapshot": SNAPSHOT, "identity.key": b"a" * 100_000}),
    "a broken gzip": lambda: gzip.compress(backup())[:-200],
    "a gzip of noise": lambda: b"\x1f\x8b" + bytes(range(200)),
    "a bomb": bomb,
}

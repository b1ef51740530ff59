"""How changes are written down: records of lines, each record with its own checksum.

A store file is a head line and then records::

    ren-store 1 journal 7 after 5120 6e0c3f1d
    1c291ca3 42 118
    "remarks/1"<TAB>83<TAB>{"role":"user",...}
    "threads"<TAB>1<TAB>{"name":"General",...}

The head line ends with its checksum, in every format to come as well: so a damaged line is never
taken for one of a newer Ren. A record begins with its checksum, its number and the length of its
body in bytes. The checksum (CRC-32) covers the file's generation, the number, the length and the
body, so that a record that was cut off, or is left over from another file, is never taken for a
good one. All lines of a record belong to one transaction. A line is a table, a document's id and
its JSON; without JSON the document is removed. Without an id it is about the table: made, or, with
`-`, dropped. A record without a body ends a snapshot.
"""

import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO

from ren_device.errors import StoreError

FORMAT = 1
LONGEST_HEAD = 96
"""Bytes: no head line is longer."""

_LONGEST_RECORD_HEAD = 64

_HEAD = re.compile(rb"(ren-store (\d{1,9}) [^\n]*) ([0-9a-f]{8})\n")
_OURS = re.compile(rb"ren-store \d+ (journal|snapshot) (\d{1,19})(?: after (\d{1,19}))?")
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_decoder = json.JSONDecoder()
_RECORD = re.compile(rb"([0-9a-f]{8}) (\d{1,19}) (\d{1,12})\n")

Json = dict[str, Any]
Change = tuple[str, str | None, bytes | None]
"""Table, id, JSON. (t, id, None) removes; (t, None, b"") makes a table, (t, None, None) drops."""

Tables = dict[str, dict[str, bytes]]
"""Documents as JSON, by table and id, in the order in which they were added."""


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record, and where in its file it ends."""

    number: int
    body: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes from `start` to `end` that are no record. `tail` says that nothing good follows."""

    start: int
    end: int
    tail: bool


class NewerFormat(StoreError):
    """A newer Ren wrote this file."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a file. `after` is where the journal before it ends for good."""

    kind: str
    generation: int
    after: int | None


def dumps(document: object) -> bytes:
    """One line of JSON; also for half a surrogate pair, which UTF-8 proper cannot hold."""
    return _encoder.encode(document).encode("utf-8", "surrogatepass")


def loads(data: bytes) -> Json:
    """The document; the reverse of `dumps`."""
    document: Json = _value(data)
    return document


def head(kind: str, generation: int, after: int | None = None) -> bytes:
    """The first line of a file."""
    rest = "" if after is None else f" after {after}"
    line = f"ren-store {FORMAT} {kind} {generation}{rest}".encode()
    return b"%b %08x\n" % (line, zlib.crc32(line))


def read_head(line: bytes) -> Head | None:
    """What `head` wrote; None if it is something else. Raises NewerFormat."""
    match = _HEAD.fullmatch(line)
    if match is None or int(match[3], 16) != zlib.crc32(match[1]):
        return None
    if int(match[2]) > FORMAT:
        raise NewerFormat("a newer Ren made it; this one cannot read it")
    ours = _OURS.fullmatch(match[1])
    if ours is None:
        return None
    return Head(ours[1].decode(), int(ours[2]), None if ours[3] is None else int(ours[3]))


def record(generation: int, number: int, body: bytes) -> bytes:
    """A record, ready to be appended."""
    return b"%08x %d %d\n%b" % (_checksum(generation, number, body), number, len(body), body)


def body(changes: Iterable[Change]) -> bytes:
    """The lines of these changes."""
    lines: list[bytes] = []
    for table, key, data in changes:
        if key is not None:
            row = key.encode() if key.isdecimal() and key.isascii() else dumps(key)
            lines.append(b"%b\t%b\t%b\n" % (_name(table), row, data or b""))
        else:
            lines.append(b"%b\t\t%b\n" % (_name(table), b"-" if data is None else b""))
    return b"".join(lines)


@lru_cache(256)
def _name(table: str) -> bytes:
    return dumps(table)


def apply(lines: bytes, tables: Tables) -> None:
    """Make the changes of a record's body. Raises ValueError when it is not such a body."""
    names: dict[bytes, str] = {}
    for line in lines.split(b"\n")[:-1]:
        table, key, data = line.split(b"\t", 2)
        name = names.get(table)
        if name is None:
            name = names[table] = str(_value(table))
        if not key:
            if data == b"-":
                tables.pop(name, None)
            else:
                tables.setdefault(name, {})
            continue
        row = key.decode() if key.isdigit() else str(_value(key))
        if data:
            tables.setdefault(name, {})[row] = data
        elif name in tables:
            tables[name].pop(row, None)


def apply_changes(changes: Iterable[Change], tables: Tables) -> int:
    """The same for changes that are at hand; by how many bytes the lines of all have grown."""
    grown = 0
    for table, key, data in changes:
        if key is None:
            if data is None:
                grown -= size({table: tables.pop(table, {})})
            else:
                tables.setdefault(table, {})
            continue
        rows = tables.setdefault(table, {})
        before = rows.pop(key, None) if data is None else rows.get(key)
        if data is not None:
            rows[key] = data
            grown += _line_size(table, key, data)
        if before is not None:
            grown -= _line_size(table, key, before)
    return grown


def size(tables: Tables) -> int:
    """The bytes of all lines that it takes to write these down, about."""
    return sum(
        _line_size(name, key, row) for name, rows in tables.items() for key, row in rows.items()
    )


def _line_size(table: str, key: str, data: bytes) -> int:
    return len(table) + len(key) + len(data) + 5  # two quotes, two tabs and the line's end


def records(file: BinaryIO, generation: int, start: int) -> Iterator[Record | Damage]:
    """Everything from `start` (after the head line) to the end of the file, in order.

    Behind damage, reading goes on with the next whole record that has a higher number.
    """
    number = -1
    at = start
    file.seek(at)
    while True:
        found = _next(file, generation, at)
        if found is not None and found.number > number:
            number, at = found.number, found.end
            yield found
            continue
        file.seek(at)
        rest = file.read()
        if not rest:
            return
        good = _next_good(rest, generation, number)
        if good is None:
            yield Damage(at, at + len(rest), tail=True)
            return
        yield Damage(at, at + good, tail=False)
        at += good
        file.seek(at)


def _next(file: BinaryIO, generation: int, at: int) -> Record | None:
    match = _RECORD.fullmatch(file.readline(_LONGEST_RECORD_HEAD))
    if match is None:
        return None
    number, length = int(match[2]), int(match[3])
    content = file.read(length)
    if len(content) < length or int(match[1], 16) != _checksum(generation, number, content):
        return None
    return Record(number, content, at + len(match[0]) + length)


def _next_good(rest: bytes, generation: int, number: int) -> int | None:
    """Where in `rest` the next whole record begins."""
    for match in _RECORD.finditer(rest):
        at = match.start()
        if at == 0:
            continue
        found = _next(io.BytesIO(rest[at : match.end() + int(match[3])]), generation, at)
        if found is not None and found.number > number:
            return at
    return None


def _checksum(generation: int, number: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(b"%d %d %d" % (generation, number, len(content))))


def _value(data: bytes) -> Any:
    return _decoder.raw_decode(data.decode("utf-8", "surrogatepass"))[0]

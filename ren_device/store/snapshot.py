"""A snapshot: all tables in one file, written beside and then swapped in."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import BinaryIO

from ren_device.errors import StoreError
from ren_device.store.disk import Disk
from ren_device.store.framing import (
    LONGEST_HEAD,
    Change,
    Damage,
    Tables,
    apply,
    body,
    head,
    read_head,
    record,
    records,
)

DRAFT = ".new"
"""What the name of a file that is not whole yet ends with."""

_PIECE = 64 * 1024  # bytes of documents in a record, about


def write(disk: Disk, name: str, generation: int, tables: Tables) -> Generator[int, None, None]:
    """Write `tables` durably as `name`, in steps; each step yields the bytes that it wrote.

    The file appears whole, after the last step, or not at all; whoever does not want it any more
    closes the iterator. Raises OSError. `tables` must not change meanwhile.
    """
    draft = name + DRAFT
    try:
        file = disk.create(draft)
        try:
            for piece in _pieces(generation, tables):
                file.append(piece)
                yield len(piece)
            file.sync()
            yield 0
        finally:
            file.close()
        disk.rename(draft, name)
    except BaseException:
        with suppress(OSError):  # the next start removes it
            disk.remove(draft)
        raise
    disk.sync()


def read(file: BinaryIO, generation: int | None = None) -> tuple[Tables, bool]:
    """The documents, and whether they are all that there were.

    `generation` says which snapshot it should be, so that it can be read without its head line.
    Raises NewerFormat, and StoreError for a file that is no snapshot.
    """
    first = file.readline(LONGEST_HEAD)
    found = read_head(first)
    whole = found is not None and found.kind == "snapshot"
    if generation is None:
        if found is None or not whole:
            raise StoreError("it is not a snapshot")
        generation = found.generation
    tables: Tables = {}
    ended = False
    for each in records(file, generation, len(first) if found else 0):
        if isinstance(each, Damage) or ended:
            whole = False
        elif not each.body:
            ended = True
        else:
            try:
                apply(each.body, tables)
            except ValueError:
                whole = False
    return tables, whole and ended


def _pieces(generation: int, tables: Tables) -> Iterator[bytes]:
    yield head("snapshot", generation)
    number = 0
    piece: list[Change] = []
    size = 0
    for name, rows in tables.items():
        piece.append((name, None, b""))
        for key, data in rows.items():
            piece.append((name, key, data))
            size += len(data)
            if size > _PIECE:
                yield record(generation, number, body(piece))
                piece, size, number = [], 0, number + 1
    if piece:
        yield record(generation, number, body(piece))
        number += 1
    yield record(generation, number, b"")

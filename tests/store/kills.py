"""Kills a process that writes, again and again, and looks at what it leaves.

`python -m tests.store.kills [rounds] [seed]`. Each round forks a child that opens the store and
makes numbered transactions, each told to the parent when the store has acknowledged it and not
before. The parent kills it at a random moment and checks everything that is in the store. The
journal is compacted after a few kilobytes, so that kills strike compactions too.
"""

import asyncio
import os
import random
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NoReturn

from tinydb.table import Document

from ren_device.store.database import FOLDER, Database, Rows
from ren_device.store.disk import Folder
from ren_device.store.framing import loads
from ren_device.store.storage import JournalStorage

ALIVE = 40  # how many of the numbers are in the store at any time
SMALLEST_JOURNAL = 2048
_TOLD = struct.Struct("<q")


def write_until_killed(data_dir: Path, last: int, told: int) -> NoReturn:
    """The child. `last` is the last number that is in the store."""

    async def write() -> None:
        database = Database(data_dir, SMALLEST_JOURNAL)
        await database.open()
        number = last
        while True:
            number += 1
            await database.run(partial(transaction, number=number))
            os.write(told, _TOLD.pack(number))

    try:
        asyncio.run(write())
    finally:
        os._exit(1)


def transaction(rows: Rows, number: int) -> None:
    """A pair comes, the oldest one goes, and one document is changed: all or nothing."""
    pairs = rows.table("pairs")
    for half in (0, 1):
        text = "x" * (number * 37 % 300)
        pairs.insert(Document({"number": number, "text": text}, 2 * number + half))
    if number > ALIVE:
        pairs.remove(doc_ids=[2 * (number - ALIVE), 2 * (number - ALIVE) + 1])
    rows.table("last").upsert(Document({"number": number}, 1))


def check(data_dir: Path) -> tuple[int, str]:
    """The last number that is in the store, and what was recovered."""
    storage = JournalStorage(Folder(data_dir / FOLDER), 1 << 30)
    tables = storage.copy()
    recovered = storage.figures().recovered
    storage.close()
    if not tables:
        return 0, recovered
    last = int(loads(tables["last"]["1"])["number"])
    first = max(1, last - ALIVE + 1)
    expected = [str(2 * number + half) for number in range(first, last + 1) for half in (0, 1)]
    assert list(tables["pairs"]) == expected, f"{last}: {list(tables['pairs'])}"
    for key, row in tables["pairs"].items():
        number = int(key) // 2
        assert loads(row) == {"number": number, "text": "x" * (number * 37 % 300)}, key
    return last, recovered


def one_round(data_dir: Path, last: int, dice: random.Random) -> int:
    """Fork, listen, kill; returns the last number that was acknowledged."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        write_until_killed(data_dir, last, told)
    os.close(told)
    acknowledged = last
    with os.fdopen(heard, "rb") as pipe:
        for _ in range(dice.choice((0, 1, 3, 10, 40))):
            acknowledged = _TOLD.unpack(pipe.read(_TOLD.size))[0]
        until = time.perf_counter() + dice.uniform(0, 0.004)
        while time.perf_counter() < until:
            pass
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "the writer ended by itself"
        rest = pipe.read()
    for (number,) in _TOLD.iter_unpack(rest):
        acknowledged = number
    return acknowledged


def main(rounds: int, seed: int) -> None:
    """Go on for so many rounds; fails at the first that is wrong."""
    dice = random.Random(seed)
    struck: Counter[str] = Counter()
    last = 0
    with tempfile.TemporaryDirectory() as name:
        data_dir = Path(name)
        for number in range(rounds):
            acknowledged = one_round(data_dir, last, dice)
            folder = data_dir / FOLDER
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
            struck["in a compaction"] += any(each.endswith(".new") for each in names)
            last, recovered = check(data_dir) if names else (0, "")
            struck["in a write, and it was cut off"] += "cut off" in recovered
            struck["after a write, before it was acknowledged"] += last == acknowledged + 1
            assert "damaged" not in recovered, recovered
            assert acknowledged <= last <= acknowledged + 1, (
                f"round {number} of seed {seed}: {acknowledged} acknowledged, {last} there"
            )
        assert not [each for each in names if each.endswith(".damaged")]
    sys.stdout.write(f"{rounds} kills, {last} transactions, nothing lost\n")
    for what, count in sorted(struck.items()):
        sys.stdout.write(f"{count} {what}\n")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*numbers, *(300, random.randrange(2**32))[len(numbers) :])

"""Fills the disk that the directory of its argument is on, and tells how the store takes it.

`python -m tests.store.small_disk DIRECTORY` in a place with no more than a few hundred kilobytes.
"""

import asyncio
import os
import sys
from datetime import datetime
from pathlib import Path

from ren_device.errors import StoreError
from ren_device.store import Store, open_store

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


async def add_until_full(store: Store, kept: list[str]) -> str:
    """Adds to `kept` what the store has acknowledged; why it ended."""
    for number in range(100_000):
        text = f"{number} " + "x" * 700
        try:
            await store.facts.add(text, NOON)
        except StoreError as error:
            return str(error)
        kept.append(text)
    return "the disk is never full"


async def check(store: Store, kept: list[str]) -> None:
    """Everything that was acknowledged is there, and nothing else."""
    assert [fact.text for fact in await store.facts.all()] == kept


async def main(data_dir: Path, ballast: Path) -> None:
    """Fill the disk twice, make room in between, and start anew while it is full."""
    kept: list[str] = []
    store = await open_store(data_dir)
    sys.stdout.write(f"{await add_until_full(store, kept)}\n")
    await check(store, kept)
    for _ in range(50):  # it goes on failing, in words, and nothing of it stays
        try:
            await store.facts.add("y" * 9000, NOON)
        except StoreError:
            await check(store, kept)
        else:
            kept.append("y" * 9000)
    await store.close()
    store = await open_store(data_dir)
    await check(store, kept)
    os.truncate(ballast, 0)
    await store.facts.add("there is room again", NOON)
    kept.append("there is room again")
    await add_until_full(store, kept)
    await check(store, kept)
    await store.close()
    store = await open_store(data_dir)
    await check(store, kept)
    await store.close()
    sys.stdout.write(f"kept {len(kept)}\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "ballast").write_bytes(bytes(100_000))
    asyncio.run(main(folder / "kept", folder / "ballast"))

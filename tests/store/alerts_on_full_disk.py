"""Fills the disk that the directory of its argument is on, and then changes alerts.

`python -m tests.store.alerts_on_full_disk DIRECTORY` in a place with less than a megabyte.
"""

import asyncio
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from ren_device.errors import StoreError
from ren_device.model import Alert
from ren_device.store import Store, open_store
from tests.store.small_disk import add_until_full, check

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


async def add_the_last(store: Store, kept: list[str]) -> None:
    """Fill what is left with short facts."""
    with suppress(StoreError):
        while True:
            await store.facts.add("x", NOON)
            kept.append("x")


async def main(data_dir: Path) -> None:
    """Acknowledge and snooze while it is full, and see that it is so after a new start."""
    facts: list[str] = []
    expected: set[int] = set()
    store = await open_store(data_dir)
    await add_until_full(store, facts)
    await add_the_last(store, facts)
    for number in range(1, 201):
        alert = Alert(number, "timer", "egg", NOON, NOON)
        with suppress(StoreError):
            await store.alerts.write([alert], remove=[number - 1], ended=[alert])
            expected.add(number)
        with suppress(StoreError):
            await store.facts.add("must not take that room", NOON)
            facts.append("it did")
    for _ in range(2):
        await check(store, facts)
        assert {each.alert_id for each in await store.alerts.ended()} == expected
        assert {each.id for each in await store.alerts.all()} == {max(expected, default=0)} - {0}
        await store.close()
        store = await open_store(data_dir)
    await store.close()
    sys.stdout.write(f"kept {len(expected)}\n")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

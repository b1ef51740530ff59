"""Adds remarks and alerts to the store in the directory of its argument, and tells what is kept.

A line is written when the store has acknowledged, and not before.
"""

import asyncio
import sys
from datetime import datetime
from itertools import count
from pathlib import Path

from ren_device.model import Alert
from ren_device.store import open_store

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


def tell(what: str, number: int) -> None:
    sys.stdout.write(f"{what} {number}\n")
    sys.stdout.flush()


async def main(data_dir: Path) -> None:
    store = await open_store(data_dir)
    for number in count():
        alert = await store.alerts.add(Alert(0, "timer", "x" * (number % 7 * 500), NOON, NOON, 1.0))
        tell("alert", alert.id)
        await store.remarks.add(1, [("user", f"{alert.id}"), ("assistant", "yes")], NOON)
        tell("remarks", alert.id)
        if number % 3 == 2:
            await store.alerts.remove(alert.id)
            tell("removed", alert.id)


asyncio.run(main(Path(sys.argv[1])))

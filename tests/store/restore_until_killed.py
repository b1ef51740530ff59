"""Restores one backup and then the other, again and again, in the directory of its argument.

A line is written when a restore is acknowledged, and not before. Every second one is with the
identity, and finished at once as a start would.
"""

import asyncio
import sys
from datetime import datetime
from itertools import count
from pathlib import Path

from ren_device.store import open_store
from ren_device.store.backups import Backups

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


async def main(folder: Path) -> None:
    data = folder / "data"
    store = await open_store(data, NOON)
    backups = Backups(
        data,
        store.database,
        name="Ren",
        now=lambda: NOON,
        identity_file=data / "identity.key",
    )
    await backups.begin()
    for number in count():
        which = "ab"[number % 2]
        await backups.restore(folder / f"{which}.tar", identity=True)
        await backups.begin()
        sys.stdout.write(f"{which}\n")
        sys.stdout.flush()


asyncio.run(main(Path(sys.argv[1])))

"""A speaker with nothing but /notifications, spoken to in lines: `DOUBT_AFTER_S STALLED_S`.

It begins with `ready PORT`. `due` lets an alert come due; it says `marked ID` when the store knows
that somebody was told, and answers `streams` with how many there are.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace

from ren_device.alerts.notices import Notices
from ren_device.bus import Bus
from ren_device.model import Alert
from ren_device.web.notifications import Notifications
from ren_device.web.server import serving
from tests.alerts.memory_alerts import MemoryAlerts
from tests.web.porch import Porch, open_streams
from tests.web.web_house import house

LONG = "x" * 10_000


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class TellingAlerts(MemoryAlerts):
    """Says aloud what is marked."""

    async def mark_notified(self, alerts: Sequence[Alert]) -> None:
        await super().mark_notified(alerts)
        for alert in alerts:
            say(f"marked {alert.id}")


async def main(doubt_after_s: float, stalled_s: float) -> None:
    store, bus = TellingAlerts(), Bus()
    notices = Notices(store, bus)
    routes = Notifications(notices, 15.0, doubt_after_s).routes()
    services, _ = house(stalled_s=stalled_s, keep_alive_s=1.0)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    async with (
        serving(replace(services, extra_routes=(routes,)), "0.0.0.0", 0) as port,
        asyncio.TaskGroup() as group,
    ):
        running = group.create_task(notices.run())
        porch = Porch(notices, store, bus, port)
        say(f"ready {port}")
        async for line in lines:
            match line.decode().strip():
                case "due":
                    await porch.due(LONG)
                case "streams":
                    say(f"streams {open_streams()}")
        running.cancel()


if __name__ == "__main__":
    asyncio.run(main(*map(float, sys.argv[1:])))

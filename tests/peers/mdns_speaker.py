"""A speaker that only announces itself, as a process of its own: NAME KEY HOST [PLACES].

PLACES is a file with the address to announce, for a machine whose addresses may not be changed.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path

from ren_device.engines.mdns import MdnsDiscovery, Place


async def main(name: str, key: str, host: str, file: str = "") -> None:
    """Run until SIGTERM; the exit code tells whether anything was left running."""

    def places() -> frozenset[Place]:
        return frozenset({(1, Path(file).read_text(encoding="ascii").strip())})

    part = MdnsDiscovery(
        name=name,
        host=host,
        port=8123,
        version="1.2.3",
        public_key_hex=key,
        poll_interval_s=0.1,
        places=places if file else None,
    )
    running = asyncio.create_task(part.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    with suppress(asyncio.CancelledError):
        await running
    if asyncio.all_tasks() != {asyncio.current_task()}:
        sys.exit(3)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

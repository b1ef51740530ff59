"""The command line: `ren-device [serve]`."""

import argparse
import asyncio
import logging
import signal
import sys

from ren_device import VERSION, settings
from ren_device.errors import RenError


def main() -> int:
    """Run the command; returns the exit code. One line on standard error says what went wrong."""
    parser = argparse.ArgumentParser(prog="ren-device", description="Ren, a smart speaker.")
    parser.add_argument("--version", action="version", version=f"ren-device {VERSION}")
    parser.add_argument("command", nargs="?", choices=["serve"], default="serve")
    parser.parse_args()
    try:
        loaded = settings.load()
        logging.basicConfig(
            level=loaded.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        asyncio.run(_serve(loaded))
    except RenError as error:
        print(f"ren-device: {error}", file=sys.stderr)  # noqa: T201  this is the command line
        return 1
    return 0


async def _serve(loaded: settings.Settings) -> None:
    from ren_device.app import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(loaded, stop)


if __name__ == "__main__":
    sys.exit(main())

"""`ren-device serve`: be a speaker until told to stop. What happens without a command, too."""

import asyncio
import logging
import signal
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ren_device.errors import RenError

if TYPE_CHECKING:
    from ren_device.settings import Settings

SUMMARY = "be a speaker (what happens without a command)"

_log = logging.getLogger(__name__)


def add_arguments(_: ArgumentParser) -> None:
    """None: everything is a setting."""


def run(_: Namespace) -> int:
    """Until SIGINT or SIGTERM; 1 when the start fails."""
    from ren_device import allocator, logs, settings

    allocator.tune()
    loaded = settings.load()
    logs.set_up(loaded.log_level, loaded.log_format, settings.secrets(loaded))
    for line in settings.unknown(settings.read()).values():
        _log.warning("%s", line)
    try:
        asyncio.run(_serve(loaded))
    except RenError as error:
        _log.critical("%s", error)
        return 1
    except BaseExceptionGroup as group:
        known, bugs = group.split(RenError)
        if bugs is not None:
            raise
        for leaf in _leaves(known):
            _log.critical("%s", leaf)
        return 1
    return 0


async def _serve(loaded: "Settings") -> None:
    from ren_device import logs
    from ren_device.app import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.watch(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(loaded, stop)


def _leaves(error: BaseException | None) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [] if error is None else [error]

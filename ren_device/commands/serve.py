"""`ren-device serve`: be a speaker until told to stop. What happens without a command, too."""

import asyncio
import logging
import signal
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ren_device.errors import RenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ren_device.app import View
    from ren_device.settings import Settings

    MakeView = Callable[[asyncio.Event], View | None]

SUMMARY = "be a speaker (what happens without a command)"

_log = logging.getLogger(__name__)


def add_arguments(_: ArgumentParser) -> None:
    """None: everything is a setting."""


def run(_: Namespace) -> int:
    """Until SIGINT, SIGTERM or SIGHUP; 1 when the start fails."""
    from ren_device import settings

    return serve_with(settings.load())


def serve_with(loaded: "Settings", view: "MakeView | None" = None) -> int:
    """Until a signal, or until the event is set that `view` is made with; 1 when it fails."""
    from ren_device import allocator, logs, settings

    allocator.tune()
    logs.set_up(loaded.log_level, loaded.log_format, settings.secrets(loaded))
    for line in settings.unknown(settings.read()).values():
        _log.warning("%s", line)
    try:
        while asyncio.run(_serve(loaded, view)):
            pass  # once more, as it came
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


async def _serve(loaded: "Settings", view: "MakeView | None") -> bool:
    from ren_device import logs
    from ren_device.app import serve

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    logs.watch(loop)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue  # nohup: it is to go on when its terminal has gone
        loop.add_signal_handler(number, stop.set)
    return await serve(loaded, stop, view(stop) if view is not None else None)


def _leaves(error: BaseException | None) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [] if error is None else [error]

"""`ren-device fault`: say in light and aloud that Ren cannot start, for ten minutes.

`ren-fault.service` runs it when `ren-device.service` has given up, and starts that again at its
end. It needs no speech engine and no network, and what is broken must not break it too: whatever
fails here is named in the log, and the rest goes on.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from ren_device.errors import RenError

if TYPE_CHECKING:
    from ren_device.choice import PanelParts
    from ren_device.ports import Speaker
    from ren_device.settings import Settings
    from ren_device.supervision.fault import Fault

SUMMARY = "say in light and aloud that Ren cannot start (the system does this by itself)"

_LASTS_S = 600.0
_LOUD_PERCENT = 70
_TOO_LITTLE = 4 << 20  # bytes free: less, and the store cannot keep its reserve

_log = logging.getLogger(__name__)


def add_arguments(parser: ArgumentParser) -> None:
    """Define --seconds."""
    parser.add_argument("--seconds", type=float, default=_LASTS_S, help="how long the light is on")


def run(arguments: Namespace) -> int:
    """Light up and speak; 0 at the end, or when told to stop."""
    from ren_device import logs, settings

    given = settings.read()
    loaded, wrong = settings.check(given)  # what is wrong has its default
    logs.set_up(loaded.log_level, loaded.log_format, settings.secrets(loaded))
    for line in wrong.values():
        _log.critical("%s", line)
    fault = _look(loaded, has_wrong_settings=bool(wrong))
    _log.critical("Ren does not start (%s); it is tried again in %.0f s", fault, arguments.seconds)
    asyncio.run(_tell(loaded, fault, arguments.seconds))
    return 0


def _look(settings: "Settings", *, has_wrong_settings: bool) -> "Fault":
    if has_wrong_settings:
        return "setting"
    from ren_device.store.data_format import NewerData, refuse_newer

    folder = settings.data_dir
    try:
        refuse_newer(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        _log.critical("%s: %s", folder, error.strerror)
        return "storage"
    except NewerData as error:
        _log.critical("%s: %s", folder, error)
        return "newer"
    if free < _TOO_LITTLE or not os.access(folder, os.W_OK | os.X_OK):
        _log.critical("%s cannot be written to; %d KiB are free", folder, free >> 10)
        return "storage"
    return "crash"


async def _tell(settings: "Settings", fault: "Fault", seconds: float) -> None:
    from ren_device import choice

    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    board = await asyncio.to_thread(choice.panel, settings)
    parts = (
        asyncio.create_task(_light(settings, board, fault), name="light"),
        asyncio.create_task(_speak(settings, board, fault), name="speech"),
    )
    for part in parts:
        part.add_done_callback(_ended)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await told_to_stop.wait()
    for part in parts:
        part.cancel()
    await asyncio.wait(parts)


def _ended(part: asyncio.Task[None]) -> None:
    if not part.cancelled() and (error := part.exception()) is not None:
        _log.error("no %s", part.get_name(), exc_info=error)


async def _light(settings: "Settings", board: "PanelParts", fault: "Fault") -> None:
    """Show the pattern of a fault, as the healthy Ren would."""
    from ren_device.bus import Bus
    from ren_device.clock import SystemClock
    from ren_device.panel.brightness import Brightness
    from ren_device.panel.lights import Lights
    from ren_device.panel.truth import Truth
    from ren_device.voice.volume import QuietHours

    if trouble := board.trouble or board.lamp.trouble:
        _log.error("no light: %s", trouble)
    clock = SystemClock(settings.timezone)
    night = QuietHours.parse(settings.night_hours, 0)
    brightness = Brightness(settings.brightness, settings.night_brightness, night, clock)
    truth = Truth(fault=fault)
    try:
        await Lights(board.lamp, lambda: truth, clock, Bus(), brightness).run()
    finally:
        await board.controls.close()
        await board.lamp.close()


async def _speak(settings: "Settings", board: "PanelParts", fault: "Fault") -> None:
    from ren_device import choice
    from ren_device.boards.sound import card_of, with_card
    from ren_device.clock import SystemClock
    from ren_device.supervision.fault import recorded
    from ren_device.voice.mixing import scaled
    from ren_device.voice.volume import QuietHours

    quiet = QuietHours.parse(settings.quiet_hours, settings.quiet_volume)
    is_quiet = quiet.holds(SystemClock(settings.timezone).now().time())
    percent = min(_LOUD_PERCENT, settings.quiet_volume) if is_quiet else _LOUD_PERCENT
    card = card_of(settings, board.profile)
    pcm = await asyncio.to_thread(recorded, settings.data_dir, fault)
    try:
        speaker = choice.speaker(with_card(settings, card))
        await play(speaker, scaled(pcm, (percent / 100 * card.loudest) ** 2))
    except RenError as error:
        _log.error("not aloud: %s", error)


async def play(speaker: "Speaker", pcm: bytes) -> None:
    """Sound this to its end. Raises DeviceError."""
    from ren_device.model import FRAME_BYTES

    await speaker.start()
    try:
        for at in range(0, len(pcm), FRAME_BYTES):
            await speaker.write(pcm[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\0"))
        await speaker.drain()
    finally:
        await speaker.close()

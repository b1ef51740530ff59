"""`ren-device wake`: try the wake words, live or on a folder of recordings."""

import asyncio
import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import DeviceError, RenError

if TYPE_CHECKING:
    from ren_device.model import Wake
    from ren_device.ports import Microphone
    from ren_device.settings import Settings
    from ren_device.voice.waking import Waking

SUMMARY = "show the wake words' scores live, or measure them on recordings"

_SHOW_EVERY_S = 0.1
_TELL_EVERY_S = 1.0  # where lines cannot be drawn over
_BAR = 40
_MUTED = {
    "switch": "the microphone is muted by its switch: flip it first",
    "software": "Ren was told to mute its microphone: unmute it first",
}
_LABELS = """\
Recordings are WAV files of any rate, depth and channels. A file is one of a
phrase if its name or one of its folders has the phrase in it, such as
hey-jarvis/anna.wav; or if it is in a folder called wake, with one phrase in
REN_WAKE_WORDS. A labels.csv in DIR decides instead for the files in it: file,
phrase (empty: none) and end_s (of the phrase, for the delay; may be left out).
All other files are of something else: a wake there is a false one.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Define test and bench."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    test = actions.add_parser("test", help="listen, and show the scores until Ctrl-C")
    test.add_argument("--seconds", type=float, help="stop by itself after so long")
    bench = actions.add_parser("bench", help="measure on a folder of WAV files", epilog=_LABELS)
    bench.add_argument("folder", metavar="DIR", type=Path)


def run(arguments: Namespace) -> int:
    """Do it; raises RenError."""
    from ren_device import settings

    loaded = settings.load()
    logging.disable(logging.INFO)  # what follows says it all, line by line
    if arguments.action == "test":
        asyncio.run(_test(loaded, arguments.seconds))
        return 0
    from ren_device.commands.wake_bench import bench

    print(asyncio.run(bench(load_waking(loaded), arguments.folder)))
    return 0


def load_waking(settings: "Settings") -> "Waking":
    """All that decides whether Ren wakes, as the settings say. Blocks. Raises EngineError."""
    from ren_device import choice
    from ren_device.voice.waking import Waking

    wake_word, stt = choice.load_wake_word(settings), choice.load_stt(settings)
    return Waking(wake_word, None, choice.load_vad(), stt)


async def _test(settings: "Settings", seconds: float | None) -> None:
    from ren_device import choice
    from ren_device.boards.sound import card_of, with_card
    from ren_device.commands import board
    from ren_device.commands.muted import muted_by

    if by := await asyncio.to_thread(muted_by, settings):
        raise DeviceError(_MUTED[by])
    profile = await asyncio.to_thread(board.profile_of, settings)
    waking = await asyncio.to_thread(load_waking, settings)
    card = card_of(settings, profile)
    microphone = choice.microphone(with_card(settings, card), card.gain_db)
    microphone.block_frames = 8
    screen = _Screen(waking.phrases)
    screen.line(f"Say {' or '.join(map(repr, waking.phrases))} to {microphone.name}; Ctrl-C ends.")
    try:
        await _show(waking, microphone, screen, seconds)
    except ExceptionGroup as several:
        ours, bugs = several.split(RenError)
        if ours is None or bugs is not None:
            raise
        raise ours.exceptions[0] from None  # one line for the person
    finally:
        screen.end()


async def _show(
    waking: "Waking", microphone: "Microphone", screen: "_Screen", seconds: float | None
) -> None:
    heard_s, kept = 0.0, b""
    async with aclosing(microphone.blocks()) as blocks, asyncio.TaskGroup() as group:
        async for block in blocks:
            heard_s += len(block) / 32_000
            kept = (kept + block)[-48_000:]
            wake = waking.hear(block)
            if wake is not None and wake.certainty == "sure":
                screen.verdict(wake, "would wake")
            elif wake is not None:
                group.create_task(_look_again(waking, wake, kept, screen))
            screen.scores(waking.scores(), heard_s, waking.near_misses)
            if seconds is not None and heard_s >= seconds:
                break


async def _look_again(waking: "Waking", wake: "Wake", sound: bytes, screen: "_Screen") -> None:
    said = await waking.confirm(wake, sound)
    verdict = "would wake after a second look" if said else "would not wake: no second look agreed"
    screen.verdict(wake, f"doubtful; {verdict}")


class _Screen:
    """Bars that move, or lines where the output is no terminal."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        self._moves = sys.stdout.isatty()
        self._highest = dict.fromkeys(phrases, 0.0)
        self._shown_s = 0.0
        self._near_misses = 0

    def line(self, text: str) -> None:
        """A line that stays."""
        print(f"\r\033[K{text}" if self._moves else text, flush=True)

    def verdict(self, wake: "Wake", text: str) -> None:
        """What became of a wake."""
        self.line(f"{wake.phrase}: {text} (score {wake.score:.2f})")

    def scores(self, scores: Mapping[str, float], heard_s: float, near_misses: int) -> None:
        """The scores since the last call, at this second of sound."""
        for phrase, score in scores.items():
            self._highest[phrase] = max(self._highest[phrase], score)
        if near_misses > self._near_misses:
            self._near_misses = near_misses
            self.line(f"a near miss, the {near_misses}. so far")
        if heard_s - self._shown_s < (_SHOW_EVERY_S if self._moves else _TELL_EVERY_S):
            return
        self._shown_s = heard_s
        bars = "  ".join(f"{each} {_bar(score)} {score:.2f}" for each, score in self._shown())
        if self._moves:
            print(f"\r\033[K{bars}", end="", flush=True)
        else:
            print(f"{heard_s:6.1f} s  {bars}", flush=True)
        self._highest = dict.fromkeys(self._highest, 0.0)

    def end(self) -> None:
        """Leave the line of bars."""
        if self._moves:
            print()

    def _shown(self) -> list[tuple[str, float]]:
        return list(self._highest.items())


def _bar(score: float) -> str:
    filled = round(score * _BAR)
    return "#" * filled + "." * (_BAR - filled)

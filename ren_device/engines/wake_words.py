"""Two wake word engines as one: a phrase counts when either hears it.

They miss different voices. The figures are in the README of this folder.
"""

import logging
from collections.abc import Sequence

from ren_device.engines import micro_wake_word, open_wake_word
from ren_device.errors import EngineError
from ren_device.model import FRAME_S
from ren_device.ports import WakeWord

_log = logging.getLogger(__name__)

QUIET_S = 1.5
"""After a phrase, none is reported for so long: the other engine notices the same one later."""


class EitherWakeWord:
    """Implements ports.WakeWord."""

    def __init__(self, engines: Sequence[WakeWord]) -> None:
        """Each engine may know phrases that the others do not."""
        self._engines = engines
        phrases = [phrase for engine in engines for phrase in engine.phrases]
        self.phrases = tuple(dict.fromkeys(phrases))
        self._quiet_frames = 0

    def process(self, frame: bytes) -> str | None:
        """The phrase that an engine has just heard, unless it was reported already."""
        heard = [engine.process(frame) for engine in self._engines]
        if self._quiet_frames > 0:
            self._quiet_frames -= 1
            return None
        phrase = next((phrase for phrase in heard if phrase is not None), None)
        if phrase is not None:
            self._quiet_frames = round(QUIET_S / FRAME_S)
        return phrase

    def reset(self) -> None:
        """Forget what was heard so far."""
        self._quiet_frames = 0
        for engine in self._engines:
            engine.reset()


def load(phrases: Sequence[str]) -> WakeWord:
    """Give every phrase to each engine that knows it, be it microWakeWord, openWakeWord or both.

    `phrases`: built-in ones, or paths of .json and .tflite files. Raises EngineError.
    """
    if not phrases:
        raise EngineError("REN_WAKE_WORDS names no phrase")
    wanted = [open_wake_word.as_named(phrase) for phrase in phrases]
    engines: list[WakeWord] = []
    known: set[str] = set()
    covered: set[str] = set()
    failures: list[EngineError] = []
    for load_one, ending, built_in in (
        (micro_wake_word.MicroWakeWord.load, ".json", micro_wake_word.built_in),
        (open_wake_word.OpenWakeWord.load, ".tflite", open_wake_word.built_in),
    ):
        try:
            theirs = built_in()
            known.update(theirs)
            share = [each for each in wanted if each.endswith(ending) or each in theirs]
            if share:
                engines.append(load_one(share))
                covered.update(share)
        except EngineError as error:
            failures.append(error)
    lacking = [phrase for phrase in wanted if phrase not in covered]
    if lacking and failures:
        raise failures[0]
    if lacking:
        raise EngineError(
            f"REN_WAKE_WORDS: there is no wake word {lacking[0]!r}; there are "
            f"{', '.join(sorted(known))}, and by path microWakeWord's .json and "
            "openWakeWord's .tflite files"
        )
    for failure in failures:
        _log.warning("some voices will not wake me: %s", failure)
    return engines[0] if len(engines) == 1 else EitherWakeWord(engines)

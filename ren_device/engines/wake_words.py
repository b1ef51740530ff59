"""Two wake word engines as one: a phrase counts when either hears it.

They miss different voices. The figures are in the README of this folder.
"""

import logging
from collections.abc import Sequence

from ren_device.engines import micro_wake_word, open_wake_word
from ren_device.engines.wake_verdict import Once, louder
from ren_device.errors import EngineError, EngineMissing
from ren_device.model import Wake, duration_s
from ren_device.ports import WakeWord
from ren_device.setting_types import Sensitivity

_log = logging.getLogger(__name__)
_TUNED = Sensitivity()


class EitherWakeWord:
    """Implements ports.WakeWord."""

    def __init__(self, engines: Sequence[WakeWord]) -> None:
        """Each engine may know phrases that the others do not."""
        self._engines = engines
        phrases = [phrase for engine in engines for phrase in engine.phrases]
        self.phrases = tuple(dict.fromkeys(phrases))
        self._once = Once()
        self._heard_s = 0.0
        self.awake = False
        """Whether there is anything to hear."""

    def process(self, frames: bytes) -> Wake | None:
        """What an engine has just heard, unless the same was reported already."""
        self._heard_s += duration_s(frames)
        found: Wake | None = None
        for engine in self._engines:
            found = louder(found, engine.process(frames))
        self.awake = any(engine.awake for engine in self._engines)
        return self._once.pass_on(found, self._heard_s)

    def scores(self) -> dict[str, float]:
        """For each phrase, the highest score by any engine since the last call."""
        by_engine = [engine.scores() for engine in self._engines]
        return {
            phrase: max(scores.get(phrase, 0.0) for scores in by_engine) for phrase in self.phrases
        }

    def reset(self) -> None:
        """Forget what was heard so far."""
        self._once = Once()
        for engine in self._engines:
            engine.reset()


def load(phrases: Sequence[str], sensitivity: Sensitivity = _TUNED) -> WakeWord:
    """Give every phrase to each engine that knows it, be it microWakeWord, openWakeWord or both.

    `phrases`: built-in ones, or paths of .json and .tflite files. Raises EngineError.
    """
    if not phrases:
        raise EngineError("REN_WAKE_WORDS names no phrase")
    wanted = [open_wake_word.as_named(phrase) for phrase in phrases]
    sensitivity = Sensitivity(
        sensitivity.general,
        {open_wake_word.as_named(each): value for each, value in sensitivity.by_phrase.items()},
    )
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
                engines.append(load_one(share, sensitivity))
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
        missing = isinstance(failure, EngineMissing)  # that is news only to who asked for it
        _log.log(
            logging.DEBUG if missing else logging.WARNING,
            "some voices will not wake me: %s",
            failure,
        )
    return engines[0] if len(engines) == 1 else EitherWakeWord(engines)

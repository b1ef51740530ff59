"""From how likely a phrase is, step by step, to a verdict: one `Wake` for each time it is said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ren_device.model import Wake

QUIET_S = 1.5
"""After a phrase woke Ren, none is reported for so long: one phrase stays likely for many steps."""

DOUBTFUL = 0.4
"""A score of so much of what wakes is worth a second look."""

NEAR_MISS = 0.2
"""A score of so much of what wakes is worth a number in the log."""

_FALLING = 0.9  # of the highest score: it will not become more
_RANKS: dict[str, int] = {"near_miss": 0, "doubtful": 1, "sure": 2}


def likeness(probability: float, cutoff: float) -> float:
    """A score, 0 to 1, that is 0.5 where the probability of an engine is at its own cutoff."""
    yes, no = probability * (1 - cutoff), (1 - probability) * cutoff
    return yes / (yes + no)


def louder(one: Wake | None, other: Wake | None) -> Wake | None:
    """The one that matters more."""
    found = [each for each in (one, other) if each is not None]
    return max(found, key=lambda wake: (_RANKS[wake.certainty], wake.score), default=None)


def threshold(sensitivity: float) -> float:
    """The score that wakes: 0.85 for a sensitivity of 0, 0.5 for 0.5, 0.15 for 1."""
    return 0.85 - 0.7 * sensitivity


class Once:
    """Lets a phrase through once, although it is noticed many times; a surer verdict passes."""

    def __init__(self) -> None:
        """Nothing was said yet."""
        self._quiet_until_s = dict.fromkeys(_RANKS, 0.0)

    def pass_on(self, wake: Wake | None, now_s: float) -> Wake | None:
        """`wake`, unless the same or more was reported within QUIET_S."""
        if wake is None or now_s < self._quiet_until_s[wake.certainty]:
            return None
        for certainty, rank in _RANKS.items():
            if rank <= _RANKS[wake.certainty]:
                self._quiet_until_s[certainty] = now_s + QUIET_S
        return wake


@dataclass(slots=True)
class _Rise:
    """A phrase that became likely and has not been reported yet."""

    score: float
    at_s: float


class Verdicts:
    """Keeps track of what was said lately. Time is seconds of sound, in the caller's count."""

    def __init__(self, thresholds: Mapping[str, float]) -> None:
        """For each phrase the score that wakes."""
        self._thresholds = thresholds
        self._highest = dict.fromkeys(thresholds, 0.0)
        self.reset()

    def reset(self) -> None:
        """Forget what was said."""
        self._rises: dict[str, _Rise] = {}
        self._once = Once()

    def hear(self, phrase: str, score: float, now_s: float, ended_s: float) -> Wake | None:
        """The next score of a phrase, that ended `ended_s` ago if it is one."""
        self._highest[phrase] = max(self._highest[phrase], score)
        return self._once.pass_on(self._verdict(phrase, score, now_s, ended_s), now_s)

    def take_highest(self) -> dict[str, float]:
        """For each phrase, the highest score since the last call."""
        taken, self._highest = self._highest, dict.fromkeys(self._highest, 0.0)
        return taken

    def _verdict(self, phrase: str, score: float, now_s: float, ended_s: float) -> Wake | None:
        least = self._thresholds[phrase]
        if score >= least:
            self._rises.pop(phrase, None)
            return Wake(phrase, score, "sure", ended_s)
        rise = self._rises.get(phrase)
        if rise is None or score > rise.score:
            if score >= least * NEAR_MISS:
                self._rises[phrase] = _Rise(score, now_s)
            return None
        if score > rise.score * _FALLING:
            return None
        del self._rises[phrase]
        certainty: Literal["doubtful", "near_miss"] = (
            "doubtful" if rise.score >= least * DOUBTFUL else "near_miss"
        )
        return Wake(phrase, rise.score, certainty, ended_s + now_s - rise.at_s)

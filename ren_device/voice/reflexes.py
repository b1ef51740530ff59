"""What a short utterance means that must be acted on at once: "stop", "louder", "say that again".

Only whole utterances count: "stop" is a reflex, "stop the timer" a request for the mind.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from ren_device import languages
from ren_device.languages.numbers import Numbers, NumberWords
from ren_device.languages.tables import table as table_of

_LONGEST = 10  # words; whoever says more means more
_FEW = 4  # words; more are seldom misheard so badly, and mean more
_ALIKE = 0.72  # "step" and "stop" are 0.75 alike, "stopped" is 0.73
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_NUMBER = "{minutes}"  # stands for any in the table
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")


@dataclass(frozen=True, slots=True)
class _Mind:
    """What is needed of mind.toml."""

    numbers: NumberWords


class Reflex(Enum):
    """In the order in which they are looked for; the values are the tables in voice.toml."""

    STOP = "stop"
    NEVER_MIND = "never_mind"
    LOUDER = "louder"
    QUIETER = "quieter"
    REPEAT = "repeat"
    SNOOZE = "snooze"
    """What rings is to ring again later; it may say in how many minutes."""
    BACKCHANNEL = "backchannel"
    """I am listening, go on: "mm-hm", a laugh, a cough."""


class Reflexes:
    """Those of a language: `[reflexes]` in its voice.toml."""

    def __init__(self, language: str) -> None:
        """Raises KeyError when the language's data lacks one."""
        table: dict[str, list[str]] = languages.read(language, "voice")["reflexes"]
        around = _phrases(table["around"])
        # "Right now" is no backchannel, so that one is not put in words of politeness.
        self._patterns = {
            each: _pattern(
                _phrases(table[each.value]), [] if each is Reflex.BACKCHANNEL else around
            )
            for each in Reflex
        }
        self._numbers = Numbers(table_of(language, "mind", _Mind).numbers)
        self._snooze_for = _pattern([f"{phrase} " for phrase in table["snooze_for"]], around)

        # A murmur is not to be guessed at: what is not one is what the person has to say.
        self._misheard = {
            each: [" ".join(_words(phrase)) for phrase in table[each.value]]
            for each in (Reflex.STOP, Reflex.LOUDER, Reflex.QUIETER, Reflex.REPEAT)
        }

    def of(self, transcript: str) -> Reflex | None:
        """The reflex that the whole of this is, spelled as recognisers spell it; else None.

        No words at all, such as of a cough, are a backchannel.
        """
        words = _words(transcript)
        if not words:
            return Reflex.BACKCHANNEL
        if len(words) > _LONGEST:
            return None
        said = "".join(f"{word} " for word in words)
        found = next((each for each in Reflex if self._patterns[each].fullmatch(said)), None)
        return found or (Reflex.SNOOZE if self.snooze_minutes(transcript) is not None else None)

    def snooze_minutes(self, transcript: str) -> float | None:
        """The minutes in "five more minutes", "snooze for ten minutes"; None where there are none.

        From 1 to 60; whoever wants more has the mind set it.
        """
        words = self._numbers.tokens(transcript)
        for at in range(len(words)):
            if (found := self._numbers.number_at(words, at)) is not None:
                minutes, end = found
                said = "".join(f"{word} " for word in (*words[:at], _NUMBER, *words[end:]))
                meant = 1 <= minutes <= 60 and self._snooze_for.fullmatch(said)
                return minutes if meant else None
        return None

    def nearly(self, transcript: str) -> Reflex | None:
        """The same, also where the recogniser has misheard a word or two: "Blouder", "Step".

        For what is said over an answer, where hardly anything else is so short.
        """
        if (found := self.of(transcript)) is not None:
            return found
        said = " ".join(_words(transcript))
        if len(said.split()) > _FEW:
            return None
        likeliest, alike = None, _ALIKE
        for reflex, phrases in self._misheard.items():
            for phrase in phrases:
                ratio = SequenceMatcher(None, said, phrase, autojunk=False).ratio()
                if ratio > alike:
                    likeliest, alike = reflex, ratio
        return likeliest


def _words(text: str) -> list[str]:
    """In lower case, without punctuation; "Mmmm-hmmm!" is `mm hmm`."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    return [_DRAWN_OUT.sub(r"\1\1", word) for word in words]


def _phrases(written: Iterable[str]) -> list[str]:
    phrases = ("".join(f"{word} " for word in _words(each)) for each in written)
    return sorted(phrases, key=len, reverse=True)


def _pattern(phrases: list[str], around: list[str]) -> re.Pattern[str]:
    """One or more of the phrases, and politeness; the utterance is short, so this is quick."""
    meant, either = "|".join(map(re.escape, phrases)), "|".join(map(re.escape, phrases + around))
    return re.compile(rf"(?:{either})*(?:{meant})(?:{either})*")

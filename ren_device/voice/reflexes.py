"""What a short utterance means that must be acted on at once: "stop", "louder", "say that again".

Only whole utterances count: "stop" is a reflex, "stop the timer" a request for the mind.
"""

import re
from collections.abc import Iterable
from enum import Enum

from ren_device import languages

_LONGEST = 10  # words; whoever says more means more
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,}")


class Reflex(Enum):
    """In the order in which they are looked for; the values are the tables in voice.toml."""

    STOP = "stop"
    NEVER_MIND = "never_mind"
    LOUDER = "louder"
    QUIETER = "quieter"
    REPEAT = "repeat"
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
        return next((each for each in Reflex if self._patterns[each].fullmatch(said)), None)


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

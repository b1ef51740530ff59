"""Does what a recogniser wrote down hold a phrase? Recognisers hear "hey jarvis" as "Ajardvis"."""

import re
from difflib import SequenceMatcher

ALIKE = 0.45
"""How alike the letters have to be, 0 to 1; generous, for an engine has half heard the phrase."""

_WORD = re.compile(r"[^\W\d_]+")


def likeness(transcript: str, phrase: str) -> float:
    """How much the piece of the transcript that is most like the phrase is like it, 0 to 1."""
    words = [word.lower() for word in _WORD.findall(transcript)]
    wanted = "".join(_WORD.findall(phrase.lower()))
    most = len(phrase.split()) + 3  # it may be torn
    pieces = (
        "".join(words[begin:end])
        for begin in range(len(words))
        for end in range(begin + 1, min(begin + most, len(words)) + 1)
    )
    ratios = (SequenceMatcher(None, each, wanted, autojunk=False).ratio() for each in pieces)
    return max(ratios, default=0.0)


def resembles(transcript: str, phrase: str) -> bool:
    """Whether the phrase was perhaps said."""
    return likeness(transcript, phrase) >= ALIKE

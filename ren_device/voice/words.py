"""What a transcript says about itself: is it a whole sentence, and does it begin with our name?"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from difflib import SequenceMatcher

from ren_device import languages

_ALIKE = 0.7  # "ajarvis", "a jarvis", "hey travis" are our name; "the harvest", "hey there" not
_WORD = re.compile(r"[\w']+")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A language's last words that say that more is to come: `[unfinished]` in its voice.toml."""

    words: frozenset[str] = frozenset()
    """A sentence that ends in one of these is not over, whatever its full stop says."""
    in_statements: frozenset[str] = frozenset()
    """These end a question ("what can you do?") but hardly anything else."""
    numbers: frozenset[str] = frozenset()
    """Number words; digits are always numbers."""
    before_numbers: frozenset[str] = frozenset()
    """A number that ends a sentence after one of these wants a unit ("for five")."""

    @classmethod
    def of(cls, code: str = "en") -> "Unfinished":
        """Those of a language."""
        table = languages.read(code, "voice")["unfinished"]
        return cls(**{each.name: frozenset(table[each.name]) for each in fields(cls)})


def sounds_complete(transcript: str, unfinished: Unfinished) -> bool:
    """Whether a person who stops after these words has most likely finished.

    A missing full stop says nothing: recognisers leave it out behind 4 % of whole sentences and 2 %
    of halves, and some never write one.
    """
    text = transcript.rstrip()
    words = _WORD.findall(text.lower())
    if not words:
        return False
    if text.endswith(("...", ",", "-")) or words[-1] in unfinished.words:
        return False
    if words[-1] in unfinished.in_statements and not text.endswith("?"):
        return False
    number = words[-1].isdigit() or words[-1] in unfinished.numbers
    return not (number and len(words) > 1 and words[-2] in unfinished.before_numbers)


def without_wake_phrase(transcript: str, phrases: Iterable[str]) -> str:
    """The transcript without a wake phrase at its beginning, however it was misheard."""
    found = list(_WORD.finditer(transcript))
    for phrase in phrases:
        most = min(len(found), len(phrase.split()) + 2)  # it may be torn: "hey, jar this"
        alike = [
            _alike([each.group().lower() for each in found[: n + 1]], phrase) for n in range(most)
        ]
        if max(alike, default=0.0) >= _ALIKE:
            rest = transcript[found[alike.index(max(alike))].end() :].lstrip(" ,.!?;:-")
            return rest[:1].upper() + rest[1:]
    return transcript.strip()


def _alike(words: list[str], phrase: str) -> float:
    """Where the words cannot be compared one by one, all letters are compared."""
    gap = " " if len(words) == len(phrase.split()) else ""
    wanted = phrase if gap else phrase.replace(" ", "")
    return SequenceMatcher(None, gap.join(words), wanted, autojunk=False).ratio()

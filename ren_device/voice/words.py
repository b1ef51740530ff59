"""What a transcript says about itself: is it a whole sentence, and does it begin with our name?"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

# A sentence that ends in one of these is not over, whatever the recogniser's full stop says.
_DANGLING = frozenset(
    "a an the my your our his her its their these those some any to for from of in at by with "
    "about into until till after before and or but so because if when while than as named called "
    "add set put remind start um uh er hmm like per every next half quarter".split()
)
# These end a question ("what can you do?") but hardly anything else.
_DANGLING_IN_STATEMENTS = frozenset(
    "this that is are was were be will would can could should shall may might must do does did "
    "have has had".split()
)
_ALIKE = 0.72  # "hey jervis", "hey travis", "a jarvis" are our name; "hey there" is not
_WORD = re.compile(r"[\w']+")


def sounds_complete(transcript: str) -> bool:
    """Whether a person who stops after these words has most likely finished."""
    words = _WORD.findall(transcript.lower())
    if not words or not transcript.rstrip().endswith((".", "!", "?")):
        return False
    if words[-1] in _DANGLING:
        return False
    if words[-1] in _DANGLING_IN_STATEMENTS and not transcript.rstrip().endswith("?"):
        return False
    # "set a timer for five" wants a unit.
    return not (len(words) > 1 and words[-1].isdigit() and words[-2] in {"for", "in", "of"})


def without_wake_phrase(transcript: str, phrases: Iterable[str]) -> str:
    """The transcript without a wake phrase at its beginning, however it was misheard."""
    found = list(_WORD.finditer(transcript))
    for phrase in phrases:
        length = len(phrase.split())
        if len(found) < length:
            continue
        opening = " ".join(match.group().lower() for match in found[:length])
        if SequenceMatcher(None, opening, phrase).ratio() >= _ALIKE:
            rest = transcript[found[length - 1].end() :].lstrip(" ,.!?;:-")
            return rest[:1].upper() + rest[1:]
    return transcript.strip()

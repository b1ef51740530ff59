"""Back from plain words to those that the person used: "jo's pin is 1234" was "Jo's PIN is 1234".

The offline mind understands plain text (see `heard`): lower case, without signs and fillers. What
it hands on to be kept should look as it was written.
"""

import re

from ren_device.assistant.heard import CONTRACTIONS

_WORD = re.compile(r"\S+")
_FILLERS = re.compile(r"[ ,]*\b(?:u+m+|u+h+|e+r+m*|h+m+)\b,?", re.IGNORECASE)


def own_words(original: str, plain: str) -> str:
    """The part of `original` that became `plain`; `plain` itself where it cannot be found.

    It is looked for from the end, where such parts stand.
    """
    written: list[tuple[str, re.Match[str]]] = [
        (word, found) for found in _WORD.finditer(original) for word in _plain_words(found[0])
    ]
    at = len(written)
    last = first = None
    for word in reversed(plain.split()):
        at -= 1
        while at >= 0 and written[at][0] != word:
            at -= 1
        if at < 0:
            return plain
        first = written[at][1]
        last = last or first
    if first is None or last is None:
        return plain
    part = original[first.start() : last.end()]
    return _FILLERS.sub("", part).strip(' \t\n,;:.!?"\u201c\u201d')


def _plain_words(word: str) -> list[str]:
    """What `heard.plain` makes of one word."""
    word = word.lower().replace("\u2019", "'").replace("%", " percent")
    word = re.sub(r"\b([ap])\.m\b\.?", r"\1m", word)
    word = re.sub(r"(?<!\d)[.:,]|[.:,](?!\d)|[^\w\s'.:]|_", " ", word)
    plain = " ".join(CONTRACTIONS.get(each.strip("'"), each.strip("'")) for each in word.split())
    return plain.split()

"""Back from plain words to those that the person used: "jo's pin is 1234" was "Jo's PIN is 1234".

The offline mind understands plain text (see `heard`): lower case, without signs and fillers. What
it hands on to be kept should look as it was written.
"""

import re

from ren_device.assistant.heard import Hearing

_WORD = re.compile(r"\S+")


def own_words(original: str, plain: str, hearing: Hearing) -> str:
    """The part of `original` that became `plain`; `plain` itself where it cannot be found.

    It is looked for from the end, where such parts stand.
    """
    written: list[tuple[str, re.Match[str]]] = [
        (word, found)
        for found in _WORD.finditer(original)
        for word in hearing.plain_words(found[0])
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
    return hearing.without_fillers(part).strip(' \t\n,;:.!?"\u201c\u201d\u201e')

"""Cuts a reply, while it is being written, into pieces to be spoken one after the other.

The first piece is a clause, so that sound begins early; the others are sentences, which sound
better whole.
"""

import re

_SHORTEST_CLAUSE = 4  # characters; "Yes," is worth speaking alone, "A," is not
_LONGEST_OPENING = 60  # a first clause without punctuation is cut before a small word after this
_LONGEST = 220  # and so is any sentence: synthesis time and memory grow with length

_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]]*\s+|\n+")
_CLAUSE_END = re.compile(r"[.!?…,;:—–]+[\"')\]]*\s+|\s[—–-]\s|\n+")
_SMALL_WORD = re.compile(
    r"\s(?=(?:and|but|or|so|because|which|that|when|while|if|as|is|are|was|in|on|at|for|with|from|"
    r"to|by|of)\s)",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:mr|mrs|ms|dr|prof|st|vs|etc|approx|fig|e\.g|i\.e|a\.m|p\.m|u\.s|u\.k)|\b[a-z])\.$",
    re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"(?:^|\n)\s*\d+\.$")

_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_BULLET = re.compile(r"^\s*(?:[-*+•]|#{1,6})\s+", re.MULTILINE)
_MARKUP = re.compile(r"[*_`#|~]+")
_FULL_HOUR = re.compile(r"\b(\d{1,2}):00(?=\s*[ap]\.?m\b)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


class ClauseCutter:
    """Feed it text as it comes; it gives back what can be spoken already."""

    def __init__(self) -> None:
        """Start of a reply."""
        self._text = ""
        self._spoke = False

    def feed(self, text: str) -> list[str]:
        """The pieces that this text completes, cleaned of markup, none of them empty."""
        self._text += text
        pieces: list[str] = []
        while (end := self._boundary()) is not None:
            self._take(end, pieces)
        return pieces

    def flush(self) -> list[str]:
        """What is left when the reply is over."""
        pieces: list[str] = []
        self._take(len(self._text), pieces)
        return pieces

    def _take(self, end: int, pieces: list[str]) -> None:
        piece = spoken_form(self._text[:end])
        self._text = self._text[end:]
        if piece:
            self._spoke = True
            pieces.append(piece)

    def _boundary(self) -> int | None:
        pattern = _SENTENCE_END if self._spoke else _CLAUSE_END
        for match in pattern.finditer(self._text):
            before = self._text[: match.end()].rstrip()
            if _ABBREVIATION.search(before) or _LIST_NUMBER.search(before):
                continue
            if len(before) < _SHORTEST_CLAUSE and not _SENTENCE_END.fullmatch(match.group()):
                continue
            return match.end()
        limit = _LONGEST if self._spoke else _LONGEST_OPENING
        if len(self._text) <= limit:
            return None
        cuts = [m.end() for m in _SMALL_WORD.finditer(self._text) if m.start() >= limit // 2]
        if cuts:
            return cuts[0]
        space = self._text.rfind(" ", 1)
        return space if len(self._text) > 2 * limit and space > 0 else None


def spoken_form(text: str) -> str:
    """The text without markup, in one line; empty when there is nothing to say."""
    text = _MARKUP.sub("", _BULLET.sub("", _LINK.sub(r"\1", text)))
    text = _FULL_HOUR.sub(r"\1", text)  # else it is "eleven zero zero p.m."
    text = _SPACE.sub(" ", text).strip()
    return text if any(character.isalnum() for character in text) else ""

"""Takes the markup out of a piece of text: what is left are words, with a stop where a line ended.

Every repetition in a pattern is bounded, so that no text takes long.
"""

import html
import re
from collections.abc import Mapping
from typing import Any

_FENCE = re.compile(r"```|~~~")
_RULE = re.compile(r"[\s|:=*_+-]*")  # under a heading, between table rows, or across the page
_OPENING = re.compile(r"(?:>\s?){1,5}|#{1,6}\s+|[-*+•‣▪·]\s+(?:\[[ xX]\]\s+)?")
_NUMBERED = re.compile(r"(\d{1,2})[.)]\s+(?=\S)")
_ENDED = re.compile(r"[.!?:;,…][\"'”’)\]*_`]{0,4}$")

_INLINE = (
    # links and images
    (re.compile(r"!?\[([^\[\]\n]{1,200})\]\((?:[^()\n]|\([^()\n]{0,80}\)){0,400}\)"), r"\1"),
    (re.compile(r"\[([^\[\]\n]{1,200})\]\[[^\[\]\n]{0,80}\]"), r"\1"),
    (re.compile(r"\[\^?\d{1,3}\]"), ""),  # footnotes
    (re.compile(r"<(https?://[^<>\s]{1,400})>"), r"\1"),
    (re.compile(r"</?[A-Za-z][^<>\n]{0,200}>"), " "),
)
_EMPHASIS = (
    (re.compile(r"(?<=\d)\s?[*·⋅]\s?(?=\d)"), " \u00d7 "),
    (re.compile(r"(?<=\w)_(?=\w)"), " "),
    (re.compile(r"[*_`\\]|~~"), ""),
)


def without_links(text: str) -> str:
    """Of links the words, of entities the characters, of tags nothing."""
    text = html.unescape(text)
    for pattern, words in _INLINE:
        text = pattern.sub(words, text)
    return text


class Lines:
    """Puts the lines of a text into one. It knows how far the numbered list in them has come."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        """`words` is speakable.toml: its `items` number a list."""
        self._words = words
        self._item = 0  # the last one of the list
        self._begins = True  # what comes next begins a line

    def in_one_line(self, text: str) -> str:
        """Headings, lists, tables and paragraphs as sentences one after the other."""
        lines = text.split("\n")
        last = len(lines) - 1  # what stands there may go on
        said = []
        for at, line in enumerate(lines):
            said.append(self._line(line.strip(), ended=at < last))
            self._begins = True
        self._begins = not lines[-1].strip()
        return " ".join(filter(None, said))

    def _line(self, line: str, *, ended: bool) -> str:
        if _FENCE.match(line) or _RULE.fullmatch(line):
            return ""
        if opening := _OPENING.match(line):
            line, ended = line[opening.end() :], True
        elif (number := _NUMBERED.match(line)) and self._is_item(line, int(number[1]), ended=ended):
            self._item = int(number[1])
            line, ended = f"{self._numbered()}, {line[number.end() :]}", True
        if line.startswith("|") or line.count("|") > 1:
            cells = (cell.strip() for cell in line.split("|"))
            line, ended = ", ".join(filter(None, cells)), True
        for pattern, instead in _EMPHASIS:
            line = pattern.sub(instead, line)
        line = line.strip()
        return f"{line}." if line and ended and not _ENDED.search(line[-6:]) else line

    def _is_item(self, line: str, number: int, *, ended: bool) -> bool:
        """A list begins with 1; where "1." is an ordinal too, only on a line of its own."""
        if line.split(maxsplit=2)[1].rstrip(".,") in self._words["date"]["months"]:
            return False
        if number == 1:
            return ended or not self._words["ordinals"]
        return self._begins and 0 < self._item == number - 1

    def _numbered(self) -> str:
        items: list[str] = self._words["items"]
        if self._item <= len(items):
            return items[self._item - 1]
        return str(self._words["item"]).format(number=self._item)

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
    (re.compile(r"(?<=\d)\s?\*\s?(?=\d)"), " \u00d7 "),
    (re.compile(r"(?<=\w)_(?=\w)"), " "),
    (re.compile(r"[*_`\\]|~~"), ""),
)


def without_links(text: str) -> str:
    """Of links the words, of entities the characters, of tags nothing."""
    text = html.unescape(text)
    for pattern, words in _INLINE:
        text = pattern.sub(words, text)
    return text


def in_one_line(text: str, words: Mapping[str, Any]) -> str:
    """Headings, lists, tables and paragraphs as sentences one after the other.

    `words` is speakable.toml: its `items` number a list.
    """
    lines = text.split("\n")
    last = len(lines) - 1  # what stands there may go on
    said = [_line(line.strip(), words, ended=at < last) for at, line in enumerate(lines)]
    return " ".join(filter(None, said))


def _line(line: str, words: Mapping[str, Any], *, ended: bool) -> str:
    if _FENCE.match(line) or _RULE.fullmatch(line):
        return ""
    if opening := _OPENING.match(line):
        line, ended = line[opening.end() :], True
    elif (number := _NUMBERED.match(line)) and not _is_date(line, words):
        line, ended = f"{_item(int(number[1]), words)}, {line[number.end() :]}", True
    if line.startswith("|") or line.count("|") > 1:
        cells = (cell.strip() for cell in line.split("|"))
        line, ended = ", ".join(filter(None, cells)), True
    for pattern, instead in _EMPHASIS:
        line = pattern.sub(instead, line)
    line = line.strip()
    return f"{line}." if line and ended and not _ENDED.search(line[-6:]) else line


def _item(number: int, words: Mapping[str, Any]) -> str:
    items: list[str] = words["items"]
    if 1 <= number <= len(items):
        return items[number - 1]
    return str(words["item"]).format(number=number)


def _is_date(line: str, words: Mapping[str, Any]) -> bool:
    """Where a day is written "3. Mai", it begins no list."""
    return line.split(maxsplit=2)[1].rstrip(".,") in words["date"]["months"]

"""What the patterns of written text have in common."""

import re
from collections.abc import Callable, Iterable

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]

ALONE = r"(?<![\w.,:/–-])"  # nothing before that would make it a part of something longer
ENDS = r"(?!\w|[.,:/-]\d)"
DASH = r"\s?[–-]\s?"


def any_of(literals: Iterable[str]) -> str:
    """A pattern for these, the longest first; for none of them, one that never matches."""
    return "|".join(map(re.escape, sorted(literals, key=len, reverse=True))) or r"(?!)"


def stop_of(match: re.Match[str]) -> str:
    """The full stop of the sentence, where what was matched ends in a full stop of its own."""
    return "." if match[0].endswith(".") and not match.string[match.end() :].strip() else ""

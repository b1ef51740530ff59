"""How many tokens a text is, about, without asking anybody.

A model's tokenizer is not on the device, so this counts what tokens are made of: runs of Latin
letters and, for the rest, the bytes that begin a character in UTF-8, each kind at its own price.
The prices lean to the high side, since a history that is a little short does no harm and one that
does not fit fails the turn. tests/assistant/test_tokens.py has the measured error.
"""

import re
from collections import Counter

MARK = "\n[…]\n"
"""Stands where the middle of a long text was left out."""

_WORD = re.compile(rb"[A-Za-z]+")
_WORD_PRICE = 0.6  # and each of its letters as below
_PRICES: tuple[tuple[str, int, int, float], ...] = (
    # what, first byte, last byte, tokens each; a continuation byte (80 to bf) costs nothing
    ("controls, tabs, line ends", 0x00, 0x1F, 1.0),
    ("spaces: part of the next word", 0x20, 0x20, 0.05),
    ("signs", 0x21, 0x7F, 0.85),
    ("digits", 0x30, 0x39, 0.8),
    ("capital letters", 0x41, 0x5A, 0.4),
    ("small letters", 0x61, 0x7A, 0.17),
    ("accented Latin, Greek", 0xC2, 0xCF, 1.25),
    ("Cyrillic", 0xD0, 0xD4, 0.7),
    ("Hebrew, Arabic and neighbours", 0xD5, 0xDF, 1.25),
    ("scripts of India and South East Asia, signs", 0xE0, 0xE2, 1.9),
    ("Chinese, Japanese, Korean", 0xE3, 0xEF, 1.45),
    ("emoji, rare characters", 0xF0, 0xFF, 3.0),
)
_OF_BYTE = [0.0] * 256
for _, _first, _last, _price in _PRICES:
    _OF_BYTE[_first : _last + 1] = [_price] * (_last + 1 - _first)


def tokens_in(text: str) -> int:
    """About how many tokens `text` is; empty text is 0."""
    if not text:
        return 0
    data = text.encode("utf-8", "replace")
    letters_and_signs = sum(_OF_BYTE[byte] * times for byte, times in Counter(data).items())
    return 1 + int(letters_and_signs + _WORD_PRICE * len(_WORD.findall(data)))


def shortened(text: str, most_tokens: int) -> str:
    """`text`, or its beginning and end with MARK between them, in at most `most_tokens`.

    `most_tokens` must leave room for the mark (10).
    """
    size = tokens_in(text)
    if size <= most_tokens:
        return text
    kept = len(text)
    while True:
        kept = min(kept * most_tokens // size, kept - 1)
        head = kept - kept // 2
        short = f"{text[:head]}{MARK}{text[len(text) - kept // 2 :]}"
        size = tokens_in(short)
        if size <= most_tokens or kept <= 0:
            return short

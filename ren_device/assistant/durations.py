"""Numbers and durations as people say them, in English words or digits.

Everything here is pure and strict: text that is not wholly understood gives None, so that the
mind can ask instead of guessing.
"""

import re
from collections.abc import Sequence

_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: value
    for value, word in zip(
        range(20, 100, 10),
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        strict=True,
    )
}
_UNIT_S = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_UNIT_NAMES = {
    spelling: unit
    for unit, spellings in {
        "second": "second seconds sec secs s",
        "minute": "minute minutes min mins m",
        "hour": "hour hours hr hrs h",
        "day": "day days",
        "week": "week weeks",
    }.items()
    for spelling in spellings.split()
}
_SMALLER_UNIT = {"hour": "minute", "minute": "second"}

_TOKEN = re.compile(r"\d+(?:[:.]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")


def tokens(text: str) -> list[str]:
    """The words and numbers of `text` in lower case; "5min" is two, "7:30" and "o'clock" one."""
    text = re.sub(r"\b([ap])\s?\.\s?m\b\.?", r"\1m", text.lower().replace("\u2019", "'"))
    text = re.sub(r"\b([ap]) m\b", r"\1m", text)
    return _TOKEN.findall(text)


def number_at(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """The number that begins at `start` and the index after it, else None.

    Knows digits ("90", "1.5"), words up to 999 ("two hundred and five"), "a hundred", and "point".
    """
    if start >= len(words):
        return None
    if re.fullmatch(r"\d+(\.\d+)?", words[start]):
        return float(words[start]), start + 1
    value, end = _cardinal_at(words, start)
    if end == start:
        return None
    if end + 1 < len(words) and words[end] == "point" and words[end + 1] in _ONES:
        return value + _ONES[words[end + 1]] / 10, end + 2
    return float(value), end


def _cardinal_at(words: Sequence[str], start: int) -> tuple[int, int]:
    """Like `number_at` for whole numbers in words; an end equal to `start` means none."""
    if words[start : start + 2] in (["a", "hundred"], ["one", "hundred"]):
        hundreds, end = 100, start + 2
    elif words[start] in _ONES and words[start + 1 : start + 2] == ["hundred"]:
        hundreds, end = _ONES[words[start]] * 100, start + 2
    else:
        return _below_hundred_at(words, start)
    follows = end + 1 if words[end : end + 1] == ["and"] else end
    rest, rest_end = _below_hundred_at(words, follows)
    return (hundreds + rest, rest_end) if rest_end > follows else (hundreds, end)


def _below_hundred_at(words: Sequence[str], start: int) -> tuple[int, int]:
    word = words[start] if start < len(words) else ""
    if word in _TENS:
        ones = _ONES.get(words[start + 1], 0) if start + 1 < len(words) else 0
        return (_TENS[word] + ones, start + 2) if 0 < ones < 10 else (_TENS[word], start + 1)
    return (_ONES[word], start + 1) if word in _ONES else (0, start)


def parse_number(text: str) -> float | None:
    """The number that `text` is, all of it, else None."""
    words = tokens(text)
    found = number_at(words, 0)
    return found[0] if found and found[1] == len(words) else None


def parse_duration(text: str) -> float | None:
    """Seconds, above 0, if `text` as a whole is a duration; None when it is not understood.

    "an hour and a half", "ninety seconds", "1h 20m", "two minutes thirty", "a couple of minutes"
    (two). "a few minutes" is not a duration: ask.
    """
    words = tokens(text)
    found = duration_at(words, 0)
    return found[0] if found and found[1] == len(words) else None


def find_duration(text: str) -> tuple[float, str] | None:
    """The first duration within `text` in seconds, and `text` without it, else None."""
    words = tokens(text)
    for start in range(len(words)):
        if found := duration_at(words, start):
            before = words[: start - 1] if start and words[start - 1] == "for" else words[:start]
            return found[0], " ".join([*before, *words[found[1] :]])
    return None


def duration_at(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """The longest duration that begins at `start` in seconds, and the index after it."""
    first = _part_at(words, start)
    if first is None:
        return None
    total, unit, end = first
    while True:
        follows = end + 1 if words[end : end + 1] == ["and"] else end
        part = _part_at(words, follows) or _bare_part_at(words, follows, unit)
        if part is None or _UNIT_S[part[1]] >= _UNIT_S[unit]:
            break
        total, unit, end = total + part[0], part[1], part[2]
    return (total, end) if total > 0 else None


def _part_at(words: Sequence[str], start: int) -> tuple[float, str, int] | None:
    """One quantity with its unit at `start`: seconds, unit, index after it."""
    quantity = _quantity_at(words, start)
    if quantity is None or quantity[1] >= len(words):
        return None
    count, end = quantity
    unit = _UNIT_NAMES.get(words[end])
    if unit is None:
        return None
    end += 1
    if (fraction := _and_fraction_at(words, end)) is not None:
        # "an hour and a half", but not "an hour and half a minute"
        follows = words[fraction[1] : fraction[1] + 1]
        if not follows or follows[0] not in {*_UNIT_NAMES, "a", "an", "of"}:
            count, end = count + fraction[0], fraction[1]
    return count * _UNIT_S[unit], unit, end


def _bare_part_at(words: Sequence[str], start: int, unit: str) -> tuple[float, str, int] | None:
    """The "thirty" of "two minutes thirty": a number in the next smaller unit, said last."""
    smaller = _SMALLER_UNIT.get(unit)
    number = number_at(words, start)
    if smaller is None or number is None or number[1] != len(words) or not 0 < number[0] < 60:
        return None
    return number[0] * _UNIT_S[smaller], smaller, number[1]


def _quantity_at(words: Sequence[str], start: int) -> tuple[float, int] | None:
    """How many: "two and a half", "half an", "a couple of", "three quarters of an", "a"."""
    for phrase, value in _QUANTITIES:
        end = start + len(phrase)
        if list(words[start:end]) == phrase and words[end : end + 1] != ["hundred"]:
            return value, end
    number = number_at(words, start)
    if number is None:
        # "set an hour and a half timer": the article was taken by the sentence
        return (1.0, 0) if start == 0 and words[1:2] == ["and"] else None
    count, end = number
    if (fraction := _and_fraction_at(words, end)) is not None:
        follows = words[fraction[1] : fraction[1] + 1]
        if follows and follows[0] in _UNIT_NAMES:
            return count + fraction[0], fraction[1]
    return count, end


def _and_fraction_at(words: Sequence[str], start: int) -> tuple[float, int] | None:
    for phrase, value in _FRACTIONS:
        if list(words[start : start + len(phrase)]) == phrase:
            return value, start + len(phrase)
    return None


_FRACTIONS = [
    (phrase.split(), value)
    for phrase, value in (
        ("and three quarters", 0.75),
        ("and a quarter", 0.25),
        ("and a half", 0.5),
        ("and half", 0.5),
    )
]
_QUANTITIES = [  # longest first
    (phrase.split(), value)
    for phrase, value in (
        ("three quarters of an", 0.75),
        ("three quarters of a", 0.75),
        ("a quarter of an", 0.25),
        ("quarter of an", 0.25),
        ("a couple of", 2.0),
        ("couple of", 2.0),
        ("half of an", 0.5),
        ("a couple", 2.0),
        ("a quarter", 0.25),
        ("half an", 0.5),
        ("half a", 0.5),
        ("a half", 0.5),
        ("quarter", 0.25),
        ("half", 0.5),
        ("an", 1.0),
        ("a", 1.0),
    )
]

"""Times of day as people say them: "half past seven", "7:30 pm", "noon"."""

import re
from collections.abc import Sequence

from ren_device.assistant.moment_words import MomentWords
from ren_device.assistant.phrases import Phrases
from ren_device.assistant.spoken import Spoken
from ren_device.languages.numbers import Numbers

_Clock = tuple[int, int, int, bool]
"""Hour, minute, the index after it, and whether it is surely a time of day."""


class ClockParts:
    """Finds times of day in one language."""

    def __init__(self, words: MomentWords, numbers: Numbers) -> None:
        """By these words."""
        self._words = words
        self._numbers = numbers
        self._part = Phrases(
            (" ".join((*before, *each.say)), None)
            for each in words.days
            if each.ahead is None
            for before in words.before_part
        )
        self._fractions = dict(words.fractions)
        self._near_hour = dict(words.near_hour)
        self.begins = frozenset(
            (
                *words.noon,
                *words.midnight,
                *words.article,
                *self._fractions,
                *self._near_hour,
            )
        )
        """The words, besides numbers, that a time of day begins with."""
        self._from_now = Phrases((each, None) for each in words.from_now)
        self._closers = Phrases((each, None) for each in words.closers)

    def at(
        self, words: Sequence[str], start: int, *, lone: bool, on_a_day: bool
    ) -> tuple[Spoken, int] | None:
        """The time of day at `start` and the index after it.

        `lone` lets a number alone be an hour; `on_a_day`, too, where nothing else can follow it.
        """
        if not self._numbers.may_begin_at(words, start, self.begins):
            return None
        twelve = self._numbers.number_at(words, start)
        if twelve and twelve[0] == 12 and words[start + 1 : start + 2]:
            start += words[start + 1] in self._words.noon | self._words.midnight
        if words[start] in self._words.noon:
            return Spoken(hour=12, certain=True), start + 1
        if words[start] in self._words.midnight:
            return Spoken(hour=0, certain=True, midnight=True), start + 1
        found = self._relative_at(words, start) or self._plain_at(words, start)
        if found is None:
            return None
        hour, minute, end, clear = found
        if words[end - 1] in self._words.noon | self._words.midnight:  # "a quarter to midnight"
            hour = hour if words[end - 1] in self._words.noon else (hour + 12) % 24
            return Spoken(hour=hour, minute=minute, certain=True), end
        written = False
        said_24h = re.fullmatch(r"0\d(?:[:.]?\d\d)?", words[start]) is not None
        if end < len(words) and words[end] in self._words.oclock:
            end, clear = end + 1, True
            if self._words.minutes_after_oclock and not minute:
                minute, end = self._minutes_at(words, end)
                written = minute > 0
        half = words[end] if end < len(words) else ""
        if half in self._words.am or half in self._words.pm:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half in self._words.pm else 0)
            spoken = Spoken(hour=hour, minute=minute, certain=True)
            return spoken, self._closers.end(words, end + 1)
        sure = clear or lone or self._part.at(words, end) is not None
        if not sure and not (on_a_day and (minute or self._may_end(words, end))):
            return None
        if not clear and minute == 0 and end < len(words) and words[end].isdecimal():
            return Spoken(trouble="ambiguous"), end + 1  # "at 6 5"
        certain = said_24h or hour > 12 or hour == 0
        spoken = Spoken(hour=hour, minute=minute, certain=certain, written=written)
        return spoken, self._closers.end(words, end)

    def _may_end(self, words: Sequence[str], at: int) -> bool:
        """Whether the number before is no "two" of "tomorrow two people come"."""
        following = words[at] if at < len(words) else ""
        return not following or following in self._words.openers | self._words.after_hour

    def _minutes_at(self, words: Sequence[str], start: int) -> tuple[int, int]:
        """The 30 of "sieben uhr dreißig". "um sieben uhr zwei tabletten" has no minutes."""
        found = self._small_number_at(words, start)
        if found and 0 < found[0] < 60 and (found[0] >= 10 or found[1] == len(words)):
            return found
        return 0, start

    def _relative_at(self, words: Sequence[str], start: int) -> _Clock | None:
        """Like "half past seven", "quarter to six", "ten to nine", "half seven"."""
        if direct := self._near_hour_at(words, start):
            return direct
        at = start + (words[start] in self._words.article)
        rough = False
        if at < len(words) and words[at] in self._fractions:
            minutes, at = self._fractions[words[at]], at + 1
        else:
            number = self._numbers.number_at(words, at)
            if number is None or not 0 < number[0] < 60 or number[0] % 1:
                return None
            minutes, at = int(number[0]), number[1]
            rough = minutes % 5 != 0
        if at < len(words) and words[at] in self._words.minutes:
            at, rough = at + 1, False
        way = words[at] if at < len(words) else ""
        if rough or way not in self._words.past | self._words.to:  # "from nine to five"
            return None
        minutes = minutes if way in self._words.past else -minutes
        if direct := self._near_hour_at(words, at + 1):  # "fünf vor halb acht"
            return _clock(direct[0], direct[1] + minutes, direct[2])
        hour = self._hour_at(words, at + 1)
        return _clock(hour[0], minutes, hour[1]) if hour else None

    def _near_hour_at(self, words: Sequence[str], start: int) -> _Clock | None:
        """So much before or after an hour: "half seven", "halb acht", "dreiviertel acht"."""
        start += start < len(words) and words[start] in self._words.article
        minutes = self._near_hour.get(words[start]) if start < len(words) else None
        hour = None if minutes is None else self._hour_at(words, start + 1)
        return _clock(hour[0], minutes or 0, hour[1]) if hour else None

    def _hour_at(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        if start < len(words) and words[start] in self._words.noon | self._words.midnight:
            return 12, start + 1
        number = self._numbers.number_at(words, start)
        if number is None or number[0] % 1 or not 1 <= number[0] <= 12:
            return None
        return int(number[0]), number[1]

    def _plain_at(self, words: Sequence[str], start: int) -> _Clock | None:
        """Like "7", "7:30", "730", "seven thirty", "seven oh 5"."""
        digits = re.fullmatch(r"(\d{1,2})[:.](\d{2})|(\d{1,2})(\d{2})", words[start])
        if digits:
            hour, minute = int(digits[1] or digits[3]), int(digits[2] or digits[4])
            clear = bool(digits[1])
            return (hour, minute, start + 1, clear) if hour < 24 and minute < 60 else None
        number = self._small_number_at(words, start)
        if number is None or number[0] > 23:
            return None
        hour, end = number
        zero = end < len(words) and words[end] in self._words.zero
        minutes = self._small_number_at(words, end + zero)
        if minutes and minutes[0] < 60 and (minutes[0] < 10) == zero:
            return hour, minutes[0], minutes[1], False
        if linked := self._linked_minutes_at(words, end):
            return hour, linked[0], linked[1], True
        return hour, 0, end, False

    def _linked_minutes_at(self, words: Sequence[str], at: int) -> tuple[int, int] | None:
        """Like "and thirty minutes", which is not "and thirty minutes later"."""
        if at >= len(words) or words[at] != self._numbers.words.linked:
            return None
        found = self._small_number_at(words, at + 1)
        if not found or not 0 < found[0] < 60 or found[1] >= len(words):
            return None
        if words[found[1]] not in self._words.minutes:
            return None
        end = found[1] + 1
        later = self._from_now.end(words, end) > end
        around = end < len(words) and words[end] in self._words.counted_around
        return None if later or around else (found[0], end)

    def _small_number_at(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        number = self._numbers.number_at(words, start)
        if number and number[0] < 100 and not number[0] % 1:
            return int(number[0]), number[1]
        return None


def _clock(hour: int, minutes: int, end: int) -> _Clock:
    """An hour from 1 to 12 and some minutes around it, on the same clock."""
    hours, minute = divmod(minutes, 60)
    return (hour + hours - 1) % 12 + 1, minute, end, True

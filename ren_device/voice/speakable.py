"""How written text is said: numbers, times, units, abbreviations, lists and markup become words.

It works on one piece of a reply at a time, as the clause cutter gives them. What the words are is
in the language's speakable.toml.
"""

import re
import unicodedata
from typing import Any

from ren_device import languages
from ren_device.voice.markup import Lines, without_links
from ren_device.voice.patterns import Rule, any_of, stop_of
from ren_device.voice.spoken_numbers import SpokenNumbers

_REPEATED = re.compile(r"([^\w\s])\1{3,}+")
_ALIKE = str.maketrans("\u2212\u2044\u2011\u00a0", "-/- ")
_THIN_SPACE = re.compile(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}(?!\d))")
_URL = re.compile(
    r"(?:https?://(?:www\.)?|www\.)([\w.-]{1,100}\w)(?::\d{1,5})?(?:[/?#][^\s<>]{0,400})?"
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@(?=[\w-]{1,64}\.)")
_DOT = re.compile(r"(?<=[a-z0-9])\.(?=[a-z]{2})")  # in a name such as example.com
_SLASHED = re.compile(r"(?<![\w/])([^\W\d_A-Z]{2,20})/([^\W\d_A-Z]{2,20})(?![\w/])")
_CAPITALS = re.compile(r"(?<!\w)[^\W\d_a-zß]{1,20}(?:[ ,]{1,2}[^\W\d_a-zß]{1,20}){2,30}+(?!\w)")
_WORD = re.compile(r"\w+")

_PUNCTUATION = frozenset(" .,;:!?'\"()-/\u2018’“”„«»¿¡")
_VARIATIONS = ("\ufe00", "\ufe0f")  # choose between the text and the picture of a character
_TIDY = (
    (re.compile(r"(?:…|\.{2,3})(?=[\s\"'”’)]{0,4}$)"), "."),
    (re.compile(r"…|\.{2,3}"), ", "),
    (re.compile(r"—|–|--|(?<=\s)[-/](?=\s)"), ", "),
    (re.compile(r"(?<=\d)-(?=\d)|/"), " "),
)
_SPACES = (
    (re.compile(r"\s+"), " "),
    (re.compile(r"\( | (?=\))|\(\)"), ""),
    (re.compile(r" (?=[,.;:!?])"), ""),
    (re.compile(r"[,;:]+(?=[,;:.!?])"), ""),
    (re.compile(r"([.!?])[.!]+"), r"\1"),
    (re.compile(r"^[\s,;:.!?)-]+|[\s(-]+$"), ""),
)


class Speakable:
    """For one language. Called with a piece of text, it gives what is to be said."""

    def __init__(self, language: str) -> None:
        """Raises KeyError when the language's data lacks something."""
        words = languages.read(language, "speakable")
        self._words = words
        self._small_words = frozenset(words["small_words"])
        self._symbols: dict[str, str] = words["symbols"]
        self._numbers = SpokenNumbers(words)
        self._lines = Lines(words)
        self._sayable = _Sayable()
        self._before_numbers: list[Rule] = [
            *_literals(words["replacements"], before=r"(?<![\w/])", after=r"(?!\w|/)"),
            (
                re.compile(rf"(?<![\w.,]){re.escape(words['decimal'])}(?=\d)"),
                lambda match: f"0{match[0]}",
            ),
            (re.compile(r"#(?=\d)"), lambda _: f"{words['number']} "),
            (re.compile(r"(?<=\d) ?[xX] ?(?=\d)"), lambda _: f" {words['by']} "),
            (re.compile(r"(?<=\d) / (?=\d)"), lambda _: f" {words['divided']} "),
        ]
        self._after_numbers: list[Rule] = [
            *_ones(words["one"], words["fractions"]["said"]["1/2"]),
            *_in_addresses(words["in_addresses"]),
            *_literals(words["before_number"], before=r"(?<!\w)", after=r"(?=\s?\d)"),
            *_literals(words["before_name"], before=r"(?<!\w)", after=r"(?=\s[^\W\d_a-z])"),
            *_literals(words["abbreviations"], before=r"(?<![\w.])(?<!\d,)", after=r"(?!\w)"),
            (_SLASHED, lambda match: f"{match[1]} {words['or']} {match[2]}"),
            (re.compile(any_of(self._symbols)), lambda match: f" {self._symbols[match[0]]} "),
            (_CAPITALS, self._unshouted),
        ]

    def __call__(self, text: str) -> str:
        """One line without markup, empty when there is nothing to say; never raises."""
        text = _REPEATED.sub(r"\1", unicodedata.normalize("NFC", text))
        text = _THIN_SPACE.sub("", text).translate(_ALIKE)
        text = self._lines.in_one_line(self._without_addresses(without_links(text)))
        for pattern, say in self._before_numbers:
            text = pattern.sub(say, text)
        text = self._numbers.in_words(text)
        for pattern, say in self._after_numbers:
            text = pattern.sub(say, text)
        for pattern, instead in _TIDY:
            text = pattern.sub(instead, text)
        text = text.translate(self._sayable)
        for pattern, instead in _SPACES:
            text = pattern.sub(instead, text)
        return text if any(map(str.isalnum, text)) else ""

    def _without_addresses(self, text: str) -> str:
        at, dot = f" {self._words['at']} ", f" {self._words['dot']} "
        text = _MAIL.sub(lambda match: match[0][:-1].replace(".", dot) + at, text)
        return _DOT.sub(dot, _URL.sub(r"\1", text))

    def _unshouted(self, match: re.Match[str]) -> str:
        words = _WORD.findall(match[0].lower())
        return match[0].lower() if self._small_words.intersection(words) else match[0]


def _literals(words: dict[str, str], *, before: str, after: str) -> list[Rule]:
    def say(match: re.Match[str]) -> str:
        return words[match[0]] + stop_of(match)

    return [(re.compile(f"{before}(?:{any_of(words)}){after}"), say)] if words else []


def _in_addresses(words: dict[str, str]) -> list[Rule]:
    """Behind a number and a name, before the next sentence: "12 Main St. The shop"."""
    street = (
        rf"(?<!\w)(\d{{1,5}} (?:[^\W\d_a-z]\w{{1,20}} ){{1,3}})({any_of(words)})(?=\s[^\W\d_a-z])"
    )
    return [(re.compile(street), lambda match: f"{match[1]}{words[match[2]]}.")]


def _ones(kinds: list[dict[str, Any]], half: str) -> list[Rule]:
    """Where "1" and a half are said by the noun behind: "ein Uhr", "eine halbe Stunde"."""
    rules: list[Rule] = []
    for kind in kinds:

        def say(match: re.Match[str], kind: dict[str, Any] = kind) -> str:
            after = f"{match['after']} " if match["after"] else ""
            return after + str(kind["inflected" if after else "said"][match["one"] != "1"])

        after = any_of(kind["after"])
        rules.append(
            (
                re.compile(
                    rf"(?:(?<!\w)(?P<after>{after}) )?(?<![\w.,:/–-])(?<!\d )(?P<one>1|{half})"
                    rf"(?=\s(?:{any_of(kind['nouns'])})(?!\w))"
                ),
                say,
            )
        )
    return rules


class _Sayable(dict[int, str]):
    """For str.translate: letters with their marks, digits, and common punctuation; no emoji."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        mark = category in ("Mn", "Mc") and not _VARIATIONS[0] <= character <= _VARIATIONS[1]
        sayable = mark or category[0] in "LN" or character in _PUNCTUATION
        self[code] = character if sayable else " "
        return self[code]

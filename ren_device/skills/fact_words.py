"""Facts in words: tidied for keeping, compared, found by what they are about, and told back."""

import re
import unicodedata
from collections.abc import Sequence

from ren_device.skills.speakable import capitalised

LONGEST = 200
"""Characters of one fact."""

_SMALL = frozenset(
    "a an the my our your his her their its i we you me us he she they it this that these those "
    "is are was were am be been being has have had do does did to of in on at for and or about "
    "with what when where who how said told one thing things".split()
)
"""Words that do not say what a fact is about."""
_TO_LISTENER = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "am": "are",
    "i'm": "you're", "i've": "you've", "i'd": "you'd", "i'll": "you'll",
}  # fmt: skip
_PRONOUN = re.compile(
    r"\b(?:i was|i['\u2019](?:m|ve|d|ll)|i|me|my|mine|myself|am)\b", re.IGNORECASE
)
_LISTENER = re.compile(r"\b(?:you|your|yours|yourself|you['\u2019]\w+)\b", re.IGNORECASE)
_WISH = re.compile(r"(?:please|call|always|never|use|speak|talk|do not|don't)\b", re.IGNORECASE)


def tidy(text: str) -> str:
    """In one line, without control characters and without a full stop or quotes around it."""
    text = "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)
    return " ".join(text.split()).lstrip('"\u201c ').rstrip('"\u201d .!,;')


def words_of(text: str) -> list[str]:
    """Its words and numbers in small letters; apostrophes stay within a word."""
    text = text.casefold().replace("\u2019", "'")
    return re.findall(r"\d+(?:[.:,]\d+)+|\w+(?:'\w+)*", text)


def same(one: str, other: str) -> bool:
    """Whether two facts differ in nothing but letter case, signs and spaces."""
    return words_of(one) == words_of(other)


def about(facts: Sequence[str], topic: str) -> list[int]:
    """Where the facts stand that `topic` may mean: it alone, word for word, or all with its words.

    Empty when the topic has no word that says anything, unless a fact is just that.
    """
    exact = [index for index, fact in enumerate(facts) if same(fact, topic)]
    wanted = _telling(topic)
    if exact or not wanted:
        return exact
    return [index for index, fact in enumerate(facts) if wanted <= _telling(fact)]


def told_back(fact: str) -> str:
    """The fact as it is said to the person who told it: "my dog" is "your dog".

    What speaks to Ren ("your name is", "call me") is quoted: it cannot be turned around safely.
    """
    if _LISTENER.search(fact) or _WISH.match(fact):
        return f'you said "{fact}"'

    def turned(word: re.Match[str]) -> str:
        said = word[0].lower().replace("\u2019", "'")
        return "you were" if said == "i was" else _TO_LISTENER[said]

    return _PRONOUN.sub(turned, fact)


def sentence(fact: str) -> str:
    """The fact told back, as a sentence of its own."""
    told = capitalised(told_back(fact))
    return told if told.endswith(("?", ".")) else f"{told}."


def _telling(text: str) -> set[str]:
    """The words that say what it is about, each in one form."""
    return {_one_form(word) for word in words_of(text) if word not in _SMALL}


def _one_form(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("'")
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word

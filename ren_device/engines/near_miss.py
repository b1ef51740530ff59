"""Finds the sentence of a grammar that is closest to what was heard, word by word.

A recogniser's mistakes are single words: one that sounds alike, one too many, one torn in two. A
shortest-path search walks the words heard through the graph of all sentences; each mistake has a
price. What it finds is a *corrected sentence*, which then has to match like any other.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import Protocol

from rapidfuzz import fuzz, process

from ren_device.engines.word_graph import START, WordGraph

_SKIP, _SKIP_SMALL = 1.0, 0.3
_LOST_SMALL, _SWAP_SMALL = 0.35, 0.4
_SOUNDS_LIKE = 0.3
_FREE_WORD = 0.02  # so that a literal word is preferred to a free one
_TORN = 0.1  # "time er" for "timer"
_ALIKE = 68.0  # percent; less is another word
_ALIKE_UNIT = 84.0
_ALIKE_TORN = 85.0
_KNOWN_WORD = 0.25  # more to believe that a word of the grammar was another one
_WORDS_KEPT = 500
_PRICE = 0.015  # for each percent that is missing
_MOST_STEPS = 6000  # a bound for long chatter; real sentences need some hundred

_DIGITS = re.compile(r"\d+(?:[:.]\d+)*[a-z]*")


class SlotWords(Protocol):
    """Which words may stand in a slot, and what kinds of words there are."""

    @property
    def numbers(self) -> frozenset[str]:
        """Never corrected to, unless by another one."""

    @property
    def units(self) -> frozenset[str]:
        """Only corrected to when nearly so."""

    @property
    def small(self) -> frozenset[str]:
        """Words that say little: cheap to skip, to swap for one another, or to have lost."""

    def allowed(self, slot: str) -> frozenset[str] | None:
        """The words, or None when any will do."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A sentence of the grammar, how much was wrong, and how many words speak for it."""

    text: str
    cost: float
    evidence: int

    @property
    def score(self) -> float:
        """0 to 100; 100 is no mistake at all. A single word has to be clearer than many."""
        doubt = self.cost / max(self.evidence, 1)
        return max(0.0, 100.0 * (1.0 - (2 * doubt if self.evidence == 1 else doubt)))


@dataclass(frozen=True, slots=True)
class _Path:
    """One word of a corrected sentence and what came before; shared between paths."""

    word: str
    evidence: int
    before: "_Path | None"

    def words(self) -> Iterator[str]:
        if self.before is not None:
            yield from self.before.words()
        if self.word:
            yield self.word


class NearMisses:
    """The search, over one graph."""

    def __init__(
        self, graph: WordGraph, slots: SlotWords, sounds_like: Mapping[str, Iterable[str]]
    ) -> None:
        """`sounds_like` has, for each word, what a recogniser may write instead."""
        self._graph = graph
        self._small_words = slots.small
        self._edges: dict[int, dict[str, list[int]]] = {}
        for state, edges in graph.words.items():
            by_word: dict[str, list[int]] = {}
            for word, to in edges:
                by_word.setdefault(word, []).append(to)
            self._edges[state] = by_word
        self._small = {
            state: [(word, to) for word, to in edges if word in slots.small]
            for state, edges in graph.words.items()
        }
        names = {name for edges in graph.slots.values() for name, _ in edges}
        self._allowed = {name: slots.allowed(name) for name in names}
        vocabulary = graph.vocabulary().union(*(words or () for words in self._allowed.values()))
        self.vocabulary = frozenset(vocabulary)
        self._spelled = sorted(vocabulary)
        self._sounds = {word: _sound(word) for word in self._spelled}
        self._never_guessed, self._units = slots.numbers, slots.units
        self._prices: dict[str, dict[str, float]] = {}  # of words heard lately
        self._mistaken: dict[str, set[str]] = {}
        for word, others in sounds_like.items():
            for other in others:
                self._mistaken.setdefault(other, set()).add(word)

    def search(self, text: str, least_score: float) -> Iterator[Correction]:
        """Corrections of `text`, cheapest first, none with a lower score."""
        words = text.split()
        alike = [self._alike(word) for word in words]
        torn = [self._joined(first, second) for first, second in pairwise(words)] + [{}]
        hopes = [0] * (len(words) + 2)  # how many of the words to come may speak for a sentence
        for at in reversed(range(len(words))):
            hopeful = alike[at] or torn[at] or _DIGITS.fullmatch(words[at])
            hopes[at] = hopes[at + 1] + bool(hopeful)
        price_of_doubt = 1.0 - least_score / 100.0
        queue: list[tuple[float, int, int, int, str, _Path]] = []
        seen: set[tuple[int, int, str]] = set()
        count = 0

        def push(cost: float, at: int, state: int, slot: str, path: _Path) -> None:
            nonlocal count
            most_cost = price_of_doubt * (path.evidence + hopes[at])
            if cost <= most_cost and (at, state, slot) not in seen:
                count += 1
                heappush(queue, (cost, count, at, state, slot, path))

        push(0.0, 0, START, "", _Path("", 0, None))
        while queue and count < _MOST_STEPS:
            cost, _, at, state, slot, path = heappop(queue)
            if (at, state, slot) in seen:
                continue
            seen.add((at, state, slot))
            for word, to in self._small[state]:
                push(cost + _LOST_SMALL, at, to, "", _Path(word, path.evidence, path))
            if at == len(words):
                if state in self._graph.ends:
                    yield Correction(" ".join(path.words()), cost, path.evidence)
                continue
            edges = self._edges[state]
            for prices, step in ((alike[at], 1), (torn[at], 2)):
                for word in edges if len(edges) < len(prices) else prices:
                    if word in edges and word in prices:
                        next_path = _Path(word, path.evidence + 1, path)
                        for to in edges[word]:
                            push(cost + prices[word], at + step, to, "", next_path)
            heard = words[at]
            if not slot or self._allowed[slot] is None:  # "a few minutes" is not "a minute"
                skip = _SKIP_SMALL if heard in self._small_words else _SKIP
                push(cost + skip, at + 1, state, slot, path)
            inside = [(slot, state)] if slot else []
            for name, to in [*self._graph.slots[state], *inside]:
                known = self._allowed[name] is not None
                for word, price in self._in_slot(name, heard, alike[at]):
                    next_path = _Path(word, path.evidence + known, path)
                    push(cost + price, at + 1, to, name, next_path)

    def _in_slot(
        self, slot: str, heard: str, alike: dict[str, float]
    ) -> Iterator[tuple[str, float]]:
        allowed = self._allowed[slot]
        if allowed is None:
            yield heard, _FREE_WORD
        elif heard in allowed or _DIGITS.fullmatch(heard):
            yield heard, 0.0
        else:
            for word in alike.keys() & allowed:
                if word not in self._small_words:
                    yield word, alike[word]

    def _alike(self, heard: str) -> dict[str, float]:
        """The words of the grammar that may have been meant, with the price of believing it."""
        if heard in self._prices:
            return self._prices[heard]
        prices: dict[str, float] = {}
        if not _DIGITS.fullmatch(heard):
            for word, percent, _ in process.extract(
                heard, self._spelled, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=None
            ):
                if word in self._never_guessed:
                    continue
                if word not in self._units or percent >= _ALIKE_UNIT:
                    prices[word] = (100.0 - percent) * _PRICE
            for _, percent, word in process.extract(
                _sound(heard), self._sounds, scorer=fuzz.ratio, score_cutoff=80, limit=None
            ):
                # a sound of one or two letters says little
                weight = 0.9 if len(self._sounds[word]) > 2 else 0.7
                price = (100.0 - percent * weight) * _PRICE
                if word not in self._never_guessed and word not in self._units:
                    prices[word] = min(price, prices.get(word, 9.0))
        known = heard in self._sounds
        if known:
            prices = {word: price + _KNOWN_WORD for word, price in prices.items()}
        if heard in self._small_words:
            prices.update((word, _SWAP_SMALL) for word in self._small_words)
        for word in self._mistaken.get(heard, ()):
            prices[word] = min(_SOUNDS_LIKE, prices.get(word, 9.0))
        prices.pop(heard, None)
        if known:
            prices[heard] = 0.0
        if len(self._prices) >= _WORDS_KEPT:
            self._prices.clear()
        self._prices[heard] = prices
        return prices

    def _joined(self, first: str, second: str) -> dict[str, float]:
        """The words that were torn in two: "time or" for "timer"."""
        prices = dict.fromkeys(self._mistaken.get(f"{first} {second}", ()), _SOUNDS_LIKE)
        for word, percent, _ in process.extract(
            first + second, self._spelled, scorer=fuzz.ratio, score_cutoff=_ALIKE_TORN, limit=None
        ):
            prices[word] = _TORN + (100.0 - percent) * _PRICE
        return prices


def _sound(word: str) -> str:
    """A rough spelling of how a word sounds: one sign for all vowels, one for letters alike."""
    word = word.replace("'", "").replace("ph", "f").replace("ck", "k").replace("gh", "")
    word = re.sub(r"(?<=[a-z])h", "", word)
    word = word.translate(str.maketrans("czqdbvy", "kskptfa"))
    word = re.sub(r"[aeiouw]+", "a", word)
    return re.sub(r"(.)\1+", r"\1", word)

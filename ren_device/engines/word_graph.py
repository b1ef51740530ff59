"""The sentences of a grammar as a graph of words, walked by the search for near misses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)

START = 0


@dataclass(slots=True)
class WordGraph:
    """States are numbers, `START` the first; each has edges by word and by slot.

    Built from templates: `add` each, then `finish`. `words[state]` are (word, next state) pairs,
    `slots[state]` are (slot list name, next state) pairs, `ends` are the states in which a
    sentence may end.
    """

    words: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    slots: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    ends: set[int] = field(default_factory=set)
    _raw: list[list[tuple[str, int]]] = field(default_factory=lambda: [[]])
    _raw_ends: set[int] = field(default_factory=set)

    def add(self, sentence: Sentence, rules: Mapping[str, Sentence]) -> None:
        """Take in one template."""
        self._raw_ends.add(self._build(sentence.expression, START, rules))

    def finish(self) -> None:
        """Join letters to words, and templates that begin alike to one path.

        Edges of `_raw` are pieces of text, "" or "{slot}". A state of the finished graph stands for
        all places in templates that the same words and slots lead to, so that the search walks
        them once.
        """
        places: dict[int, list[tuple[str, str, int]]] = {}
        states = {frozenset((START,)): START}
        waiting = [frozenset((START,))]
        while waiting:
            here = waiting.pop()
            edges: dict[tuple[str, str], set[int]] = {}
            for place in here:
                if place not in places:
                    places[place] = list(self._explore(place, ""))
                for kind, text, to in places[place]:
                    edges.setdefault((kind, text), set()).add(to)
            state = states[here]
            self.words[state], self.slots[state] = [], []
            for (kind, text), to_places in edges.items():
                if kind == "end":
                    self.ends.add(state)
                    continue
                there = frozenset(to_places)
                if there not in states:
                    states[there] = len(states)
                    waiting.append(there)
                (self.words if kind == "word" else self.slots)[state].append((text, states[there]))
        self._raw.clear()

    def vocabulary(self) -> set[str]:
        """Every literal word."""
        return {word for edges in self.words.values() for word, _ in edges}

    def _explore(self, state: int, prefix: str) -> Iterator[tuple[str, str, int]]:
        if state in self._raw_ends:
            yield ("word", prefix, state) if prefix else ("end", "", state)
        for piece, to in self._raw[state]:
            if piece == " ":
                if prefix:
                    yield "word", prefix, to
                else:
                    yield from self._explore(to, "")
            elif piece.startswith("{"):
                if not prefix:  # a slot within a word, such as {number}%, is no use here
                    yield "slot", piece[1:], to
            else:
                yield from self._explore(to, prefix + piece)

    def _new_state(self) -> int:
        self._raw.append([])
        return len(self._raw) - 1

    def _edge(self, start: int, piece: str, end: int | None = None) -> int:
        end = self._new_state() if end is None else end
        self._raw[start].append((piece, end))
        return end

    def _build(self, part: Expression, start: int, rules: Mapping[str, Sentence]) -> int:
        """Add edges for `part` from `start` on; the state in which it ends."""
        if isinstance(part, TextChunk):
            for index, word in enumerate(part.text.lower().split(" ")):
                start = self._edge(start, " ") if index else start
                start = self._edge(start, word) if word else start
            return start
        if isinstance(part, ListReference):
            return self._edge(start, "{" + part.list_name)
        if isinstance(part, RuleReference):
            return self._build(rules[part.rule_name].expression, start, rules)
        if isinstance(part, Alternative):
            end = self._new_state()
            for item in part.items:
                self._edge(self._build(item, start, rules), "", end)
            return end
        if isinstance(part, Permutation):
            end = self._new_state()
            for item, rest in part.iterate_permutations():
                after = self._edge(self._build(item, start, rules), " ")
                self._edge(self._build(rest, after, rules) if rest.items else after, "", end)
            return end
        if isinstance(part, Group):
            for item in part.items:
                start = self._build(item, start, rules)
            return start
        raise TypeError(f"an unknown part of a sentence template: {part}")

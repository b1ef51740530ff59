"""Finds the devices that are meant by what a person says: "the kitchen light", "all lights"."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ren_device.languages.tables import Pattern, Rewrites, WordSet, rewritten, table
from ren_device.model import Accessory


@dataclass(frozen=True, slots=True)
class _NameWords:
    """The table [names]; see languages/en/home.toml for what each is."""

    same: tuple[tuple[str, str], ...]
    fillers: WordSet
    rewrites: Rewrites
    compounds: Rewrites
    linked: Pattern
    all: Pattern
    universal: Pattern
    plurals: WordSet
    singular: Rewrites
    places: tuple[tuple[str, int], ...]
    light: str


@dataclass(frozen=True, slots=True)
class _Tables:
    names: _NameWords
    kinds: Mapping[str, WordSet]


@dataclass(frozen=True, slots=True)
class Found:
    """The devices that fit. Several that are not `plural` are too many: one was meant.

    `exact` is a name that was said as it is; `whole_room` a room without saying what in it;
    `universal` means everything there is.
    """

    accessories: tuple[Accessory, ...] = ()
    plural: bool = False
    exact: bool = False
    whole_room: bool = False
    universal: bool = False

    @property
    def unclear(self) -> bool:
        """Whether it has to be asked which one was meant."""
        return len(self.accessories) > 1 and not self.plural


class Names:
    """Finds devices by what they are called in one language."""

    def __init__(self, language: str = "en") -> None:
        """By home.toml of this language."""
        tables = table(language, "home", _Tables)
        self._words, self._kinds = tables.names, tables.kinds
        self._same = dict(self._words.same)
        self._places = dict(self._words.places)

    def find(self, accessories: Iterable[Accessory], said: str) -> Found:
        """The devices meant by `said`: a name, a room, a kind of device, or several, with "and"."""
        there = tuple(accessories)
        found = self._find(there, said)
        if found.accessories or not self._words.linked.search(said):
            return found
        parts = [self._find(there, part) for part in self._words.linked.split(said) if part]
        if not parts or any(not part.accessories or part.unclear for part in parts):
            return Found()
        kinds = {
            each.service_type for part in parts if not part.whole_room for each in part.accessories
        }
        narrowed = [_narrowed(part, kinds) if part.whole_room and kinds else part for part in parts]
        if not all(part.accessories for part in narrowed):
            return Found()
        meant = {each.id for part in narrowed for each in part.accessories}
        united = tuple(each for each in there if each.id in meant)
        return Found(united, plural=True, whole_room=not kinds)

    def _find(self, there: Sequence[Accessory], said: str) -> Found:
        text = self._plain(said)
        if self._words.universal.fullmatch(text):
            return Found(tuple(there), plural=True, universal=True)
        said_words = self._meaningful(text)
        if not said_words:
            return Found()
        every = self._words.all.search(text) is not None
        named = tuple(
            each for each in there if said_words == self._meaningful(self._plain(each.name))
        )
        called = named or tuple(each for each in there if set(said_words) == self._own_words(each))
        if called and not every:
            return Found(called, exact=True)
        wanted = self._singular(said_words)
        room = tuple(each for each in there if wanted == self._singular(self._room_words(each)))
        if room:
            return Found(room, plural=True, whole_room=True)
        fitting = self._fitting(there, wanted)
        place = next((word for word in said_words[:-1] if word in self._places), None)
        if not fitting and place:
            among = self._fitting(there, wanted - {place})
            return Found(among[self._places[place] :][:1])
        return Found(fitting, every or not self._words.plurals.isdisjoint(said_words))

    def _fitting(self, there: Sequence[Accessory], wanted: set[str]) -> tuple[Accessory, ...]:
        """Those whose name, room and kind have all these words.

        Names go before kinds, so that "the curtains" are not the blinds; "light" is a kind in any
        case.
        """
        own = {each.id: self._singular(self._own_words(each)) for each in there}
        by_name = tuple(each for each in there if wanted <= own[each.id] | self._if_light(each))
        return by_name or tuple(
            each for each in there if wanted <= own[each.id] | self._kind_words(each)
        )

    def _own_words(self, accessory: Accessory) -> set[str]:
        return set(self._meaningful(self._plain(accessory.name))) | self._room_words(accessory)

    def _room_words(self, accessory: Accessory) -> set[str]:
        return set(self._meaningful(self._plain(accessory.room)))

    def _kind_words(self, accessory: Accessory) -> frozenset[str]:
        kind = accessory.service_type
        return self._kinds.get(kind, frozenset(kind.split("_")))

    def _if_light(self, accessory: Accessory) -> set[str]:
        return {self._words.light} if accessory.service_type == "lightbulb" else set()

    def _plain(self, said: str) -> str:
        text = rewritten(said.casefold(), self._words.rewrites)
        text = " ".join(re.sub(r"[^\w\s]|_", " ", text).split())
        return rewritten(text, self._words.compounds)

    def _meaningful(self, plain: str) -> list[str]:
        """`all the lamps in room two` is `lamps room 2`."""
        return [
            self._same.get(word, word) for word in plain.split() if word not in self._words.fillers
        ]

    def _singular(self, words: Iterable[str]) -> set[str]:
        """Good enough to compare by: what is cut off wrongly is cut off on both sides."""
        return {rewritten(word, self._words.singular) for word in words}


def _narrowed(room: Found, kinds: set[str]) -> Found:
    """Of a room only what was named beside it: "the kitchen and the hall lights"."""
    wanted = kinds - {"outlet", "switch"} or {"lightbulb"}
    return Found(tuple(each for each in room.accessories if each.service_type in wanted))

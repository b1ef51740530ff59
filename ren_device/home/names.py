"""Finds the devices that are meant by what a person says: "the kitchen light", "all lights"."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ren_device.model import Accessory

_KINDS: dict[str, frozenset[str]] = {
    "lightbulb": frozenset("light lamp bulb".split()),
    "outlet": frozenset("outlet plug socket".split()),
    "switch": frozenset(["switch"]),
    "fan": frozenset(["fan"]),
    "thermostat": frozenset("thermostat heating heater heat radiator temperature".split()),
    "lock": frozenset("lock door".split()),
    "window_covering": frozenset("blind curtain shade shutter drape".split()),
    "temperature_sensor": frozenset("temperature thermometer sensor".split()),
    "humidity_sensor": frozenset("humidity sensor".split()),
    "contact_sensor": frozenset(["sensor"]),
    "motion_sensor": frozenset("motion movement sensor".split()),
    "occupancy_sensor": frozenset("occupancy sensor".split()),
    "leak_sensor": frozenset("leak water sensor".split()),
    "smoke_sensor": frozenset("smoke sensor".split()),
}
"""What people call the devices of a service type, whatever their names are."""

_SAME = {"television": "tv", "telly": "tv", "shelves": "shelf"} | {
    word: str(number)
    for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}
_FILLERS = frozenset(
    "the a an my our your in on of at from for to by all every each both them device thing "
    "everything please".split()
)
_AND = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|each|both|everything)\b")
_UNIVERSAL = re.compile(r"(?:all (?:of )?(?:the |my |our )?(?:devices|things)|everything|all)")
_PLURALS = frozenset(f"{word}s" for words in _KINDS.values() for word in words) | {"switches"}
_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1}


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


def find(accessories: Iterable[Accessory], said: str) -> Found:
    """The devices meant by `said`: a name, a room, a kind of device, or several, with "and"."""
    there = tuple(accessories)
    found = _find(there, said)
    if found.accessories or not _AND.search(said):
        return found
    parts = [_find(there, part) for part in _AND.split(said) if part]
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


def _narrowed(room: Found, kinds: set[str]) -> Found:
    """Of a room only what was named beside it: "the kitchen and the hall lights"."""
    wanted = kinds - {"outlet", "switch"} or {"lightbulb"}
    return Found(tuple(each for each in room.accessories if each.service_type in wanted))


def _find(there: Sequence[Accessory], said: str) -> Found:
    text = _plain(said)
    if _UNIVERSAL.fullmatch(text):
        return Found(tuple(there), plural=True, universal=True)
    said_words = _meaningful(text)
    if not said_words:
        return Found()
    every = _ALL.search(text) is not None
    named = tuple(each for each in there if said_words == _meaningful(_plain(each.name)))
    called = named or tuple(each for each in there if set(said_words) == _own_words(each))
    if called and not every:
        return Found(called, exact=True)
    wanted = set(map(_singular, said_words))
    room = tuple(each for each in there if wanted == set(map(_singular, _room_words(each))))
    if room:
        return Found(room, plural=True, whole_room=True)
    fitting = _fitting(there, wanted)
    place = next((word for word in said_words[:-1] if word in _PLACES), None)
    if not fitting and place:
        return Found(_fitting(there, wanted - {place})[_PLACES[place] :][:1])
    return Found(fitting, every or not _PLURALS.isdisjoint(said_words))


def _fitting(there: Sequence[Accessory], wanted: set[str]) -> tuple[Accessory, ...]:
    """Those whose name, room and kind have all these words.

    Names go before kinds, so that "the curtains" are not the blinds; "light" is a kind in any case.
    """
    own = {each.id: set(map(_singular, _own_words(each))) for each in there}
    by_name = tuple(each for each in there if wanted <= own[each.id] | _if_light(each))
    return by_name or tuple(each for each in there if wanted <= own[each.id] | _kind_words(each))


def _own_words(accessory: Accessory) -> set[str]:
    return set(_meaningful(_plain(accessory.name))) | _room_words(accessory)


def _room_words(accessory: Accessory) -> set[str]:
    return set(_meaningful(_plain(accessory.room)))


def _kind_words(accessory: Accessory) -> frozenset[str]:
    return _KINDS.get(accessory.service_type, frozenset(accessory.service_type.split("_")))


def _if_light(accessory: Accessory) -> set[str]:
    return {"light"} if accessory.service_type == "lightbulb" else set()


def _plain(said: str) -> str:
    text = re.sub(r"['’](?=s\b)|(?<=s)['’](?=\s|$)", "", said.casefold())
    return " ".join(re.sub(r"[^\w\s]|_", " ", text).split())


def _meaningful(plain: str) -> list[str]:
    """`all the lamps in room two` is `lamps room 2`."""
    return [_SAME.get(word, word) for word in plain.split() if word not in _FILLERS]


def _singular(word: str) -> str:
    """Good enough to compare by: what is cut off wrongly is cut off on both sides."""
    if len(word) > 3 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and word[-2] not in "su" else word

"""How devices of the home, what they do and what they can do are put into words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ren_device.languages.tables import Pattern, WordSet, table
from ren_device.model import Accessory, Characteristic, HomeValue
from ren_device.skills.speakable import Speech, capitalised

Values = dict[str, HomeValue]
Does = tuple[str, Mapping[str, object]]
"""What a device does: a key of [does] in replies.toml, and the values for its places."""

_WHITES_MIRED = {"warm": 370, "plain": 250, "cool": 180}
_WHITES_HUE = {"warm": (30, 40), "plain": (0, 0), "cool": (210, 15)}  # hue, saturation
_CONTACT = {"detected": "closed", "not_detected": "open"}
_LOCK = {"secured": "locked", "unsecured": "unlocked", "jammed": "jammed"}
_YES_NO = {  # for a characteristic that is true or false
    "motion_detected": ("movement", "no_movement"),
    "occupancy_detected": ("somebody", "nobody"),
    "leak_detected": ("leak", "no_leak"),
    "smoke_detected": ("smoke", "no_smoke"),
}
_COUNTED = frozenset("lightbulb outlet switch fan thermostat lock window_covering".split())


@dataclass(frozen=True, slots=True)
class _DeviceWords:
    """The table [words]; see languages/en/home.toml for what each is."""

    everything: str
    temperature: str
    many: WordSet
    on: WordSet
    article: str
    owned: Pattern
    lower_case: bool
    light: Pattern


@dataclass(frozen=True, slots=True)
class _ColorWords:
    """The table [colors]."""

    hues: tuple[tuple[str, int, int], ...]
    warm_white: str
    white: str
    cool_white: str
    same: tuple[tuple[str, str], ...]
    ending: str


@dataclass(frozen=True, slots=True)
class _Tables:
    words: _DeviceWords
    colors: _ColorWords


class HomeSpeech:
    """Puts devices, what they do and what they can do into the words of one language."""

    def __init__(self, language: str = "en") -> None:
        """By home.toml and replies.toml of this language."""
        tables = table(language, "home", _Tables)
        self.speech = Speech(language)
        self.say = self.speech.say
        self._words, self._colors = tables.words, tables.colors
        self._hues = {name: (hue, saturation) for name, hue, saturation in self._colors.hues}
        self._whites = {
            self._colors.warm_white: "warm",
            self._colors.white: "plain",
            self._colors.cool_white: "cool",
        }

    @property
    def everything(self) -> str:
        """What stands for all devices."""
        return self._words.everything

    @property
    def temperature(self) -> str:
        """What stands for the devices that have one."""
        return self._words.temperature

    def label(self, accessory: Accessory, others: Iterable[Accessory] = ()) -> str:
        """`the kitchen light`; with its room where one of the `others` has the same name."""
        name = self._article(accessory.name)
        same = [each for each in others if each.name.casefold() == accessory.name.casefold()]
        if len(same) < 2 or not accessory.room:
            return name
        return self.say("home.in_its_room", device=name, room=self._article(accessory.room))

    def labels(self, accessories: Iterable[Accessory], others: Iterable[Accessory] = ()) -> str:
        """The labels of several: `the ceiling light and the desk lamp`."""
        others = tuple(others)
        return self.speech.listing([self.label(each, others) for each in accessories])

    def together(self, accessories: Sequence[Accessory], others: Iterable[Accessory] = ()) -> str:
        """Like `labels`; from four on `4 lights`, or `4 devices`."""
        if len(accessories) < 4:
            return self.labels(accessories, others)
        kinds = {self._kind(each) for each in accessories}
        kind = kinds.pop() if len(kinds) == 1 else "device"
        return self.say(f"many.{kind}", len(accessories))

    def where(self, room: str) -> str:
        """`in the kitchen`, `on the balcony`."""
        if not room:
            return self.say("home.no_room")
        on = room.casefold() in self._words.on
        return self.say("home.on_room" if on else "home.in_room", room=self._article(room))

    def number(self, accessories: Sequence[Accessory]) -> int:
        """1 where they are one in grammar: one, unless it is called the blinds."""
        one = len(accessories) == 1 and not self._is_many(accessories[0])
        return 1 if one else 2

    def tell(self, does: Does, accessories: Sequence[Accessory], devices: str) -> str:
        """`the kitchen light is on`, of several or of one that is called the blinds `are on`."""
        key, values = does
        told = self.say(f"does.{key}", self.number(accessories), **values)
        return self.say("home.does", devices=devices, does=told)

    def state(self, accessory: Accessory) -> Does:
        """What it does now: `is on at 30 percent`."""
        now = {key: each.value for key, each in accessory.characteristics.items()}
        if "lock_current_state" in now:
            return _LOCK.get(str(now["lock_current_state"]), "neither_locked"), {}
        if "current_position" in now:
            return self.position(now["current_position"])
        if "target_temperature" in now:
            return self._climate(now)
        if "on" in now:
            level = now.get("brightness", now.get("rotation_speed"))
            if not now["on"]:
                return "off", {}
            if level is None or level == 100:
                return "on", {}
            return "on_at", {"percent": self.value(level)}
        if "contact_sensor_state" in now:
            return _CONTACT.get(str(now["contact_sensor_state"]), "unsure"), {}
        if "current_temperature" in now:
            return "reads", {"degrees": self.degrees(now["current_temperature"])}
        if "current_relative_humidity" in now:
            return "reads_humidity", {"percent": self.value(now["current_relative_humidity"])}
        for key, (yes, no) in _YES_NO.items():
            if key in now:
                return (yes if now[key] else no), {}
        told = [f"{key.replace('_', ' ')} {self.value(value)}" for key, value in now.items()]
        return ("has", {"values": self.speech.listing(told)}) if told else ("nothing", {})

    def states(self, accessories: Sequence[Accessory], others: Iterable[Accessory] = ()) -> str:
        """The states of several, those that are alike in one sentence."""
        others = tuple(others)
        sentences = [
            capitalised(self.tell(does, group, self.labels(group, others)))
            for does, group in alike(accessories, self.state)
        ]
        return " ".join(f"{sentence}." for sentence in sentences)

    def position(self, percent: HomeValue) -> Does:
        """`is open`, `is closed`, `is 40 percent open`."""
        if percent in (0, 100):
            return ("open" if percent else "closed"), {}
        return "open_at", {"percent": self.value(percent)}

    def brightness(self, accessory: Accessory) -> Does:
        """`is at 30 percent`."""
        there = accessory.characteristics
        if "on" in there and not there["on"].value:
            return "off", {}
        return "at_percent", {"percent": self.value(there["brightness"].value)}

    def degrees(self, value: HomeValue) -> str:
        """`20.5 degrees`."""
        one = 1 if value == 1 else 2
        return self.say("home.degrees", one, value=self.value(value))

    def value(self, value: HomeValue) -> str:
        """`20.5`, and `21` for 21.0."""
        return self.speech.number(value) if isinstance(value, float) else str(value)

    def color_values(self, accessory: Accessory, color: str) -> Values | None:
        """What to write for this colour; None when this light cannot have it."""
        wanted = " ".join(color.casefold().split()).removesuffix(self._colors.ending)
        wanted = dict(self._colors.same).get(wanted, wanted)
        there = accessory.characteristics
        white = self._whites.get(wanted)
        if white and (warmth := there.get("color_temperature")):
            return {"color_temperature": _within(_WHITES_MIRED[white], warmth)}
        hue_and_saturation = self._hues.get(wanted) or (_WHITES_HUE[white] if white else None)
        if hue_and_saturation and {"hue", "saturation"} <= there.keys():
            return {"hue": hue_and_saturation[0], "saturation": hue_and_saturation[1]}
        return None

    def colors_of(self, accessory: Accessory) -> tuple[str, ...]:
        """The colours that this light can have."""
        names = (*self._hues, *self._whites)
        return tuple(name for name in names if self.color_values(accessory, name))

    def _is_many(self, accessory: Accessory) -> bool:
        return accessory.name.casefold().split()[-1] in self._words.many

    def _climate(self, now: Mapping[str, HomeValue]) -> Does:
        off = now.get("target_heating_cooling_state") == "off"
        key = "off" if off else "set_to"
        values = {"degrees": self.degrees(now["target_temperature"])}
        if "current_temperature" not in now:
            return key, values
        return f"{key}_and_warm", {**values, "there": self.degrees(now["current_temperature"])}

    def _article(self, name: str) -> str:
        """`the kitchen light` for Kitchen Light; `Anna's lamp` and `my lamp` need no article."""
        words = name.split()
        if self._words.lower_case:
            words = [word.lower() if word.istitle() else word for word in words]
        called = " ".join(words)
        owned = self._words.owned.search(called)
        return called if owned else self._words.article.format(name=called)

    def _kind(self, accessory: Accessory) -> str:
        if self._words.light.search(accessory.name.casefold()):
            return "lightbulb"  # also what is only a switch to HomeKit
        return accessory.service_type if accessory.service_type in _COUNTED else "device"


def alike(
    accessories: Iterable[Accessory], does: Callable[[Accessory], Does]
) -> list[tuple[Does, list[Accessory]]]:
    """Those that do the same, together."""
    groups: list[tuple[Does, list[Accessory]]] = []
    for each in accessories:
        done = does(each)
        group = next((group for other, group in groups if other == done), None)
        if group is None:
            groups.append((done, [each]))
        else:
            group.append(each)
    return groups


def arrived(accessory: Accessory, keys: str, done: Does, doing: Does) -> Does:
    """What was commanded is not yet so, where a motor is at work. `keys` has `{}` for its state."""
    there = accessory.characteristics
    current, target = there.get(keys.format("current")), there.get(keys.format("target"))
    return doing if current and target and current.value != target.value else done


def _within(value: int, bounds: Characteristic) -> int:
    low = value if bounds.minimum is None else bounds.minimum
    high = value if bounds.maximum is None else bounds.maximum
    return round(max(low, min(high, value)))

"""How devices of the home, what they do and what they can do are put into words."""

from collections.abc import Iterable, Mapping, Sequence

from ren_device.model import Accessory, Characteristic, HomeValue
from ren_device.skills.speakable import capitalised, listing

Values = dict[str, HomeValue]

_NOUNS = {
    "lightbulb": "light",
    "outlet": "outlet",
    "switch": "switch",
    "fan": "fan",
    "thermostat": "thermostat",
    "lock": "lock",
    "window_covering": "blind",
}
_MANY = frozenset("blinds curtains drapes shades shutters lights lamps bulbs candles".split())
_ON = frozenset("balcony deck patio porch roof terrace veranda".split())
_COLORS: Mapping[str, tuple[int, int]] = {  # hue in degrees, saturation in percent
    "red": (0, 100),
    "orange": (30, 100),
    "yellow": (55, 100),
    "lime": (90, 100),
    "green": (120, 100),
    "turquoise": (175, 100),
    "cyan": (185, 100),
    "blue": (240, 100),
    "purple": (275, 100),
    "violet": (275, 100),
    "magenta": (300, 100),
    "pink": (330, 60),
}
_WHITES_MIRED = {"warm white": 370, "white": 250, "cool white": 180, "cold white": 180}
_WHITES_HUE = {"warm white": (30, 40), "white": (0, 0), "cool white": (210, 15)}
_SAME_COLOR = {"warm": "warm white", "cold": "cool white", "cool": "cool white"} | {
    "cold white": "cool white",
    "daylight": "cool white",
    "natural white": "white",
    "neutral white": "white",
}
COLOR_NAMES = (*_COLORS, "warm white", "white", "cool white", *_SAME_COLOR)
_CONTACT = {"detected": "is closed", "not_detected": "is open"}
_LOCK = {"secured": "is locked", "unsecured": "is unlocked", "jammed": "is jammed"}
_YES_NO = {  # for a characteristic that is true or false
    "motion_detected": ("sees movement", "sees no movement"),
    "occupancy_detected": ("sees somebody", "sees nobody"),
    "leak_detected": ("reports a leak", "is dry"),
    "smoke_detected": ("reports smoke", "reports no smoke"),
}


def label(accessory: Accessory, others: Iterable[Accessory] = ()) -> str:
    """`the kitchen light`; with its room where one of the `others` has the same name."""
    name = _article(accessory.name)
    same = [each for each in others if each.name.casefold() == accessory.name.casefold()]
    return f"{name} in {_article(accessory.room)}" if len(same) > 1 and accessory.room else name


def together(accessories: Sequence[Accessory], others: Iterable[Accessory] = ()) -> str:
    """`the ceiling light and the desk lamp`; from four on `4 lights`, or `4 devices`."""
    others = tuple(others)
    if len(accessories) < 4:
        return listing([label(each, others) for each in accessories])
    nouns = {_noun(each) for each in accessories}
    noun = nouns.pop() if len(nouns) == 1 else "device"
    return f"{len(accessories)} {noun}{'es' if noun == 'switch' else 's'}"


def where(room: str) -> str:
    """`in the kitchen`, `on the balcony`."""
    return f"{'on' if room.casefold() in _ON else 'in'} {_article(room)}"


def agree(does: str, accessories: Sequence[Accessory]) -> str:
    """`is on` of several, or of one that is called the blinds, is `are on`; `reads` is `read`."""
    if len(accessories) == 1 and accessories[0].name.casefold().split()[-1] not in _MANY:
        return does
    verb, _, rest = does.partition(" ")
    verb = {"is": "are", "has": "have", "does": "do"}.get(verb, verb.removesuffix("s"))
    return f"{verb} {rest}"


def state(accessory: Accessory) -> str:
    """What it does now, as it stands after its label: `is on at 30 percent`."""
    now = {key: each.value for key, each in accessory.characteristics.items()}
    if "lock_current_state" in now:
        return _LOCK.get(str(now["lock_current_state"]), "is neither locked nor unlocked")
    if "current_position" in now:
        return f"is {position(now['current_position'])}"
    if "target_temperature" in now:
        return _climate(now)
    if "on" in now:
        level = now.get("brightness", now.get("rotation_speed"))
        at = "" if level is None or level == 100 else f" at {number(level)} percent"
        return f"is on{at}" if now["on"] else "is off"
    if "contact_sensor_state" in now:
        return _CONTACT.get(str(now["contact_sensor_state"]), "does not know")
    if "current_temperature" in now:
        return f"reads {degrees(now['current_temperature'])}"
    if "current_relative_humidity" in now:
        return f"reads {number(now['current_relative_humidity'])} percent humidity"
    for key, (yes, no) in _YES_NO.items():
        if key in now:
            return yes if now[key] else no
    told = [f"{key.replace('_', ' ')} {number(value)}" for key, value in now.items()]
    return f"has {listing(told)}" if told else "says nothing"


def states(accessories: Sequence[Accessory], others: Iterable[Accessory] = ()) -> str:
    """The states of several, those that are alike in one sentence."""
    others = tuple(others)
    alike: dict[str, list[Accessory]] = {}
    for each in accessories:
        alike.setdefault(state(each), []).append(each)
    sentences = []
    for does, group in alike.items():
        names = listing([label(each, others) for each in group])
        sentences.append(f"{capitalised(names)} {agree(does, group)}.")
    return " ".join(sentences)


def position(percent: HomeValue) -> str:
    """`open`, `closed`, `40 percent open`."""
    if percent in (0, 100):
        return "open" if percent else "closed"
    return f"{number(percent)} percent open"


def brightness(accessory: Accessory) -> str:
    """`is at 30 percent`."""
    there = accessory.characteristics
    if "on" in there and not there["on"].value:
        return "is off"
    return f"is at {number(there['brightness'].value)} percent"


def arrived(accessory: Accessory, keys: str, done: str, doing: str) -> str:
    """What was commanded is not yet so, where a motor is at work. `keys` has `{}` for its state."""
    there = accessory.characteristics
    current, target = there.get(keys.format("current")), there.get(keys.format("target"))
    return doing if current and target and current.value != target.value else done


def degrees(value: HomeValue) -> str:
    """`20.5 degrees`."""
    return f"{number(value)} degree{'' if value == 1 else 's'}"


def number(value: HomeValue) -> str:
    """`20.5`, and `21` for 21.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def color_values(accessory: Accessory, color: str) -> Values | None:
    """What to write for this colour; None when this light cannot have it."""
    wanted = " ".join(color.casefold().split()).removesuffix(" light")
    wanted = _SAME_COLOR.get(wanted, wanted)
    there = accessory.characteristics
    if wanted in _WHITES_MIRED and (warmth := there.get("color_temperature")):
        return {"color_temperature": _within(_WHITES_MIRED[wanted], warmth)}
    hue_and_saturation = _COLORS.get(wanted) or _WHITES_HUE.get(wanted)
    if hue_and_saturation and {"hue", "saturation"} <= there.keys():
        return {"hue": hue_and_saturation[0], "saturation": hue_and_saturation[1]}
    return None


def colors_of(accessory: Accessory) -> tuple[str, ...]:
    """The colours that this light can have."""
    return tuple(
        name for name in COLOR_NAMES if name not in _SAME_COLOR and color_values(accessory, name)
    )


def _within(value: int, bounds: Characteristic) -> int:
    low = value if bounds.minimum is None else bounds.minimum
    high = value if bounds.maximum is None else bounds.maximum
    return round(max(low, min(high, value)))


def _climate(now: Mapping[str, HomeValue]) -> str:
    mode = now.get("target_heating_cooling_state")
    does = "is off" if mode == "off" else f"is set to {degrees(now['target_temperature'])}"
    if "current_temperature" in now:
        return f"{does}, and it is {degrees(now['current_temperature'])} there"
    return does


def _article(name: str) -> str:
    """`the kitchen light` for Kitchen Light; `Anna's lamp` and `my lamp` need no article."""
    words = [word.lower() if word.istitle() else word for word in name.split()]
    owned = any(word.endswith(("'s", "’s", "s'")) for word in words)
    if owned or (words and words[0] in ("the", "my", "our", "your")):
        return " ".join(words)
    return " ".join(("the", *words))


def _noun(accessory: Accessory) -> str:
    if "light" in accessory.name.casefold().split():  # also what is only a switch to HomeKit
        return "light"
    return _NOUNS.get(accessory.service_type, "device")

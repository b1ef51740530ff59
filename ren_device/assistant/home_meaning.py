"""From an intent about the home to what to do about it. Who is meant, the tools find out."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from ren_device.assistant.durations import find_duration, parse_number
from ren_device.assistant.meaning import Call, Meaning, Question
from ren_device.assistant.when import find_when
from ren_device.model import Intent

NO_HOME = "No home is connected, so I can't do that."
LATER = "I can only switch things at once, not later or for a while. I can remind you instead."
HOME_TOOLS = frozenset(
    "list_devices get_device set_power set_brightness change_brightness set_color set_temperature "
    "change_temperature set_position set_fan_speed set_lock".split()
)
_LOOKS = ("list_devices", "get_device")

_BRIGHTNESS_STEP = 25
_DEGREES_STEP = 1.0
_LITTLE = re.compile(r"\b(?:bit|little|tad|slightly)\b")
_MUCH = re.compile(r"\b(?:a lot|much|way)\b")
_SHADE = re.compile(r"\b(?:blinds?|curtains?|shades?|shutters?|drapes?|doors?|windows?|gate)\b")
_HEAT = re.compile(r"\b(?:heating|heat|heater|thermostat|temperature|radiator|ac|conditioning)\b")
_FAN = re.compile(r"\bfans?\b")
_AT_A_LEVEL = re.compile(r"\bat (?=\S+(?: \S+)? (?:degrees?|percent|celsius)\b)")
_LAST_HOUR = 12  # "the heating at ten" is a time, "at twenty" is a temperature
_ARTICLES = re.compile(r"^(?:(?:the|my|our|a|an|of)\s+)+")


def home_meaning(intent: Intent, said: str, now: datetime) -> Meaning | None:
    """What to do about `intent`, which was found in `said`; None when its words make no sense.

    Nothing in the home is switched because of a near miss: that is asked first. And nothing is
    switched now that was wanted at another time.
    """
    found = _ACTS[intent.name](intent)
    if found is None or isinstance(found, str):
        return Meaning(answer=found) if found else None
    if found[0] in _LOOKS:
        return Meaning(calls=(found,))
    if _is_for_later(intent, said, now):
        return Meaning(answer=LATER)
    if intent.score < 100:
        return Meaning(question=Question(_confirmation(found), "yes", calls=(found,)))
    return Meaning(calls=(found,))


def _is_for_later(intent: Intent, said: str, now: datetime) -> bool:
    """Whether a moment or a length of time is in it: "at seven", "tonight", "for ten minutes"."""
    said = _AT_A_LEVEL.sub("", said)
    level = str(intent.slots.get("level", ""))
    if (parse_number(level) or 0) > _LAST_HOUR:
        said = said.replace(f"at {level}", level)
    return find_when(said, now) is not None or find_duration(said) is not None


def _device(intent: Intent) -> str:
    """What the device is called, without an article."""
    for slot in ("device", "gadget", "opening"):
        if slot in intent.slots:
            return _ARTICLES.sub("", str(intent.slots[slot]))
    things = (intent.slots[each] for each in ("thing", "shade", "entrance") if each in intent.slots)
    named = (intent.slots.get("room", ""), next(things, ""))
    return " ".join(str(each) for each in named if each)


def _number(intent: Intent) -> float | None:
    if "percent" in intent.slots:
        return float(intent.slots["percent"])
    said = str(intent.slots.get("level", ""))
    return 50.0 if said in ("half", "a half") else parse_number(said)


def _power(on: bool) -> "_Act":
    return lambda intent: ("set_power", {"device": _device(intent), "on": on})


def _level(intent: Intent) -> "Call | str | None":
    """Of what it is a level, the device's name tells: "the blinds to fifty percent"."""
    device, level = _device(intent), _number(intent)
    if level is None:
        return None
    percent = re.search(r"\bpercent\b", intent.matched) or "percent" in intent.slots
    if _HEAT.search(device) and not percent:
        return _degrees(intent)
    if not 0 <= level <= 100:
        return "It has to be from 0 to 100 percent."
    if _SHADE.search(device):
        return "set_position", {"device": device, "percent": round(level)}
    tool = "set_fan_speed" if _FAN.search(device) else "set_brightness"
    return tool, {"device": device, "percent": round(level)}


def _brightness(sign: int) -> "_Act":
    def act(intent: Intent) -> Call:
        words = intent.matched
        step = 50 if _MUCH.search(words) else 10 if _LITTLE.search(words) else _BRIGHTNESS_STEP
        device = _device(intent)
        if _HEAT.search(device):
            return _warmth(sign)(intent)
        return "change_brightness", {"device": device, "by": sign * step}

    return act


def _color(intent: Intent) -> Call:
    return "set_color", {"device": _device(intent), "color": str(intent.slots["color"])}


def _degrees(intent: Intent) -> "Call | None":
    degrees = _number(intent)
    if degrees is None:
        return None
    return "set_temperature", {"degrees_c": degrees, "device": str(intent.slots.get("room", ""))}


def _warmth(sign: int) -> "Callable[[Intent], Call]":
    def act(intent: Intent) -> Call:
        words = intent.matched
        step = 2.0 if _MUCH.search(words) else 0.5 if _LITTLE.search(words) else _DEGREES_STEP
        by = _number(intent) or step
        room = str(intent.slots.get("room", ""))
        return "change_temperature", {"by": sign * min(by, 10.0), "device": room}

    return act


def _position(percent: int) -> "_Act":
    def act(intent: Intent) -> "Call | str | None":
        there = {"percent", "level"} & intent.slots.keys()
        wanted = _number(intent) if there else float(percent)
        if wanted is None:
            return None
        if not 0 <= wanted <= 100:
            return "It has to be from 0 to 100 percent."
        return "set_position", {"device": _device(intent), "percent": round(wanted)}

    return act


def _lock(locked: bool) -> "_Act":
    return lambda intent: ("set_lock", {"device": _device(intent), "locked": locked})


def _state(intent: Intent) -> Call:
    return "get_device", {"device": _device(intent)}


def _climate(intent: Intent) -> Call:
    return "get_device", {"device": f"{intent.slots.get('room', '')} temperature".strip()}


def _list(intent: Intent) -> Call:
    return "list_devices", {"which": _device(intent)}


def _confirmation(call: Call) -> str:
    name, arguments = call
    device = arguments["device"]
    if name == "set_power":
        what = f"turn {'on' if arguments['on'] else 'off'} the {device}"
    elif name == "set_lock":
        what = f"{'lock' if arguments['locked'] else 'unlock'} the {device}"
    elif name == "set_position":
        percent = arguments["percent"]
        verb = {0: "close", 100: "open"}.get(int(str(percent)))
        what = f"{verb} the {device}" if verb else f"set the {device} to {percent} percent"
    elif name == "set_color":
        what = f"make the {device} {arguments['color']}"
    elif name == "change_brightness":
        what = f"{'brighten' if float(str(arguments['by'])) > 0 else 'dim'} the {device}"
    elif name in ("set_temperature", "change_temperature"):
        what = _warmer(call)
    else:
        what = f"set the {device} to {arguments['percent']} percent"
    return f"Do you want me to {what}?"


def _warmer(call: Call) -> str:
    name, arguments = call
    where = f" in the {arguments['device']}" if arguments["device"] else ""
    if name == "set_temperature":
        return f"set the heating{where} to {arguments['degrees_c']:g} degrees"
    return f"make it {'warmer' if float(str(arguments['by'])) > 0 else 'colder'}{where}"


_Act = Callable[[Intent], Call | str | None]
"""A tool call, or an answer, or nothing."""

_ACTS: Mapping[str, _Act] = {
    "home_on": _power(True),
    "home_off": _power(False),
    "home_level": _level,
    "home_brighter": _brightness(1),
    "home_dimmer": _brightness(-1),
    "home_color": _color,
    "home_degrees": _degrees,
    "home_warmer": _warmth(1),
    "home_colder": _warmth(-1),
    "home_open": _position(100),
    "home_close": _position(0),
    "home_lock": _lock(True),
    "home_unlock": _lock(False),
    "home_state": _state,
    "home_climate": _climate,
    "home_list": _list,
}
HOME = frozenset(_ACTS)
"""The intents that are about the home."""

"""From an intent about the home to what to do about it. Who is meant, the tools find out."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question
from ren_device.model import Intent

HOME_TOOLS = frozenset(
    "list_devices get_device set_power set_brightness change_brightness set_color set_temperature "
    "change_temperature set_position set_fan_speed set_lock".split()
)
_LOOKS = ("list_devices", "get_device")

_BRIGHTNESS_STEP = 25
_DEGREES_STEP = 1.0
_LAST_HOUR = 12  # "the heating at ten" is a time, "at twenty" is a temperature


def home_meaning(intent: Intent, said: str, now: datetime, language: Language) -> Meaning | None:
    """What to do about `intent`, which was found in `said`; None when its words make no sense.

    Nothing in the home is switched because of a near miss: that is asked first. And nothing is
    switched now that was wanted at another time.
    """
    found = _ACTS[intent.name](intent, language)
    if found is None or isinstance(found, str):
        return Meaning(answer=found) if found else None
    if found[0] in _LOOKS:
        return Meaning(calls=(found,))
    if _is_for_later(intent, said, now, language):
        return Meaning(answer=language.say("home.later"))
    if intent.score < 100:
        return Meaning(question=Question(_confirmation(found, language), "yes", calls=(found,)))
    return Meaning(calls=(found,))


def _is_for_later(intent: Intent, said: str, now: datetime, language: Language) -> bool:
    """Whether a moment or a length of time is in it: "at seven", "tonight", "for ten minutes"."""
    said = language.words.home.at_a_level.sub("", said)
    level = str(intent.slots.get("level", ""))
    if (language.numbers.parse_number(level) or 0) > _LAST_HOUR:
        said = said.replace(language.words.home.level.format(level=level), level)
    in_time = language.moments.find_when(said, now)
    return in_time is not None or language.durations.find_duration(said) is not None


def _device(intent: Intent, language: Language) -> str:
    """What the device is called, without an article."""
    for slot in ("device", "gadget", "opening"):
        if slot in intent.slots:
            return language.words.home.articles.sub("", str(intent.slots[slot]))
    things = (intent.slots[each] for each in ("thing", "shade", "entrance") if each in intent.slots)
    named = (intent.slots.get("room", ""), next(things, ""))
    return " ".join(str(each) for each in named if each)


def _number(intent: Intent, language: Language) -> float | None:
    if "percent" in intent.slots:
        return float(intent.slots["percent"])
    said = str(intent.slots.get("level", ""))
    if language.words.meaning.half.fullmatch(said):
        return 50.0
    return language.numbers.parse_number(said)


def _step(intent: Intent, language: Language, little: float, usual: float, much: float) -> float:
    words = language.words.home
    if words.much.search(intent.matched):
        return much
    return little if words.little.search(intent.matched) else usual


def _power(on: bool) -> "_Act":
    return lambda intent, language: (
        "set_power",
        {"device": _device(intent, language), "on": on},
    )


def _level(intent: Intent, language: Language) -> "Call | str | None":
    """Of what it is a level, the device's name tells: "the blinds to fifty percent"."""
    words = language.words.home
    device, level = _device(intent, language), _number(intent, language)
    if level is None:
        return None
    in_percent = language.words.meaning.percent.search(intent.matched) or "percent" in intent.slots
    if words.heat.search(device) and not in_percent:
        return _degrees(intent, language)
    if not 0 <= level <= 100:
        return language.say("home.no_percent")
    if words.shade.search(device):
        return "set_position", {"device": device, "percent": round(level)}
    tool = "set_fan_speed" if words.fan.search(device) else "set_brightness"
    return tool, {"device": device, "percent": round(level)}


def _brightness(sign: int) -> "_Act":
    def act(intent: Intent, language: Language) -> Call | str | None:
        device = _device(intent, language)
        if language.words.home.heat.search(device):
            return _warmth(sign)(intent, language)
        step = round(_step(intent, language, 10, _BRIGHTNESS_STEP, 50))
        return "change_brightness", {"device": device, "by": sign * step}

    return act


def _color(intent: Intent, language: Language) -> Call:
    return "set_color", {"device": _device(intent, language), "color": str(intent.slots["color"])}


def _degrees(intent: Intent, language: Language) -> "Call | None":
    degrees = _number(intent, language)
    if degrees is None:
        return None
    return "set_temperature", {"degrees_c": degrees, "device": str(intent.slots.get("room", ""))}


def _warmth(sign: int) -> "_Act":
    def act(intent: Intent, language: Language) -> Call:
        step = _step(intent, language, 0.5, _DEGREES_STEP, 2.0)
        by = _number(intent, language) or step
        room = str(intent.slots.get("room", ""))
        return "change_temperature", {"by": sign * min(by, 10.0), "device": room}

    return act


def _position(percent: int) -> "_Act":
    def act(intent: Intent, language: Language) -> "Call | str | None":
        there = {"percent", "level"} & intent.slots.keys()
        wanted = _number(intent, language) if there else float(percent)
        if wanted is None:
            return None
        if not 0 <= wanted <= 100:
            return language.say("home.no_percent")
        return "set_position", {"device": _device(intent, language), "percent": round(wanted)}

    return act


def _lock(locked: bool) -> "_Act":
    return lambda intent, language: (
        "set_lock",
        {"device": _device(intent, language), "locked": locked},
    )


def _state(intent: Intent, language: Language) -> Call:
    return "get_device", {"device": _device(intent, language)}


def _climate(intent: Intent, language: Language) -> Call:
    climate = language.words.home.climate.format(room=intent.slots.get("room", ""))
    return "get_device", {"device": climate.strip()}


def _list(intent: Intent, language: Language) -> Call:
    return "list_devices", {"which": _device(intent, language)}


def _confirmation(call: Call, language: Language) -> str:
    name, arguments = call
    form = "at"
    if name == "set_power":
        form = "on" if arguments["on"] else "off"
    elif name == "set_lock":
        form = "locked" if arguments["locked"] else "unlocked"
    elif name == "set_position":
        form = {0: "closed", 100: "open"}.get(int(str(arguments["percent"])), "at")
    elif name.startswith("change_"):
        form = "more" if float(str(arguments["by"])) > 0 else "less"
    if name in ("set_temperature", "change_temperature") and arguments["device"]:
        form += "_there"
    degrees = language.speech.number(float(str(arguments.get("degrees_c", 0))))
    return language.say(f"asks.{name}.{form}", **{**arguments, "degrees": degrees})


_Act = Callable[[Intent, Language], Call | str | None]
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

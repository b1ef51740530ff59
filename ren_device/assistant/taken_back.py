"""What is said of something that was just set: taken back, put right, or done once more."""

from datetime import datetime, timedelta

from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning

_KEPT = ("at", "in_s", "repeat")


def is_setting(found: Meaning) -> bool:
    """Whether one timer, alarm or reminder is set by it."""
    names = [name for name, _ in found.calls]
    return len(names) == 1 and names[0] in ("set_timer", "set_alarm", "set_reminder")


def undone(done: Call, language: Language) -> Call:
    """The call that cancels what was set by `done`."""
    return f"cancel_{_kind(done)}", {"which": _which(done, language)}


def instead_of(done: Call, new: Call, language: Language) -> Call | None:
    """The call that makes of what was set by `done` what `new` would set."""
    if done[0] != new[0]:
        return None
    which = {"which": _which(done, language)}
    if _kind(done) == "timer":
        return "change_timer", {**which, "to_s": new[1]["duration_s"]}
    return f"change_{_kind(done)}", {
        **which,
        **{name: new[1][name] for name in _KEPT if name in new[1]},
    }


def on_the_same_day(
    first: Call, second: Call, said_first: str, said_second: str, language: Language
) -> Call | None:
    """The second of two alarms "for friday at 7 and another for 7:15", on friday morning.

    None when it is not clear: when only the second has a day, or one recurs.
    """
    words = language.words.meaning
    if first[1].get("repeat") or second[1].get("repeat"):
        return None
    if words.names_day.search(said_second):
        return second if words.names_day.search(said_first) else None
    at, then = (datetime.fromisoformat(str(call[1]["at"])) for call in (first, second))
    then = datetime.combine(at.date(), then.time())
    if not words.half_of_day.search(said_second):
        halves = (then, then + timedelta(hours=12 if then.hour < 12 else -12))
        then = min(halves, key=lambda each: abs(each - at))
    return second[0], {**second[1], "at": then.isoformat(timespec="seconds")}


def shifted(done: Call, seconds: float, language: Language) -> Call:
    """The call that gives what was set by `done` so much more time, or less."""
    return f"change_{_kind(done)}", {"which": _which(done, language), "by_s": seconds}


def _kind(call: Call) -> str:
    return call[0].removeprefix("set_")


def _which(done: Call, language: Language) -> str:
    """What tells it from others: its name or text, what it was set for, or its time."""
    arguments = done[1]
    if named := str(arguments.get("name") or arguments.get("text") or ""):
        return named
    if _kind(done) == "timer":
        return language.speech.duration(float(str(arguments["duration_s"])))
    at = str(arguments["at"])
    return at[11:16] if arguments.get("repeat") else at[:16]

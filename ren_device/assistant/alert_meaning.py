"""From an intent about timers, alarms and reminders to what to do about it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from ren_device.assistant.alert_changes import CHANGES
from ren_device.assistant.language import Language
from ren_device.assistant.meaning import Call, Meaning, Question, duration_of, words_of
from ren_device.assistant.moment_questions import Wish, settled
from ren_device.assistant.when import Found
from ren_device.model import Intent

LONGEST_TIMER_S = 7 * 86_400

_Act = Callable[[Intent, datetime, Language], Meaning | None]


def alert_meaning(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    """What to do about `intent`; None when its words make no sense after all."""
    return _ACTS[intent.name](intent, now, language)


def guarded(intent: Intent, said: str, found: Meaning, language: Language) -> Meaning | None:
    """The same; but what was `said` of recurring is never dropped, and set just once."""
    shifted = language.words.dialogue.shifted.search(said)
    if intent.score < 100 and shifted and any(_sets(call) for call in found.calls):
        return None  # "make it half an hour earlier"
    if "often" not in intent.slots and not language.moments.is_repeated(said):
        return found
    asked = found.question
    forgets = any(_sets_once(call) for call in found.calls or (asked.calls if asked else ()))
    if asked and asked.missing in ("moment", "duration"):
        forgets = intent.matched not in asked.base and not language.moments.is_repeated(asked.base)
    if not forgets:
        return found
    if intent.score < 100:
        return None  # most likely none was wanted
    timer = any(name == "set_timer" for name, _ in found.calls) or (
        asked is not None and asked.missing == "duration"
    )
    return Meaning(answer=language.say("answers.no_repeat" if timer else "answers.no_rule"))


def _sets(call: Call) -> bool:
    return call[0] in ("set_timer", "set_alarm", "set_reminder")


def _sets_once(call: Call) -> bool:
    return _sets(call) and not call[1].get("repeat")


def _set_timer(intent: Intent, _now: datetime, language: Language) -> Meaning:
    label = words_of(intent, "label", language)
    seconds = language.durations.parse_duration(str(intent.slots.get("duration", "")))
    if seconds is None and (found := language.durations.find_duration(label)):
        seconds, label = found
        unnamed = not language.words.meaning.no_name.sub("", label).strip()
        if language.numbers.parse_number(label) is not None or unnamed:
            label = ""  # "four or five minutes"
    if seconds is None:
        requests = language.words.requests
        request = requests.named_timer.format(label=label) if label else requests.timer
        return Meaning(question=Question(language.say("asks.how_long"), "duration", request))
    if not 1 <= seconds <= LONGEST_TIMER_S:
        return Meaning(answer=language.say("answers.timer_too_long"))
    return Meaning(calls=(("set_timer", {"duration_s": seconds, "name": label}),))


def _recurring_timer(_intent: Intent, _now: datetime, language: Language) -> Meaning:
    return Meaning(answer=language.say("answers.no_repeat"))


def _set_alarm(intent: Intent, now: datetime, language: Language) -> Meaning:
    requests, moments = language.words.requests, language.moments
    wake = intent.slots.get("purpose") == "wake"
    label = words_of(intent, "label", language)
    base = requests.wake if wake else requests.alarm
    base = requests.named_alarm.format(label=label) if label else base
    when = _moment_of(intent, language) or str(intent.slots.get("vaguely", ""))
    when = when or str(intent.slots.get("duration", ""))
    if language.durations.parse_duration(when):
        when = requests.in_duration.format(said=when)
    often = _often(intent, language)
    if "often" in intent.slots and not often and not moments.is_repeated(when):
        whole = f"{base} {requests.at_moment.format(said=when)}" if when else base
        return Meaning(question=Question(language.say("asks.how_often"), "often", whole))
    lead = str(intent.slots.get("lead", ""))
    said = " ".join(f"{often} {lead} {when}".split())
    found = moments.find_when(said, now, "wake" if wake else "alarm") if said else None
    if found is not None and found.rest:
        found = None

    def call(at: datetime, what: Found) -> Call:
        if what.offset_s is not None:  # not moved by a clock that is
            return "set_alarm", {"in_s": what.offset_s, "name": label}
        return "set_alarm", {"at": _iso(at), "name": label, **_repeat(what)}

    return settled(found, Wish(base, intent.matched, call), now, language)


def _moment_of(intent: Intent, language: Language) -> str:
    """What was said of the time, without an "and" that was misheard before it."""
    words = str(intent.slots.get("when", "")).split()
    while words and words[0] in language.words.hearing.joiners:
        words.pop(0)
    return " ".join(words)


def _often(intent: Intent, language: Language) -> str:
    """How often, as it is said of time; empty also for "a repeating alarm"."""
    often = str(intent.slots.get("often", ""))
    return dict(language.words.meaning.often).get(often, often)


def _set_reminder(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    words, requests = language.words.meaning, language.words.requests
    rest = str(intent.slots.get("rest", ""))
    often = _often(intent, language)
    lead = str(intent.slots.get("lead", ""))
    if lead and not language.moments.is_repeated(lead):
        is_duration = language.durations.parse_duration(lead) is not None
        opened = requests.in_duration if is_duration else requests.at_moment
        lead = opened.format(said=lead)
    rest = " ".join(f"{often} {lead} {rest}".split())
    found = language.moments.find_when(rest, now)
    what = found.rest if found else rest
    named = bool(words.before_task.sub("", f"{what} ").strip())
    what = words.before_new_task.sub("", f"{what} ").strip() if named else ""
    what = words.after_task.sub("", what)
    if found is None and words.no_task.match(rest):
        return None  # "remind me what the capital of France is"
    if not what:
        asked = language.say("asks.task")
        request = requests.reminder_at.format(when=rest) if found else requests.reminder
        return Meaning(question=Question(asked, "text", request))

    def call(at: datetime, said: Found) -> Call:
        if said.offset_s is not None:
            return "set_reminder", {"text": what, "in_s": said.offset_s}
        return "set_reminder", {"text": what, "at": _iso(at), **_repeat(said)}

    base, whole = requests.reminder_of.format(what=what), requests.reminder_at.format(when=rest)
    return settled(found, Wish(base, whole, call), now, language)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _repeat(found: Found) -> Mapping[str, str]:
    return {"repeat": found.rule} if found.rule else {}


def _list_timers(intent: Intent, _now: datetime, language: Language) -> Meaning:
    which = words_of(intent, "which", language)
    sure = intent.score >= 100 and not language.words.meaning.no_name.search(which)
    return Meaning(calls=(("list_timers", {"name": which} if which and sure else {}),))


def _listed(tool: str) -> _Act:
    """All of them, or those of the day that was said."""

    def act(intent: Intent, now: datetime, language: Language) -> Meaning:
        when = _moment_of(intent, language)
        found = language.moments.find_when(when, now) if when else None
        day = found.day if found else None
        if found and found.at and language.words.meaning.names_day.search(when):
            day = found.at.date()
        return Meaning(calls=((tool, {"day": day.isoformat()} if day else {}),))

    return act


def _cancel_alarm(intent: Intent, now: datetime, language: Language) -> Meaning:
    """The tool asks when only one day of a series was named."""
    return Meaning(calls=(("cancel_alarm", {"which": _of_a_day(intent, now, language)}),))


def _skip(intent: Intent, now: datetime, language: Language) -> Meaning:
    return Meaning(calls=(("skip_alarm", {"which": _of_a_day(intent, now, language)}),))


def _of_a_day(intent: Intent, now: datetime, language: Language) -> str:
    """Which one is meant: its day, both its day and its time in ISO 8601, or as it was said."""
    words = language.words.meaning
    slots = (words_of(intent, slot, language) for slot in ("which", "when", "day"))
    which = words.of_a_day.sub("", next(filter(None, slots), ""))
    found = language.moments.find_when(which, now, "wake") if which else None
    if found and found.at and not found.rule and words.names_day.search(which):
        return found.at.isoformat(timespec="minutes")
    return which


def _cancel_everything(intent: Intent, _now: datetime, language: Language) -> Meaning:
    kinds = str(intent.slots["kinds"])
    tools = ("cancel_timer", "cancel_alarm", "cancel_reminder")
    calls = tuple(
        (tool, {"which": "all"}) for tool in tools if kinds == "all" or f"{tool[7:]}s" in kinds
    )
    asked = language.say(f"asks.cancel_everything.{kinds}")
    return Meaning(question=Question(asked, "yes", calls=calls))


def _snooze(intent: Intent, now: datetime, language: Language) -> Meaning | None:
    seconds = duration_of(intent, language)
    if when := _moment_of(intent, language):
        found = language.moments.find_when(when, now, "wake")
        if found is None or found.at is None or found.rest or found.rule:
            return None
        seconds = 60.0 * round((found.at - now).total_seconds() / 60)
    return Meaning(calls=(("snooze", {"minutes": seconds / 60} if seconds else {}),))


def _plain(tool: str) -> _Act:
    return lambda _intent, _now, _language: Meaning(calls=((tool, {}),))


def _which(tool: str) -> _Act:
    return lambda intent, _now, language: Meaning(
        calls=((tool, {"which": words_of(intent, "which", language)}),)
    )


_ACTS: Mapping[str, _Act] = {
    "set_timer": _set_timer,
    "recurring_timer": _recurring_timer,
    "list_timers": _list_timers,
    "cancel_timer": _which("cancel_timer"),
    "cancel_all_timers": lambda *_: Meaning(calls=(("cancel_timer", {"which": "all"}),)),
    "cancel_everything": _cancel_everything,
    "pause_timer": _which("pause_timer"),
    "resume_timer": _which("resume_timer"),
    "set_alarm": _set_alarm,
    "list_alarms": _listed("list_alarms"),
    "cancel_alarm": _cancel_alarm,
    "skip_alarm": _skip,
    "set_reminder": _set_reminder,
    "list_reminders": _listed("list_reminders"),
    "cancel_reminder": _which("cancel_reminder"),
    "snooze": _snooze,
    "list_missed": _plain("list_missed"),
    "stop": _plain("stop_ringing"),
    **CHANGES,
}
ALERTS = frozenset(_ACTS)
"""The intents that are about alerts."""

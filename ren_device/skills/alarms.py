"""The tools for alarms. They are Ren's own notes, unless an alarm starts a dangerous routine."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated

from ren_device.alerts.recurrence import next_after
from ren_device.errors import ToolError
from ren_device.model import Alert
from ren_device.skills.alert_desk import AlertDesk, At, Day, Name, Repeat, rule_of
from ren_device.skills.alert_refusals import refusals
from ren_device.skills.speakable import capitalised
from ren_device.skills.tool import Tool, between, tool

DAY_S = 86_400
ByS = Annotated[float, between(-DAY_S, DAY_S)]
InS = Annotated[float, between(0, 366 * DAY_S)]


class AlarmSkill:
    """Sets, tells, moves, skips and cancels alarms. Answers say what was understood."""

    def __init__(
        self, desk: AlertDesk, routine_is_dangerous: Callable[[str], Awaitable[bool]] | None = None
    ) -> None:
        """The alarms of this desk; they start routines, some of which act on the house."""
        self._desk = desk
        self._routine_is_dangerous = routine_is_dangerous
        self._kernel = desk.kernel
        self._say = desk.say
        self._words = desk.words

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.set_alarm, danger=self._danger),
            tool(self.list_alarms, read_only=True),
            tool(self.change_alarm),
            tool(self.skip_alarm),
            tool(self.cancel_alarm),
        ]

    async def set_alarm(
        self,
        at: At = "",
        name: Name = "",
        repeat: Repeat = "",
        routine: Name = "",
        in_s: InS = 0.0,
    ) -> str:
        """Set an alarm that rings at a time of day, once or again and again.

        Use it for "wake me at seven" (at "07:00"), "alarm for Friday at 6:30" (at
        "2026-06-26T06:30") or "wake me every weekday at 7" (at "07:00", repeat
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"). For "wake me in two hours" give in_s, in seconds, in
        place of `at`. `at` is "HH:MM" in 24 hours, meaning the next such
        time, or a local date and time in ISO 8601 without a time zone. Give a name only when the
        person gave one. Ask back when it could be morning or evening, or this week or the next;
        never guess. For a length of time use set_timer.

        `repeat` is an RFC 5545 RRULE without DTSTART, empty for once; then `at` gives the time of
        day and the first day on which it may ring. Say the days in it (BYDAY, BYMONTHDAY), INTERVAL
        for "every other week", and COUNT or UNTIL (local, without a Z) only when the person named
        an end. `routine` is
        the name of a saved routine that starts when the alarm is stopped ("and then start my
        morning routine"); see list_routines.
        """
        called, starts = self._words.clean_name(name, "alarm"), " ".join(routine.split())
        rule = rule_of(repeat) or ""
        if bool(at) == bool(in_s) or (in_s and rule):
            raise ToolError("Give `at`, or in_s for an alarm that rings once: one of both.")
        due_at = self._words.parse_at(at, self._desk.now()) if at else None
        with refusals(self._say, rule, "full"):
            alarm = await self._kernel.set(
                "alarm", called, in_s=in_s or None, at=due_at, rule=rule, routine=starts
            )
        answer = self._understood("alarm.set", alarm)
        if starts:
            answer = f"{answer} {self._say('alarm.then_routine', routine=starts)}"
        return self._desk.with_doubt(answer)

    async def _danger(self, routine: Name = "", **_: object) -> bool:
        asked = self._routine_is_dangerous
        return bool(routine) and asked is not None and await asked(routine)

    async def list_alarms(self, day: Day = "") -> str:
        """Tell which alarms are set, recurring ones with their days.

        Use it for "what alarms do I have?", "is my alarm on?". Give `day`, an ISO date, when one
        day was asked for: "do I have an alarm tomorrow?" (day "2026-06-26").
        """
        return self._desk.listed("alarm", day)

    async def change_alarm(
        self,
        which: Name = "",
        at: At = "",
        by_s: ByS = 0.0,
        repeat: Repeat = "",
        in_s: InS = 0.0,
    ) -> str:
        """Move an alarm to another time, or change when it recurs. Give what is to change.

        Use it for "make my 7 o'clock alarm half past" (which "07:00", at "07:30"), "push my alarm
        back by half an hour" (by_s 1800), "move it to two hours from now" (in_s 7200) or "make it
        every day" (repeat "FREQ=DAILY"). Give at most one of `at`, by_s and in_s. `at` is as in
        set_alarm, but "HH:MM" keeps the day; by_s and in_s are in seconds, by_s below 0 for
        earlier. `repeat` is an RRULE, or "once" to stop recurring. `which` is its name
        ("work"), its time ("07:30"), its day, how it recurs ("every weekday") or its place
        ("first"); leave it empty when the person did not say. A recurring alarm is changed for
        every day: for one day only use skip_alarm, and set_alarm for another time. Ask back when
        the new time could be morning or evening.
        """
        times = [given for given in (at.strip(), by_s, in_s) if given]
        if len(times) > 1 or (not times and not repeat.strip()):
            raise ToolError(self._say("alarm.change_to"))
        desk, present = self._desk, self._desk.present("alarm")
        if not present:
            return self._say("alarm.none")
        chosen = desk.choose("alarm", which, present, "which_change")
        if chosen.answer:
            return chosen.answer
        alarm = chosen.alerts[0]
        if len(chosen.alerts) > 1:
            return desk.ask("alarm", chosen.alerts, "which_change")
        if chosen.day is not None and alarm.rule:
            return desk.only_one_day("alarm", "change_one_day", alarm, chosen.day)
        rule = rule_of(repeat)
        if in_s and (rule or (alarm.rule and rule is None)):  # a series goes by the clock
            due_at = desk.now() + timedelta(seconds=in_s)
            at, in_s = due_at.isoformat(timespec="seconds"), 0.0
        with refusals(self._say, rule or ""):
            changed = await desk.move(alarm, at, by_s, rule, in_s=in_s)
        if changed is None:
            return desk.unknown("alarm")
        return desk.with_doubt(self._understood("alarm.changed", changed))

    async def skip_alarm(self, which: Name = "") -> str:
        """Leave out the next time of a recurring alarm; after that it goes on as before.

        Use it for "skip my alarm tomorrow", "no alarm this Friday". `which` is as in change_alarm,
        with the day if one was named ("tomorrow"), or "next" for the very next alarm of all: only
        the next time can be skipped. To leave out more, call it again. An alarm that happens once
        is cancelled instead: ask first.
        """
        desk, now = self._desk, self._desk.now()
        present = [alarm for alarm in desk.present("alarm") if alarm.state == "pending"]
        series = [alarm for alarm in present if alarm.rule]
        if not present:
            return desk.unknown("alarm")
        among = present if desk.is_place(which, "alarm") else series  # "the next alarm" of all
        meant = desk.named("alarm", which, among)
        if not any(alarm.rule for alarm in meant):
            once = meant or desk.named("alarm", which, present)
            if not once:
                return desk.unknown("alarm")
            return capitalised(self._say("alarm.only_once", len(once), labels=desk.labels(once)))
        chosen = desk.choose("alarm", which, among, "which_skip")
        if chosen.answer:
            return chosen.answer
        return desk.sentences([await self._skip(alarm, chosen.day, now) for alarm in chosen.alerts])

    async def cancel_alarm(self, which: Name = "") -> str:
        """Cancel an alarm for good, or every one.

        `which` is its name ("work"), its time ("07:30", "7:30 AM"), its day ("tomorrow"), how it
        recurs ("every weekday"), its place ("the first one"), or "all". Leave it empty when the
        person did not say: then the only alarm, or the one that rings, is meant, or you are told
        to ask. A recurring alarm is cancelled with all its days: when the person means one day
        only ("cancel tomorrow's alarm"), use skip_alarm.
        """
        return await self._desk.cancel("alarm", which)

    async def _skip(self, alarm: Alert, day: date | None, now: datetime) -> str:
        moment = self._words.speech.moment(alarm.due_at, now)
        if day is not None and day != alarm.due_at.date():
            return self._say("alarm.only_next", moment=moment)
        if next_after(alarm.rule, alarm.starts_at or alarm.due_at, alarm.due_at) is None:
            return self._say("alarm.last_one", moment=moment)
        with refusals(self._say):
            skipped = await self._kernel.skip_next(alarm.id)
        if skipped is None:
            return self._desk.unknown("alarm")
        return self._say(
            "alarm.skipped",
            label=self._words.label_at(alarm),
            day=self._words.on_very_day(alarm.due_at.date(), now),
            moment=self._words.speech.moment(skipped.due_at, now),
        )

    def _understood(self, reply: str, alarm: Alert) -> str:
        key = f"{reply}_named" if alarm.text else reply
        moment = self._words.understood(alarm, self._desk.now())
        return self._say(key, name=self._desk.speech.noun(alarm.text), moment=moment)

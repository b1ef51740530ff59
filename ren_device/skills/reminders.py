"""The tools for reminders. They are Ren's own notes: none of this is dangerous."""

from typing import Annotated

from ren_device.errors import ToolError
from ren_device.model import Alert
from ren_device.skills.alert_desk import AlertDesk, At, Day, Name, Repeat, rule_of
from ren_device.skills.alert_refusals import refusals
from ren_device.skills.tool import Tool, between, length, tool

YEAR_S = 366 * 86_400
Task = Annotated[str, length(0, 500)]
InS = Annotated[float, between(0, YEAR_S)]
ByS = Annotated[float, between(-YEAR_S, YEAR_S)]


class ReminderSkill:
    """Sets, tells, changes and cancels reminders. Answers say what was understood."""

    def __init__(self, desk: AlertDesk) -> None:
        """The reminders of this desk."""
        self._desk = desk
        self._kernel = desk.kernel
        self._say = desk.say
        self._words = desk.words

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.set_reminder),
            tool(self.list_reminders, read_only=True),
            tool(self.change_reminder),
            tool(self.cancel_reminder),
        ]

    async def set_reminder(
        self, text: Task, at: At = "", in_s: InS = 0.0, repeat: Repeat = ""
    ) -> str:
        """Remind the person of something, aloud: at a time, after a while, or again and again.

        Use it for "remind me to call mom at six" (text "call mom", at "18:00"), "in twenty minutes"
        (in_s 1200) or "every morning at 8" (at "08:00", repeat "FREQ=DAILY"). `text` is what to do,
        in the person's own words and without "remind me to". Give exactly one of `at` and in_s.
        `at` is "HH:MM" in 24 hours, meaning the next such time, or a local date and time in ISO
        8601 without a time zone. in_s is in seconds, up to 366 days. Ask back when no time was
        said, or when it could be morning or evening, or this week or the next; never guess.

        `repeat` is an RFC 5545 RRULE without DTSTART, empty for once; then `at` gives the time of
        day and the first day on which it may come. Say the days in it (BYDAY, BYMONTHDAY), and
        COUNT or UNTIL (local, without a Z) only when the person named an end.
        """
        task = self._words.clean_task(text)
        if not task:
            raise ToolError(self._say("reminder.what"))
        at, now, rule = at.strip(), self._desk.now(), rule_of(repeat)
        if bool(at) == bool(in_s):
            raise ToolError("Give `at` or in_s: one of both.")
        if in_s and rule:
            raise ToolError("A recurring reminder needs `at`, not in_s.")
        due_at = self._words.parse_at(at, now) if at else None
        with refusals(self._say, rule or "", "full"):
            reminder = await self._kernel.set(
                "reminder", task, in_s=in_s or None, at=due_at, rule=rule or ""
            )
        answer = self._understood("reminder.set", reminder, in_s)
        return self._desk.with_doubt(answer) if at else answer

    async def list_reminders(self, day: Day = "") -> str:
        """Tell which reminders are set, recurring ones with their days.

        Use it for "what are my reminders?". Give `day`, an ISO date, when one day was asked for:
        "what do I have to do tomorrow?" (day "2026-06-26").
        """
        return self._desk.listed("reminder", day)

    async def change_reminder(
        self,
        which: Name = "",
        at: At = "",
        by_s: ByS = 0.0,
        in_s: InS = 0.0,
        text: Task = "",
        repeat: Repeat = "",
    ) -> str:
        """Change when a reminder comes, what it says, or how it recurs. Give what is to change.

        Use it for "move the reminder about mom to seven" (which "mom", at "19:00"), "an hour later"
        (by_s 3600), "remind me of it in ten minutes instead" (in_s 600) or "make it every Monday"
        (repeat "FREQ=WEEKLY;BYDAY=MO"). Give at most one of `at`, by_s and in_s. `at` is as in
        set_reminder, but "HH:MM" keeps the day; by_s and in_s are in seconds. `text` is all that
        it says from now on; `repeat` an RRULE, or "once" to stop recurring. `which` is some words
        of its text ("mom"), its time, its day, how it recurs or its place ("first"); leave it
        empty when the person did not say. A recurring one is changed for every day. Ask back when
        the new time could be morning or evening.
        """
        task, rule = self._words.clean_task(text), rule_of(repeat)
        times = [given for given in (at.strip(), by_s, in_s) if given]
        if len(times) > 1 or (not times and not task and rule is None):
            raise ToolError(self._say("reminder.change_to"))
        desk, present = self._desk, self._desk.present("reminder")
        if not present:
            return self._say("reminder.none")
        chosen = desk.choose("reminder", which, present, "which_change")
        if chosen.answer:
            return chosen.answer
        reminder = chosen.alerts[0]
        if len(chosen.alerts) > 1:
            return desk.ask("reminder", chosen.alerts, "which_change")
        if chosen.day is not None and reminder.rule:
            return desk.only_one_day("reminder", "change_one_day", reminder, chosen.day)
        if in_s and (rule or (reminder.rule and rule is None)):
            raise ToolError(self._say("reminder.no_length"))
        with refusals(self._say, rule or ""):
            changed = await desk.move(reminder, at, by_s, rule, in_s=in_s, text=task or None)
        if changed is None:
            return desk.unknown("reminder")
        answer = self._understood("reminder.changed", changed, in_s)
        return desk.with_doubt(answer) if changed.deadline is None else answer

    async def cancel_reminder(self, which: Name = "") -> str:
        """Cancel a reminder, or every one.

        `which` is some words of its text ("mom"), its time ("18:00"), its day ("tomorrow"), how it
        recurs ("every day"), its place ("the first one"), or "all". Leave it empty when the person
        did not say: then the only reminder, or the one that rings, is meant, or you are told to
        ask. A recurring reminder is cancelled with all its days.
        """
        return await self._desk.cancel("reminder", which)

    def _understood(self, reply: str, reminder: Alert, in_s: float) -> str:
        now = self._desk.now()
        moment = (
            self._words.in_s(in_s, reminder.due_at, now)
            if in_s
            else self._words.understood_on(reminder, now)
        )
        return self._say(reply, task=self._words.to_do(reminder.text), moment=moment)

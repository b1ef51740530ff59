"""Timers, alarms and reminders. They are Ren's own notes: none of this is dangerous."""

from datetime import timedelta
from typing import Annotated

from ren_device.alerts.kernel import AlertKernel
from ren_device.errors import ToolError
from ren_device.model import Alert, AlertKind
from ren_device.ports import Clock
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.speakable import Speech, capitalised
from ren_device.skills.tool import Tool, between, length, tool

WEEK_S = 7 * 86_400
Name = Annotated[str, length(0, 100)]
Task = Annotated[str, length(0, 500)]
DurationS = Annotated[float, between(1, WEEK_S)]
At = Annotated[str, length(0, 60)]


class AlertSkill:
    """Sets, lists, cancels and silences alerts. Answers say what was understood."""

    def __init__(self, kernel: AlertKernel, clock: Clock, language: str = "en") -> None:
        """Set alerts here, by this clock; understand and answer in this language."""
        self._kernel = kernel
        self._clock = clock
        self._speech = Speech(language)
        self._say = self._speech.say
        self._words = AlertWords(self._speech)

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.set_timer),
            tool(self.list_timers, read_only=True),
            tool(self.cancel_timer),
            tool(self.set_alarm),
            tool(self.list_alarms, read_only=True),
            tool(self.cancel_alarm),
            tool(self.set_reminder),
            tool(self.list_reminders, read_only=True),
            tool(self.cancel_reminder),
            tool(self.stop_ringing),
        ]

    async def set_timer(self, duration_s: DurationS, name: Name = "") -> str:
        """Start a countdown that rings when it is over.

        Use it for "set a timer for five minutes" (duration_s 300) or "ten minutes for the pasta"
        (duration_s 600, name "pasta"). duration_s is in seconds, from 1 to 604800 (7 days). Give
        a name only when the person gave one. Many timers can run at once.
        """
        called = self._words.clean_name(name, "timer")
        due_at = self._clock.now() + timedelta(seconds=duration_s)
        await self._kernel.set("timer", called, due_at, duration_s)
        key = "timer.set_named" if called else "timer.set"
        return self._say(
            key, name=self._speech.noun(called), duration=self._speech.duration(duration_s)
        )

    async def list_timers(self, name: Name = "") -> str:
        """Tell which timers run and how much time each has left.

        Use it for "how long is left?", "how's my timer?", "what timers do I have?". Give `name`
        ("pasta", or "5 minutes" for what it was set for) when only that one was asked for.
        """
        running = self._set_or_ringing("timer")
        if not running:
            return self._say("timer.none")
        words = self._words
        if words.clean_name(name, "timer") and not words.means_all(name, "timer"):
            meant = words.matching(running, name, "timer", self._clock.now())
            if not meant:
                return f"{self._say('timer.unknown')} {self._overview('timer', running)}"
            running = meant
        lines = [f"{capitalised(self._status(alert))}." for alert in running]
        if len(running) > 1:
            lines.insert(0, self._say("timer.how_many", len(running)))
        return " ".join(lines)

    async def cancel_timer(self, which: Name = "") -> str:
        """Cancel a timer, or every one.

        `which` is its name ("pasta"), what it was set for ("5 minutes"), or "all". Leave it empty
        when the person did not say: then the only timer is meant, or else you are told to ask.
        """
        return await self._cancel("timer", which)

    async def set_alarm(self, at: At, name: Name = "") -> str:
        """Set an alarm that rings once at a time of day.

        Use it for "wake me at seven" (at "07:00") or "alarm for Friday at 6:30" (at
        "2026-06-26T06:30"). `at` is "HH:MM" in 24 hours, meaning the next such time, or a local
        date and time in ISO 8601 without a time zone. Give a name only when the person gave one.
        Ask back when it could be morning or evening. For a length of time use set_timer.
        """
        now = self._clock.now()
        due_at = self._words.parse_at(at, now)
        called = self._words.clean_name(name, "alarm")
        await self._kernel.set("alarm", called, due_at)
        key = "alarm.set_named" if called else "alarm.set"
        return self._say(
            key, name=self._speech.noun(called), moment=self._speech.moment(due_at, now)
        )

    async def list_alarms(self) -> str:
        """Tell which alarms are set. Use it for "what alarms do I have?", "is my alarm on?"."""
        return self._listed("alarm")

    async def cancel_alarm(self, which: Name = "") -> str:
        """Cancel an alarm, or every one.

        `which` is its name ("work"), its time ("07:30", "7:30 AM", "tomorrow"), or "all". Leave it
        empty when the person did not say: then the only alarm is meant, or you are told to ask.
        """
        return await self._cancel("alarm", which)

    async def set_reminder(self, text: Task, at: At) -> str:
        """Remind the person of something, aloud, at a given time.

        Use it for "remind me to call mom at six" (text "call mom", at "18:00"). `text` is what to
        do, in the person's own words and without "remind me to". `at` is "HH:MM" in 24 hours,
        meaning the next such time, or a local date and time in ISO 8601 without a time zone.
        """
        task = self._words.clean_task(text)
        if not task:
            raise ToolError(self._say("reminder.what"))
        now = self._clock.now()
        due_at = self._words.parse_at(at, now)
        await self._kernel.set("reminder", task, due_at)
        moment = self._speech.on_moment(due_at, now)
        return self._say("reminder.set", task=self._words.to_do(task), moment=moment)

    async def list_reminders(self) -> str:
        """Tell which reminders are set. Use it for "what are my reminders?"."""
        return self._listed("reminder")

    async def cancel_reminder(self, which: Name = "") -> str:
        """Cancel a reminder, or every one.

        `which` is some words of its text ("mom"), its time ("18:00", "tomorrow"), or "all". Leave
        it empty when the person did not say: then the only reminder is meant, or you are told to
        ask.
        """
        return await self._cancel("reminder", which)

    async def stop_ringing(self) -> str:
        """Silence every timer, alarm and reminder that is ringing now.

        Use it for "stop", "okay, I'm up", "turn it off" while something rings.
        """
        silenced = await self._kernel.acknowledge_all()
        if not silenced:
            return self._say("ringing.none")
        return self._off(silenced)

    async def _cancel(self, kind: AlertKind, which: str) -> str:
        now = self._clock.now()
        present = self._set_or_ringing(kind)
        if not present:
            return self._say(f"{kind}.none")
        ringing = [alert for alert in present if alert.state == "due"]
        if self._words.means_all(which, kind):
            meant = present
        elif which.strip():
            meant = self._words.matching(present, which, kind, now)
            if not meant:
                return f"{self._say(f'{kind}.unknown')} {self._overview(kind, present)}"
            if len(meant) > 1:
                return self._which_one(kind, meant)
        elif ringing:
            meant = ringing
        elif len(present) > 1:
            return self._which_one(kind, present)
        else:
            meant = present
        for alert in meant:
            await self._kernel.cancel(alert.id)
        if all(alert.state == "due" for alert in meant):
            return self._off(meant)
        if len(meant) > 1:
            how_many = "cancelled_both" if len(meant) == 2 else "cancelled_all"
            return self._say(f"{kind}.{how_many}", len(meant))
        return self._say(f"{kind}.cancelled", label=self._words.label(meant[0], now))

    def _set_or_ringing(self, kind: AlertKind) -> list[Alert]:
        ringing = [alert for alert in self._kernel.ringing() if alert.kind == kind]
        return [*ringing, *self._kernel.pending(kind)]

    def _listed(self, kind: AlertKind) -> str:
        present = self._set_or_ringing(kind)
        return self._overview(kind, present) if present else self._say(f"{kind}.none")

    def _which_one(self, kind: AlertKind, alerts: list[Alert]) -> str:
        return f"{self._overview(kind, alerts)} {self._say(f'{kind}.which_one')}"

    def _overview(self, kind: AlertKind, alerts: list[Alert]) -> str:
        described = self._speech.listing([self._described(alert) for alert in alerts])
        return self._say(f"{kind}.overview", len(alerts), alerts=described)

    def _described(self, alert: Alert) -> str:
        now = self._clock.now()
        if alert.kind == "timer" or alert.state == "due":
            return self._status(alert)
        moment = self._speech.on_moment(alert.due_at, now)
        if alert.kind == "reminder":
            return self._say(
                "reminder.described", task=self._words.to_do(alert.text), moment=moment
            )
        if alert.text:
            return self._say(
                "alarm.described_named", name=self._speech.noun(alert.text), moment=moment
            )
        return self._speech.moment(alert.due_at, now)

    def _status(self, alert: Alert) -> str:
        label = self._words.label(alert, self._clock.now())
        if alert.state == "due":
            return self._say(f"{alert.kind}.ringing", label=label)
        left = self._speech.remaining(self._kernel.remaining_s(alert))
        return self._say("timer.left", label=label, duration=left)

    def _off(self, alerts: list[Alert]) -> str:
        names = [self._words.label(alert, self._clock.now()) for alert in alerts]
        return self._say("ringing.off", len(names), labels=self._speech.listing(names))

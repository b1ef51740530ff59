"""The tools for timers. They are Ren's own notes: none of this is dangerous."""

from collections.abc import Sequence
from typing import Annotated

from ren_device.errors import ToolError
from ren_device.model import Alert, AlertState
from ren_device.skills.alert_desk import AlertDesk, Name
from ren_device.skills.alert_refusals import refusals
from ren_device.skills.ringing import RingingSkill
from ren_device.skills.speakable import capitalised
from ren_device.skills.tool import Tool, between, tool

WEEK_S = 7 * 86_400
DurationS = Annotated[float, between(1, WEEK_S)]
ByS = Annotated[float, between(-WEEK_S, WEEK_S)]
ToS = Annotated[float, between(0, WEEK_S)]


class TimerSkill:
    """Sets, tells, holds, changes and cancels timers. Answers say what was understood."""

    def __init__(self, desk: AlertDesk) -> None:
        """The timers of this desk."""
        self._desk = desk
        self._kernel = desk.kernel
        self._say = desk.say

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.set_timer),
            tool(self.list_timers, read_only=True),
            tool(self.pause_timer),
            tool(self.resume_timer),
            tool(self.change_timer),
            tool(self.cancel_timer),
        ]

    async def set_timer(self, duration_s: DurationS, name: Name = "") -> str:
        """Start a countdown that rings when it is over.

        Use it for "set a timer for five minutes" (duration_s 300) or "ten minutes for the pasta"
        (duration_s 600, name "pasta"). duration_s is in seconds, from 1 to 604800 (7 days). Give
        a name only when the person gave one. Many timers can run at once. Ask back when no length
        was said. For "remind me in ten minutes to ..." use set_reminder, for a time of day
        set_alarm.
        """
        called = self._desk.words.clean_name(name, "timer")
        with refusals(self._say, otherwise="full"):
            await self._kernel.set("timer", called, in_s=duration_s)
        key = "timer.set_named" if called else "timer.set"
        speech = self._desk.speech
        return self._say(key, name=speech.noun(called), duration=speech.duration(duration_s))

    async def list_timers(self, name: Name = "") -> str:
        """Tell which timers run or are paused, and how much time each has left.

        Use it for "how long is left?", "how's my timer?", "what timers do I have?". Give `name`
        ("pasta", or "5 minutes" for what it was set for) when only that one was asked for.
        """
        present = self._desk.present("timer")
        if not present:
            return self._say("timer.none")
        meant = self._desk.named("timer", name, present)
        if not meant:
            return self._desk.unknown("timer")
        many = f"{self._say('timer.how_many', len(meant))} " if len(meant) > 1 else ""
        return many + self._statuses(meant)

    async def pause_timer(self, which: Name = "") -> str:
        """Hold a timer that runs, until it is resumed.

        Use it for "pause the timer", "hold on with the pasta". `which` is its name ("pasta"),
        what it was set for ("5 minutes"), its place ("first"), or "all". Leave it empty when the
        person did not say: then the only one is meant, or you are told to ask.
        """
        return await self._hold(which, "pending", "pause")

    async def resume_timer(self, which: Name = "") -> str:
        """Let a paused timer run on with the time that it had left.

        Use it for "resume the timer", "go on with the pasta timer". `which` as in pause_timer.
        """
        return await self._hold(which, "paused", "resume")

    async def change_timer(self, which: Name = "", by_s: ByS = 0.0, to_s: ToS = 0.0) -> str:
        """Give a timer more time or less. Give exactly one of by_s and to_s, in seconds.

        by_s is added to what is left: "add five minutes to the pasta timer" (which "pasta", by_s
        300), "take a minute off" (by_s -60). to_s is what is to be left from now on: "make it ten
        minutes" (to_s 600). A timer that rings runs again. `which` as in pause_timer; leave it
        empty when the person did not say.
        """
        if (by_s == 0) == (to_s == 0):
            raise ToolError("Give by_s or to_s, in seconds: one of both, and not 0.")
        present = self._desk.present("timer")
        kinds = {alert.kind for alert in self._kernel.ringing()}
        if by_s > 0 and not which and kinds and "timer" not in kinds:
            return await RingingSkill(self._desk).snooze(by_s / 60)  # "five more minutes"
        if not present:
            return self._say("timer.none")
        chosen = self._desk.choose("timer", which, present, "which_change")
        if chosen.answer:
            return chosen.answer
        given = [await self._give(alert, by_s, to_s) for alert in chosen.alerts]
        return self._desk.sentences(given)

    async def cancel_timer(self, which: Name = "") -> str:
        """Cancel a timer, or every one.

        `which` is its name ("pasta"), what it was set for ("5 minutes"), its place ("the second
        one"), or "all". Leave it empty when the person did not say: then the only timer, or the
        one that rings, is meant, or else you are told to ask.
        """
        return await self._desk.cancel("timer", which)

    async def _hold(self, which: str, state: AlertState, to_do: str) -> str:
        """Pause or resume what is meant of the timers in this state."""
        desk = self._desk
        present = desk.present("timer")
        if not present:
            return self._say("timer.none")
        fitting = tuple(each for each in present if each.state == state)
        if not desk.named("timer", which, fitting):
            others = desk.named("timer", which, present)
            return self._statuses(others) if others else desk.unknown("timer")
        chosen = desk.choose("timer", which, fitting, f"which_{to_do}")
        if chosen.answer:
            return chosen.answer
        hold = self._kernel.pause if to_do == "pause" else self._kernel.resume
        with refusals(self._say):
            held = [await hold(alert.id) for alert in chosen.alerts]
        reply = "timer.paused_now" if to_do == "pause" else "timer.resumed"
        told = [self._told(reply, alert) for alert in held if alert]
        return desk.sentences(told) or desk.unknown("timer")

    async def _give(self, alert: Alert, by_s: float, to_s: float) -> str:
        """Change one timer, and tell what it has left then."""
        if alert.state == "due" and by_s < 0:
            return self._statuses((alert,))
        left_s = 0.0 if alert.state == "due" else self._kernel.remaining_s(alert)
        then_s = to_s or left_s + by_s
        if then_s < 1:
            return self._told("timer.too_little", alert)
        if then_s > WEEK_S:
            raise ToolError(self._say("timer.too_long"))
        with refusals(self._say):
            if to_s and alert.state != "paused":
                changed = await self._kernel.change(alert.id, in_s=to_s)
            else:
                changed = await self._kernel.adjust(alert.id, then_s - left_s)
        if changed is None:
            return self._desk.unknown("timer")
        still = "changed_paused" if changed.state == "paused" else "changed"
        return self._told(f"timer.{still}", changed)

    def _statuses(self, timers: Sequence[Alert]) -> str:
        told = [f"{capitalised(self._desk.status(alert))}." for alert in timers]
        return self._desk.sentences(told)

    def _told(self, reply: str, alert: Alert) -> str:
        left_s = self._kernel.remaining_s(alert)
        label = self._desk.words.label(alert, self._desk.now())
        duration = self._desk.speech.remaining(left_s)
        return capitalised(self._say(reply, label=label, duration=duration))

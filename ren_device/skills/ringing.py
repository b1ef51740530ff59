"""The tools for what rings now, and for what nobody heard."""

from collections.abc import Callable, Sequence
from typing import Annotated

from ren_device.skills.alert_desk import AlertDesk, Name
from ren_device.skills.alert_refusals import refusals
from ren_device.skills.missed_words import MissedWords
from ren_device.skills.speakable import capitalised
from ren_device.skills.tool import Tool, between, tool

LONGEST_SNOOZE_MINUTES = 24 * 60
Minutes = Annotated[float, between(1, LONGEST_SNOOZE_MINUTES)]


class RingingSkill:
    """Silences and snoozes what rings; tells what was missed."""

    def __init__(self, desk: AlertDesk, stop_also: Callable[[], Sequence[str]] = tuple) -> None:
        """What rings of this desk. `stop_also` ends routines that run, and gives their names."""
        self._desk = desk
        self._stop_also = stop_also
        self._kernel = desk.kernel
        self._say = desk.say
        self._missed = MissedWords(desk.speech.language)

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [tool(self.snooze), tool(self.stop_ringing), tool(self.list_missed)]

    async def snooze(self, minutes: Minutes = 9.0, which: Name = "") -> str:
        """Silence what rings now, and let it ring again after some minutes.

        Use it for "snooze", "five more minutes" (minutes 5), "remind me again in an hour" (minutes
        60) while something rings. Without a number it is nine minutes. Leave `which` empty for
        everything that rings, or give a name, time or kind ("egg", "alarm") when the person did.
        """
        ringing = self._kernel.ringing()
        if not ringing:
            return self._say("ringing.none")
        meant = self._desk.of_any_kind(ringing, which)
        if not meant:
            return self._say("ringing.only", len(ringing), labels=self._desk.labels(ringing))
        with refusals(self._say):
            snoozed = [await self._kernel.snooze(alert.id, minutes * 60) for alert in meant]
        until = [alert.due_at for alert in snoozed if alert]
        if not until:
            return self._say("ringing.none")
        moment = self._desk.words.until(until[0], self._desk.now())
        duration = self._desk.speech.duration(minutes * 60)
        return self._say("ringing.snoozed", duration=duration, moment=moment)

    async def stop_ringing(self) -> str:
        """Silence every timer, alarm and reminder that is ringing now.

        Use it for "stop", "okay, I'm up", "turn it off" while something rings. What recurs rings
        again next time. It ends the routines that run, too.
        """
        ended = self._stop_also()  # first: an alarm that is stopped may start one
        silenced = await self._kernel.acknowledge_all()
        said = [self._desk.off(silenced)] if silenced else []
        if ended:
            nouns = [self._desk.speech.noun(name) for name in ended]
            called = [self._say("routine.called", name=noun) for noun in nouns]
            key = "routine.stopped_too" if silenced else "routine.stopped"
            said.append(self._say(key, names=self._desk.speech.listing(called)))
        return " ".join(said) or self._say("ringing.none")

    async def list_missed(self) -> str:
        """Tell what was due and nobody heard or stopped, so that it is not told again.

        Use it for "what did I miss?", "did anything ring while I was away?".
        """
        missed = self._kernel.missed()
        if missed:
            told = self._missed.said(missed, self._desk.now())
            await self._kernel.told(missed)
            return self._desk.with_doubt(told)
        if self._kernel.waits_for_clock():
            return self._say("missed.unsure")
        if overdue := self._desk.overdue():
            labels = self._desk.labels(overdue)
            return capitalised(self._say("missed.due", len(overdue), labels=labels))
        return self._say("missed.none")

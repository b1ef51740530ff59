"""The tools for routines: named lists of steps that are run by voice, by time or by an alarm."""

from collections.abc import Sequence
from typing import Annotated

from ren_device.alerts.kernel import AlertKernel
from ren_device.errors import ToolError
from ren_device.model import Alert, Routine
from ren_device.ports import Clock, RoutineStore
from ren_device.skills.alert_desk import Repeat, rule_of
from ren_device.skills.alert_refusals import refusals
from ren_device.skills.alert_words import AlertWords
from ren_device.skills.routine_runner import RoutineRunner
from ren_device.skills.routine_steps import Steps, to_model
from ren_device.skills.routine_words import RoutineWords
from ren_device.skills.speakable import Speech, capitalised
from ren_device.skills.tool import Tool, length, tool

MOST_ROUTINES = 100
Name = Annotated[str, length(1, 60)]
AnyName = Annotated[str, length(0, 60)]
At = Annotated[str, length(1, 60)]


class RoutineSkill:
    """Keeps, tells, runs and schedules routines.

    They are Ren's own notes, but what acts on the house does so in a routine too: saving, running
    and scheduling one with such a step needs the permission that the step needs. When its time
    comes nobody is asked again.
    """

    def __init__(
        self,
        routines: RoutineStore,
        runner: RoutineRunner,
        kernel: AlertKernel,
        clock: Clock,
        language: str = "en",
    ) -> None:
        """Keep them in `routines`, run them with `runner` and set their times in `kernel`."""
        self._routines = routines
        self._runner = runner
        self._kernel = kernel
        self._clock = clock
        self._speech = Speech(language)
        self._say = self._speech.say
        self._words = RoutineWords(self._speech)
        self._moments = AlertWords(self._speech)

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.save_routine, danger=self._saves_danger),
            tool(self.list_routines, read_only=True),
            tool(self.run_routine, danger=self._names_danger),
            tool(self.stop_routine),
            tool(self.delete_routine),
            tool(self.schedule_routine, danger=self._names_danger),
            tool(self.unschedule_routine),
        ]

    async def save_routine(self, name: Name, steps: Steps) -> str:
        """Save a routine: a named list of steps. One that has this name is replaced as a whole.

        Use it for "make a routine called bedtime: turn off the lights and say good night" (name
        "bedtime", steps [{"tool": "set_power", "arguments": {"device": "all lights", "on": false}},
        {"say": "Good night."}]). A step is {"say": words}, {"tool": name of one of your tools,
        "arguments": its arguments} or {"pause_s": seconds}, an hour at most together. What a tool
        answers is said aloud. In a routine `at` is always "HH:MM", and a `day` is "{today}" or
        "{tomorrow}". To change a routine, save all of its steps again; list_routines tells them.
        Ask when it is not clear what a step should do.
        """
        there = await self._routines.all()
        called = self._clean(name)
        before = [each for each in there if self._words.key(each.name) == self._words.key(called)]
        if before:
            called = before[0].name
        elif len(there) >= MOST_ROUTINES:
            raise ToolError(self._say("routine.full", MOST_ROUTINES))
        kept = await self._runner.rules.checked(called, to_model(steps), self._clock.now())
        await self._routines.put(Routine(called, kept))
        return self._say(
            "routine.replaced" if before else "routine.saved",
            name=self._words.called(called),
            steps=self._words.listed(kept),
        )

    async def list_routines(self, name: AnyName = "") -> str:
        """Tell which routines there are and when they run; of one by its `name`, also its steps.

        Use it for "what routines do I have?" and "what does my bedtime routine do?" (name
        "bedtime").
        """
        there = await self._routines.all()
        if not there:
            return self._say("routine.none")
        if not self._words.clean_name(name):
            told = self._speech.listing([self._described(each) for each in there])
            return self._say("routine.overview", len(there), routines=told)
        meant = self._words.matching(there, name)
        if not meant:
            return self._unknown(name, there)
        return " ".join(self._in_full(each) for each in meant)

    async def run_routine(self, name: Name) -> str:
        """Run a routine now.

        Use it for "run good morning" or "start my bedtime routine". What it says up to its first
        pause is the answer, which you pass on as it stands; the rest is said aloud by itself.
        """
        meant = await self._meant(name, "run")
        if isinstance(meant, str):
            return meant
        said = await self._runner.answer(meant.name)
        return said or self._sentence("routine.started", meant)

    async def stop_routine(self) -> str:
        """End every routine that is running now: what is left of it does not happen.

        Use it for "stop the routine". Its times stay; unschedule_routine takes those away.
        """
        stopped = self._runner.stop()
        if not stopped:
            return self._say("routine.none_runs")
        names = self._speech.listing([self._words.called(name) for name in stopped])
        return self._say("routine.stopped", names=names)

    async def delete_routine(self, name: Name) -> str:
        """Delete a routine and its times. Use it for "delete the bedtime routine"."""
        meant = await self._meant(name, "delete")
        if isinstance(meant, str):
            return meant
        await self._routines.remove(meant.name)
        self._runner.stop(meant.name)
        taken = await self._take_times(meant)
        key = "routine.deleted_with_times" if taken else "routine.deleted"
        return self._sentence(key, meant)

    async def schedule_routine(self, name: Name, at: At, repeat: Repeat = "") -> str:
        """Run a routine at a time, once or again and again.

        Use it for "run the bedtime routine every day at ten" (name "bedtime", at "22:00", repeat
        "FREQ=DAILY"). `at` is "HH:MM" in 24 hours, meaning the next such time, or a local date and
        time in ISO 8601 without a time zone; of what recurs, the earliest. `repeat` is an RFC 5545
        RRULE, empty for once. It adds a time to those that the routine has.
        """
        meant = await self._meant(name, "schedule")
        if isinstance(meant, str):
            return meant
        now = self._clock.now()
        due_at, rule = self._moments.parse_at(at, now), rule_of(repeat) or ""
        with refusals(self._say, rule, "full"):
            alert = await self._kernel.set("routine", at=due_at, rule=rule, routine=meant.name)
        moment = self._moments.understood(alert, now)
        return self._sentence("routine.scheduled", meant, moment=moment)

    async def unschedule_routine(self, name: Name) -> str:
        """Take away all times at which a routine runs; the routine itself stays.

        Use it for "don't run the bedtime routine every day any more".
        """
        meant = await self._meant(name, "unschedule")
        if isinstance(meant, str):
            return meant
        taken = await self._take_times(meant)
        key = "routine.unscheduled" if taken else "routine.no_times"
        return self._sentence(key, meant)

    # --- what needs permission --------------------------------------------------------------

    async def _saves_danger(self, steps: Steps, **_: object) -> bool:
        return await self._runner.rules.is_dangerous(to_model(steps))

    async def _names_danger(self, name: Name, **_: object) -> bool:
        return await self._runner.is_dangerous(name)

    # --- which ------------------------------------------------------------------------------

    def _clean(self, name: str) -> str:
        called = self._words.clean_name(name)
        if not self._words.key(called):
            raise ToolError(self._say("routine.nameless"))
        return called

    async def _meant(self, name: str, verb: str) -> Routine | str:
        """The routine, or what to say instead: that there is none, or which one it should be."""
        there = await self._routines.all()
        found = self._words.matching(there, self._clean(name))
        if len(found) == 1:
            return found[0]
        if not found:
            raise ToolError(self._unknown(name, there))
        names = self._speech.listing([self._speech.noun(each.name) for each in found])
        return self._say(f"routine.which_one.{verb}", routines=names)

    def _unknown(self, name: str, there: Sequence[Routine]) -> str:
        unknown = self._say("routine.unknown", name=self._speech.noun(self._words.clean_name(name)))
        if not there:
            return unknown
        names = self._speech.listing([self._speech.noun(each.name) for each in there])
        return f"{unknown} {self._say('routine.overview', len(there), routines=names)}"

    # --- when -------------------------------------------------------------------------------

    def _times(self, routine: Routine) -> list[Alert]:
        key = self._words.key(routine.name)
        return [
            alert
            for alert in self._kernel.pending()
            if alert.routine and self._words.key(alert.routine) == key
        ]

    async def _take_times(self, routine: Routine) -> bool:
        """Whether there were any. An alarm that starts it stays an alarm."""
        times = self._times(routine)
        for alert in times:
            if alert.kind == "routine":
                await self._kernel.cancel(alert.id)
            else:
                await self._kernel.change(alert.id, routine="")
        return bool(times)

    # --- telling ----------------------------------------------------------------------------

    def _sentence(self, key: str, routine: Routine, **values: str) -> str:
        return capitalised(self._say(key, name=self._words.called(routine.name), **values))

    def _described(self, routine: Routine) -> str:
        """Its name, and when it runs."""
        name = self._speech.noun(routine.name)
        if not (moments := self._moments_of(routine)):
            return name
        return self._say("routine.described", name=name, moments=moments)

    def _in_full(self, routine: Routine) -> str:
        name = capitalised(self._words.called(routine.name))
        steps = self._words.listed(routine.steps)
        if not (moments := self._moments_of(routine)):
            return self._say("routine.does", name=name, steps=steps)
        return self._say("routine.does_at", name=name, steps=steps, moments=moments)

    def _moments_of(self, routine: Routine) -> str:
        now = self._clock.now()
        timed = [alert for alert in self._times(routine) if alert.kind == "routine"]
        return self._speech.listing([self._moments.on_moment(alert, now) for alert in timed])

"""Runs routines: those whose time has come, and those that somebody asks for.

One that was due runs at least once: it is put away when it has ended, so that after a power cut in
the middle of it, it runs again from its beginning.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.errors import RenError, ToolError
from ren_device.model import AlertChanged, Pause, Routine, RunTool, Say, Step
from ren_device.ports import Announcer, Clock, RoutineStore
from ren_device.skills.routine_steps import (
    LONGEST_S,
    MOST_STEPS,
    StepRules,
    arguments_at,
    nested_name,
)
from ren_device.skills.routine_words import RoutineWords, as_sentence
from ren_device.skills.speakable import Speech, capitalised
from ren_device.skills.tool import Toolbox

MOST_AT_ONCE = 4
"""So many run at a time; what is due beyond that waits."""
TOOL_S = 30.0
"""So long a tool may take, and so long it may take to say why a run was ended."""
REPLY_S = 10.0
"""Who asks for a routine is answered after this time, also when no pause has come."""
HOLD_S = 5.0
"""Somebody who breaks in has so long to say "stop" before the next step."""

_log = logging.getLogger(__name__)


class NobodyHears:
    """The ports.Announcer where there is no voice: tools run all the same."""

    async def say(self, text: str) -> None:
        """None."""


class _TooManySteps(Exception):
    """A run has taken MOST_STEPS, and is not at its end."""


@dataclass(eq=False, slots=True)
class _Run:
    """One run of a routine. While `told` is a list it takes what is said, and nothing is aloud."""

    name: str
    alert_id: int | None = None
    told: list[str] | None = None
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    """Set from the first pause on, or the end."""
    stopped: bool = False
    talks: bool = False
    steps: int = 0
    """So many were taken, those of routines within it counted."""
    limit: asyncio.Timeout = field(default_factory=lambda: asyncio.timeout(LONGEST_S))
    task: asyncio.Task[None] | None = None


class RoutineRunner:
    """Takes the steps of routines one after the other.

    A step that fails is said, and the next one follows. `stop` ends all at once.
    """

    def __init__(
        self,
        routines: RoutineStore,
        toolbox: Callable[[], Toolbox],
        kernel: AlertKernel,
        announcer: Callable[[], Announcer],
        clock: Clock,
        bus: Bus,
        language: str = "en",
    ) -> None:
        """`toolbox` and `announcer` are asked for when they are needed: they are made later."""
        self.rules = StepRules(routines, toolbox, language)
        self._routines = routines
        self._toolbox = toolbox
        self._kernel = kernel
        self._announcer = announcer
        self._clock = clock
        self._bus = bus
        speech = Speech(language)
        self._say = speech.say
        self._words = RoutineWords(speech)
        self._group: asyncio.TaskGroup | None = None
        self._runs: list[_Run] = []

    @property
    def running(self) -> tuple[str, ...]:
        """The names of those that run now, in the order in which they began."""
        return tuple(run.name for run in self._runs)

    @property
    def talking(self) -> bool:
        """Whether one of them speaks, or was just cut off: "stop" means it."""
        return any(run.talks for run in self._runs)

    async def run(self) -> None:
        """Run what is due until cancelled; only meanwhile can routines be asked for."""
        await self._kernel.load()
        with self._bus.subscribe() as events:
            async with asyncio.TaskGroup() as group:
                self._group = group
                try:
                    self._begin_due()
                    async for event in events:
                        if isinstance(event, AlertChanged) and event.alert.kind == "routine":
                            self._begin_due()
                finally:
                    self._group = None

    def start(self, name: str) -> bool:
        """Run it from now on, aloud; False when it runs already, or too many others do."""
        group = self._room_for(name)
        if group is not None:
            self._begin(_Run(name), group)
        return group is not None

    async def answer(self, name: str) -> str:
        """Run it, and return what it says up to its first pause; the rest is said aloud.

        Empty when it begins with a pause. Whoever is cancelled here stops it. Raises ToolError
        when it runs already, or too many others do.
        """
        group = self._room_for(name)
        if group is None:
            key = "routine.runs" if self._runs_now(name) else "routine.too_many"
            raise ToolError(capitalised(self._say(key, name=self._words.called(name))))
        run = _Run(name, told=[])
        self._begin(run, group)
        try:
            async with asyncio.timeout(REPLY_S):
                await run.paused.wait()
        except TimeoutError:
            pass  # the rest comes as it comes
        except asyncio.CancelledError:
            _stop(run)
            raise
        told, run.told = run.told or [], None
        return " ".join(told)

    def stop(self, name: str | None = None) -> tuple[str, ...]:
        """End all, or the one of this name, but not the one that asks by a step; their names."""
        own = asyncio.current_task()
        ends = [run for run in self._runs if run.task is not own and not run.stopped]
        key = self._words.key
        stopped = [run for run in ends if name is None or key(run.name) == key(name)]
        for run in stopped:
            _stop(run)
        return tuple(run.name for run in stopped)

    async def is_dangerous(self, name: str) -> bool:
        """Whether the routine that is called so acts on the world. Raises StoreError."""
        found = self._words.matching(await self._routines.all(), name)
        return await self.rules.is_dangerous(step for each in found for step in each.steps)

    # --- which ------------------------------------------------------------------------------

    def _room_for(self, name: str) -> asyncio.TaskGroup | None:
        """Where it can run; None when it runs already, or there is no room."""
        full = len(self._runs) >= MOST_AT_ONCE
        return None if full or self._runs_now(name) else self._group

    def _runs_now(self, name: str) -> bool:
        return name.casefold() in {each.casefold() for each in self.running}

    def _begin_due(self) -> None:
        begun = {run.alert_id for run in self._runs}
        for alert in self._kernel.due_routines():
            if self._group is None or len(self._runs) >= MOST_AT_ONCE:
                return
            if alert.id not in begun:
                self._begin(_Run(alert.routine, alert.id), self._group)

    def _begin(self, run: _Run, group: asyncio.TaskGroup) -> None:
        self._runs.append(run)
        run.task = group.create_task(self._whole(run), name="routine")

    # --- one run ----------------------------------------------------------------------------

    async def _whole(self, run: _Run) -> None:
        ended = True
        try:
            await self._bounded(run)
        except asyncio.CancelledError:
            ended = run.stopped  # else Ren ends, and it will run again
            if not ended:
                raise
        finally:
            if ended and run.alert_id is not None:  # also after a bug: no restart brings it back
                await self._kernel.acknowledge(run.alert_id)
            self._runs.remove(run)
            run.paused.set()
        self._begin_due()

    async def _bounded(self, run: _Run) -> None:
        """All of it, or as many steps as one run may take, and as fit into an hour."""
        key = ""
        try:
            async with run.limit:
                await self._routine(run, run.name, ())
        except TimeoutError:
            if not run.limit.expired():
                raise
            key = "routine.too_long"
        except _TooManySteps:
            key = "routine.too_many_taken"
        with suppress(TimeoutError):  # people may talk on and on
            async with asyncio.timeout(TOOL_S):
                called = self._words.called(run.name)
                await self._tell(run, key and self._say(key, name=called, most=MOST_STEPS))

    async def _routine(self, run: _Run, name: str, within: tuple[str, ...]) -> None:
        """Take all steps of it; `within` are the routines, casefolded, that it is a step of."""
        called = self._words.called(name)
        try:
            routine = await self._find(name)
        except RenError as error:
            await self._tell(run, self._say("routine.unreadable", name=called, reason=error))
            return
        if routine is None:
            await self._tell(run, self._say("routine.gone", name=called))
            return
        if routine.name.casefold() in within:
            await self._tell(run, self._say("routine.circle", name=called))
            return
        if not within:
            run.name = routine.name
        for step in routine.steps:
            await self._step(run, step, (*within, routine.name.casefold()))

    async def _find(self, name: str) -> Routine | None:
        """The routine of this name; alarms may call it "my bedtime routine"."""
        if routine := await self._routines.get(name):
            return routine
        found = self._words.matching(await self._routines.all(), name)
        return found[0] if len(found) == 1 else None

    async def _step(self, run: _Run, step: Step, within: tuple[str, ...]) -> None:
        if run.stopped or run.limit.expired():  # a tool did not let itself be cancelled
            raise asyncio.CancelledError
        run.steps += 1
        if run.steps > MOST_STEPS:
            raise _TooManySteps
        match step:
            case Say(text):
                await self._tell(run, text)
            case Pause(seconds):
                run.paused.set()
                await asyncio.sleep(seconds)
            case RunTool() if name := nested_name(step):
                await self._routine(run, name, within)
            case RunTool():
                await self._tell(run, await self._called(step))

    async def _called(self, step: RunTool) -> str:
        """What the tool answers, or why it did not."""
        tool = self._toolbox().get(step.name)
        try:
            if tool is None:
                raise ToolError(self._say("routine.no_tool"))
            async with asyncio.timeout(TOOL_S) as limit:
                return await tool.run(arguments_at(step, self._clock.now()))
        except TimeoutError:
            if not limit.expired():
                raise
            reason = self._say("routine.too_slow")
        except RenError as error:
            reason = str(error)
        _log.info("a step of a routine failed: %s", step.name if tool else "no such tool")
        return self._say("routine.failed", step=self._words.step(step), reason=reason)

    async def _tell(self, run: _Run, text: str) -> None:
        said = as_sentence(text)
        if not said:
            return
        if run.told is not None and not run.paused.is_set():
            run.told.append(said)
        else:
            run.talks = True
            if await self._announcer().say(said) is False:
                await asyncio.sleep(HOLD_S)
            run.talks = False


def _stop(run: _Run) -> None:
    run.stopped = True
    if run.task is not None:
        run.task.cancel()

"""Routines whose house is killed at any moment: each runs from its beginning until it was done."""

import asyncio
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.model import Pause, Routine, RunTool, Say, Step
from ren_device.skills.tool import tool
from tests.alerts.memory_alerts import MemoryAlerts
from tests.alerts.virtual_clock import VirtualClock
from tests.skills.memory_routines import MemoryRoutines
from tests.skills.routine_house import RoutineHouse
from tests.virtual_time import run


@dataclass
class Planned:
    """A routine: when it is due, in seconds, and the lengths of its pauses."""

    due_s: int
    pauses_s: list[int]
    fails: bool


@dataclass
class Life:
    """How long the house lives, and how long it is off then; stopped by somebody in between."""

    alive_s: int
    off_s: int
    stop_s: int | None = None


@dataclass
class Record:
    """What was done of each routine, by its steps' numbers; and which were stopped."""

    done: dict[str, list[int]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)


PLANS = st.lists(
    st.builds(
        Planned,
        due_s=st.integers(1, 900),
        pauses_s=st.lists(st.integers(1, 60), min_size=1, max_size=4),
        fails=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
LIVES = st.lists(
    st.builds(
        Life,
        alive_s=st.integers(0, 400),
        off_s=st.integers(0, 60),
        stop_s=st.none() | st.integers(0, 400),
    ),
    max_size=4,
)


def routine(name: str, plan: Planned) -> Routine:
    """Its steps are numbered: a step that fails must change nothing for those after it."""
    steps: list[Step] = []
    for number, pause_s in enumerate(plan.pauses_s):
        steps.append(RunTool("note", {"name": name, "number": number}))
        if plan.fails:
            steps.append(RunTool("note", {"name": name}))
        steps += [Pause(pause_s), Say(f"{name} goes on")]
    return Routine(name, tuple(steps))


@settings(max_examples=40, deadline=None)
@given(plans=PLANS, lives=LIVES)
def test_each_runs_to_its_end_whatever_happens(plans: list[Planned], lives: list[Life]) -> None:
    async def scene() -> None:
        record = Record()
        routines, store = MemoryRoutines(), MemoryAlerts()
        began = NotingHouse(record, routines, store)
        async with began:
            for number, plan in enumerate(plans):
                await routines.put(routine(f"r{number}", plan))
                at = began.in_s(plan.due_s)
                await began.kernel.set("routine", at=at, routine=f"r{number}")
        for life in lives:
            async with NotingHouse(record, routines, store, began.clock) as house:
                if life.stop_s is not None and life.stop_s < life.alive_s:
                    await asyncio.sleep(life.stop_s)
                    record.stopped |= set(house.runner.stop())
                    await asyncio.sleep(life.alive_s - life.stop_s)
                else:
                    await asyncio.sleep(life.alive_s)
            await asyncio.sleep(life.off_s)
        async with NotingHouse(record, routines, store, began.clock) as last:
            await asyncio.sleep(4 * 3600)
            missed = {alert.routine for alert in last.kernel.missed()}
            assert not last.kernel.due_routines()
            assert not last.kernel.pending()
            assert not last.runner.running
        for number, plan in enumerate(plans):
            name, whole = f"r{number}", list(range(len(plan.pauses_s)))
            runs = in_runs(record.done.get(name, []))
            assert all(each == whole[: len(each)] for each in runs), "each in order, from the first"
            complete = bool(runs) and runs[-1] == whole
            assert complete or name in record.stopped or name in missed
            # What was done to its end, or was stopped, does not come back.
            assert sum(each == whole for each in runs[:-1]) <= len(lives)

    run(scene())


def in_runs(numbers: list[int]) -> list[list[int]]:
    """Cut before each 0."""
    runs: list[list[int]] = []
    for number in numbers:
        if number == 0 or not runs:
            runs.append([])
        runs[-1].append(number)
    return runs


class NotingHouse(RoutineHouse):
    """Its tool notes which step was taken."""

    def __init__(
        self,
        record: Record,
        routines: MemoryRoutines,
        store: MemoryAlerts,
        clock: VirtualClock | None = None,
    ) -> None:
        super().__init__(routines, store, clock, more=[tool(self.note)])
        self._record = record

    async def note(self, name: str, number: int) -> str:
        """Note it."""
        self._record.done.setdefault(name, []).append(number)
        return "Noted."

"""The steps of a routine: as a mind writes them, and what they may be."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from ren_device.errors import ToolError
from ren_device.languages.replies import Replies
from ren_device.model import Pause, RunTool, Say, Step
from ren_device.ports import RoutineStore
from ren_device.skills.tool import READABLE, TRIMMED, Toolbox, between, length

RUN_ROUTINE = "run_routine"
"""The tool that runs a routine, also within another one."""
LONGEST_S = 3600.0
"""How long a routine may take."""
MOST_STEPS = 200
"""So many steps one run may take, those of the routines within it counted."""

_NOT_IN_ROUTINES = frozenset(
    "save_routine delete_routine schedule_routine unschedule_routine stop_routine".split()
)
_DAYS_AHEAD = {"{today}": 0, "{tomorrow}": 1}
_STRICT = {"extra": "forbid"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class SayStep:
    """Say this aloud."""

    __pydantic_config__ = _STRICT
    say: Annotated[str, TRIMMED, length(1, 500), READABLE]


@dataclass(frozen=True)
class ToolStep:
    """Call one of the tools, with its arguments; what it answers is said aloud."""

    __pydantic_config__ = _STRICT
    tool: Annotated[str, length(1, 100)]
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PauseStep:
    """Wait for so many seconds."""

    __pydantic_config__ = _STRICT
    pause_s: Annotated[float, between(1, LONGEST_S)]


Steps = Annotated[list[SayStep | ToolStep | PauseStep], length(1, 30)]


def to_model(steps: Iterable[SayStep | ToolStep | PauseStep]) -> tuple[Step, ...]:
    """The same in the model's words."""
    return tuple(map(_step, steps))


def _step(written: SayStep | ToolStep | PauseStep) -> Step:
    match written:
        case SayStep(say=text):
            return Say(" ".join(text.split()))
        case ToolStep(tool=name, arguments=arguments):
            return RunTool(name, arguments)
        case PauseStep(pause_s=seconds):
            return Pause(seconds)


def arguments_at(step: RunTool, now: datetime) -> dict[str, object]:
    """The arguments of a step that is taken now: `{today}` and `{tomorrow}` are ISO dates then."""
    return {key: _as_date(value, now) for key, value in step.arguments.items()}


def _as_date(value: object, now: datetime) -> object:
    ahead = _DAYS_AHEAD.get(value) if isinstance(value, str) else None
    return value if ahead is None else (now + timedelta(days=ahead)).date().isoformat()


def nested_name(step: RunTool) -> str:
    """Which routine a step runs; empty when it runs none."""
    return str(step.arguments.get("name", "")) if step.name == RUN_ROUTINE else ""


class StepRules:
    """Knows which steps are fine, and which act on the world."""

    def __init__(
        self, routines: RoutineStore, toolbox: Callable[[], Toolbox], language: str = "en"
    ) -> None:
        """`toolbox` is asked for when it is needed, as it holds the tools for routines too."""
        self._routines = routines
        self._toolbox = toolbox
        self._say = Replies(language).say

    async def checked(self, name: str, steps: Sequence[Step], now: datetime) -> tuple[Step, ...]:
        """The steps as they are to be kept under this name.

        Raises ToolError for a tool or an argument that does not exist, a moment that comes only
        once, a routine that would run itself, and, with those within it, more than MOST_STEPS or
        pauses of more than an hour together; and StoreError.
        """
        for step in steps:
            if isinstance(step, RunTool):
                self._check_call(step, now)
        kept = tuple([await self._with_full_name(step) for step in steps])
        _, runs = await self._reached(kept)
        if name.casefold() in runs:
            raise ToolError(self._say("routine.circle", name=name))
        await self._check_whole(kept)
        return kept

    async def is_dangerous(self, steps: Iterable[Step]) -> bool:
        """Whether any of these, or of the routines that they run, acts on the world."""
        calls, _ = await self._reached(steps)
        for call in calls:
            tool = self._toolbox().get(call.name)
            if tool is not None and await tool.is_dangerous(call.arguments):
                return True
        return False

    def _check_call(self, step: RunTool, now: datetime) -> None:
        tool = self._toolbox().get(step.name)
        if tool is None:
            raise ToolError(f"There is no tool called {step.name[:40]}.")
        if step.name in _NOT_IN_ROUTINES:
            raise ToolError(f"{step.name} cannot be a step of a routine.")
        dated = (step.arguments.get(key) for key in ("at", "day"))
        if any(isinstance(value, str) and _DATE.match(value) for value in dated):
            raise ToolError(
                f"{step.name}: a date comes only once. In a routine `at` is HH:MM, and `day` is"
                " {today} or {tomorrow}."
            )
        tool.check(arguments_at(step, now))

    async def _check_whole(self, steps: Sequence[Step]) -> None:
        """Raises ToolError for more than one run may take, with all routines within it."""
        ahead, taken, pauses_s = list(steps), 0, 0.0
        while ahead:
            step = ahead.pop()
            taken += 1
            if taken > MOST_STEPS:
                raise ToolError(self._say("routine.too_many_steps", most=MOST_STEPS))
            if isinstance(step, Pause):
                pauses_s += step.seconds
            elif isinstance(step, RunTool) and (name := nested_name(step)):
                routine = await self._routines.get(name)
                ahead.extend(routine.steps if routine else ())
        if pauses_s > LONGEST_S:
            raise ToolError(self._say("routine.too_long_pauses"))

    async def _with_full_name(self, step: Step) -> Step:
        if not isinstance(step, RunTool) or not (name := nested_name(step)):
            return step
        routine = await self._routines.get(name)
        if routine is None:
            raise ToolError(self._say("routine.unknown", name=name))
        return replace(step, arguments={"name": routine.name})

    async def _reached(self, steps: Iterable[Step]) -> tuple[list[RunTool], set[str]]:
        """All calls but those of routines, which are followed; and these, by casefolded name."""
        calls: list[RunTool] = []
        runs: set[str] = set()
        ahead = list(steps)
        while ahead:
            step = ahead.pop()
            if not isinstance(step, RunTool):
                continue
            name = nested_name(step).casefold()
            if not name:
                calls.append(step)
            elif name not in runs:
                runs.add(name)
                routine = await self._routines.get(name)
                ahead.extend(routine.steps if routine else ())
        return calls, runs

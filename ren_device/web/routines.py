"""/routines: named lists of steps, for phones and their page."""

from typing import Annotated, Any, Protocol

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ren_device.errors import ToolError
from ren_device.model import Pause, Routine, RunTool, Say, Step
from ren_device.ports import RoutineStore
from ren_device.skills.routine_steps import StepRules, Steps, to_model
from ren_device.skills.routines import MOST_ROUTINES
from ren_device.skills.tool import UNREADABLE, readable
from ren_device.web import answers
from ren_device.web.alert_json import saving
from ren_device.web.describe import Described
from ren_device.web.errors import ApiError
from ren_device.web.keys import SERVICES
from ren_device.web.routine_gate import RoutineGate
from ren_device.web.schemas import NoBody, WholeNumber, answer_json, read_body, read_path


class Runner(Protocol):
    """Whoever runs routines."""

    def start(self, name: str) -> bool:
        """Run it from now on; False when it runs already."""

    @property
    def running(self) -> tuple[str, ...]:
        """The names of those that run now."""

    def stop(self, name: str | None = None) -> tuple[str, ...]:
        """End all that run, or the one of this name; their names."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RunBody(_Strict):
    """In which conversation."""

    thread_id: Annotated[
        WholeNumber | None,
        Field(
            description="The conversation whose `allow_dangerous` counts; without it the most "
            "recently active one."
        ),
    ] = None


class RoutineBody(RunBody):
    """What a routine does, step by step."""

    steps: Steps


_WORD = rf"[^/\s{UNREADABLE}]+"
_WORDS = rf"^{_WORD}( {_WORD})*$"


class RoutinePath(BaseModel):
    """Which routine."""

    name: Annotated[
        str,
        BeforeValidator(readable),
        Field(
            max_length=60,
            pattern=_WORDS,
            description="Its name, whatever the letter case: words with one space in between.",
        ),
    ]


_STEPS: list[dict[str, Any]] = [
    {"say": "Good night."},
    {"pause_s": 2.0},
    {"tool": "list_alarms", "arguments": {}},
]
_ROUTINE: answers.Routine = {"name": "bedtime", "steps": _STEPS}
_UNKNOWN = {404: "There is no such routine, or no such conversation."}
_MAY = "A tool in it acts on the home or on accounts, and the conversation does not allow that."


class RoutineRoutes:
    """Everything under /routines."""

    def __init__(
        self, store: RoutineStore, runner: Runner, rules: StepRules, gate: RoutineGate
    ) -> None:
        """Keep routines in `store`; `rules` say what a step may be, and `gate` who may run it."""
        self._store = store
        self._runner = runner
        self._rules = rules
        self._gate = gate

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/routines")(self.list)
        one = "/routines/{name:(?!stop$)[^/]+}"
        table.put(one)(self.put)
        table.delete(one)(self.remove)
        table.post("/routines/stop")(self.stop)
        table.post("/routines/{name}/run")(self.run)
        return table

    @Described(
        "List routines",
        tag="Routines",
        answer=answers.RoutineList,
        example={"routines": [_ROUTINE], "running": []},
    )
    async def list(self, _: web.Request) -> web.Response:
        """In alphabetical order, and the names of those that run."""
        kept = await self._store.all()
        running = self._runner.running
        return answer_json({"routines": [_shown(each) for each in kept], "running": running})

    @Described(
        "Keep a routine",
        tag="Routines",
        path=RoutinePath,
        body=RoutineBody,
        body_example={"steps": _STEPS},
        answer=answers.Routine,
        example=_ROUTINE,
        errors={
            400: "A step cannot be taken, its tool or arguments are wrong; or there are 100.",
            403: _MAY,
            404: "There is no such conversation.",
        },
    )
    async def put(self, request: web.Request) -> web.Response:
        """In place of one of this name, if there is one. It is on disk when this is answered."""
        name = read_path(request, RoutinePath).name
        body = await read_body(request, RoutineBody)
        now = request.app[SERVICES].clock.now()
        try:
            steps = await self._rules.checked(name, to_model(body.steps), now)
        except ToolError as error:
            raise ApiError(400, str(error)) from None
        routine = Routine(name, steps)
        kept = await self._store.all()
        is_new = name.casefold() not in {each.name.casefold() for each in kept}
        if is_new and len(kept) >= MOST_ROUTINES:
            raise ApiError(400, f"There are {MOST_ROUTINES} routines already: delete one first.")
        await self._gate.admit(request, routine, body.thread_id)
        with saving():
            await self._store.put(routine)
        return answer_json(_shown(routine))

    @Described(
        "Forget a routine",
        tag="Routines",
        path=RoutinePath,
        answer=answers.Routine,
        example=_ROUTINE,
        errors=_UNKNOWN,
    )
    async def remove(self, request: web.Request) -> web.Response:
        """One that runs ends. Alerts that name it stay, and run nothing."""
        with saving():
            routine = await self._store.remove(read_path(request, RoutinePath).name)
        if routine is None:
            raise ApiError(404, "There is no routine of this name.")
        self._runner.stop(routine.name)
        return answer_json(_shown(routine))

    @Described(
        "Stop all routines that run",
        tag="Routines",
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=answers.RoutinesStopped,
        example={"stopped": ["bedtime"]},
    )
    async def stop(self, request: web.Request) -> web.Response:
        """At once, whoever or whatever started them; that none runs is no error."""
        await read_body(request, NoBody, optional=True)
        return answer_json({"stopped": self._runner.stop()})

    @Described(
        "Run a routine",
        tag="Routines",
        path=RoutinePath,
        body=RunBody,
        body_optional=True,
        body_example={},
        answer=answers.RoutineRun,
        example={"name": "bedtime", "started": True},
        errors={**_UNKNOWN, 403: _MAY},
    )
    async def run(self, request: web.Request) -> web.Response:
        """On the speaker, from now on; this does not wait for its end."""
        body = await read_body(request, RunBody, optional=True)
        routine = await self._gate.named(read_path(request, RoutinePath).name)
        await self._gate.admit(request, routine, body.thread_id)
        started = self._runner.start(routine.name)
        return answer_json({"name": routine.name, "started": started})


def _shown(routine: Routine) -> answers.Routine:
    return {"name": routine.name, "steps": [_step(each) for each in routine.steps]}


def _step(step: Step) -> dict[str, Any]:
    match step:
        case Say(text):
            return {"say": text}
        case RunTool(name, arguments):
            return {"tool": name, "arguments": dict(arguments)}
        case Pause(seconds):
            return {"pause_s": seconds}

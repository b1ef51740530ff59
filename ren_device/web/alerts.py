"""/alerts: timers, alarms and reminders, for phones and their page."""

from collections.abc import Callable

from aiohttp import hdrs, web

from ren_device.alerts.kernel import AlertKernel
from ren_device.bus import Bus
from ren_device.ports import Clock
from ren_device.web import answers
from ren_device.web.alert_actions import AlertActions
from ren_device.web.alert_body import (
    LONGEST_TIMER_S,
    AlertPatch,
    AlertPath,
    AlertsQuery,
    NewAlertBody,
    misfit,
    moment_of,
)
from ren_device.web.alert_events import AlertEvents
from ren_device.web.alert_json import ALARM, ALL, DISK, GONE, RINGS, TIMER, UNKNOWN, Shown, saving
from ren_device.web.describe import Described, Event
from ren_device.web.errors import ApiError
from ren_device.web.keys import STOPPING
from ren_device.web.routine_gate import RoutineGate
from ren_device.web.schemas import answer_json, read_body, read_query
from ren_device.web.sse import stream_head

_REFUSED = "It cannot be done with this alert, its rule cannot be used, or its time is over."
_WAITS = ("pending", "paused")
_SETS = {400: _REFUSED, 403: "Its routine needs a permission.", 500: DISK}


NO_VOICE = "The voice is off: nothing rings aloud."
"""Why nothing is heard of a Ren without a voice."""


class AlertRoutes:
    """Everything under /alerts."""

    def __init__(
        self,
        kernel: AlertKernel,
        clock: Clock,
        bus: Bus,
        gate: RoutineGate,
        trouble: Callable[[], str | None] = lambda: None,
    ) -> None:
        """`gate` knows which routines an alert may run; for `trouble` see Shown."""
        self._kernel = kernel
        self._clock = clock
        self._gate = gate
        self._shown = Shown(kernel, clock, trouble)
        self._events = AlertEvents(self._shown, bus)

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/alerts")(self.list)
        table.post("/alerts")(self.set)
        table.get("/alerts/events")(self.stream)
        one = r"/alerts/{id:\d+}"
        table.get(one)(self.get)
        table.patch(one)(self.change)
        table.delete(one)(self.cancel)
        AlertActions(self._kernel, self._shown).add_to(table, one)
        return table

    @Described(
        "List timers, alarms and reminders",
        tag="Alerts",
        query=AlertsQuery,
        answer=answers.AlertList,
        example=ALL,
    )
    async def list(self, request: web.Request) -> web.Response:
        """What rings comes first, then what is set, soonest first, then what was missed."""
        query = read_query(request, AlertsQuery)
        await self._kernel.load()
        return answer_json(self._shown.all(query.kind, query.state))

    @Described(
        "Set a timer, an alarm or a reminder",
        tag="Alerts",
        body=NewAlertBody,
        body_example={"kind": "timer", "text": "pasta", "in_s": 600},
        answer=answers.Alert,
        example=TIMER,
        errors={**_SETS, 404: "There is no such routine."},
    )
    async def set(self, request: web.Request) -> web.Response:
        """It is on disk when this is answered.

        A timer takes `in_s`. The others take `at`, which follows the clock on the wall, or `in_s`,
        which no setting of that clock moves. With `repeat` it is a series, and `at` its first time.
        """
        body = await read_body(request, NewAlertBody)
        at = moment_of(body.at, self._clock.now()) if body.at else None
        routine = await self._admitted(request, body.routine)
        with saving():
            alert = await self._kernel.set(
                body.kind,
                body.text or "",
                in_s=body.in_s,
                at=at,
                rule=body.repeat or "",
                routine=routine or "",
            )
        return self._shown.answer(alert)

    @Described(
        "What happens to alerts",
        tag="Alerts",
        events={
            "snapshot": Event(answers.AlertList, ALL),
            "alert": Event(answers.ChangedAlert, {**RINGS, "change": "due"}),
            "ringing_heard": Event(answers.RingingHeard, {"trouble": "the loudspeaker is gone"}),
        },
    )
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Sends `snapshot` with all there is, then `alert` for each that changes.

        A client that falls behind gets another `snapshot` instead of what it has missed. Nothing
        counts as told by this. The stream ends when Ren stops; its client comes again.
        """
        if request.method == hdrs.METH_HEAD:
            return stream_head()
        async with request.app[STOPPING].ends_this():  # a 503, while a status can be sent
            await self._kernel.load()
        return await self._events.tell(request)

    @Described(
        "One alert",
        tag="Alerts",
        path=AlertPath,
        answer=answers.Alert,
        example=TIMER,
        errors=UNKNOWN,
    )
    async def get(self, request: web.Request) -> web.Response:
        """An occurrence that rings has an id of its own, and its series' as `series_id`."""
        return self._shown.answer(await self._shown.known(request))

    @Described(
        "Change an alert",
        tag="Alerts",
        path=AlertPath,
        body=AlertPatch,
        body_example={"at": "08:00"},
        answer=answers.Alert,
        example={**ALARM, "due_at": "2026-06-26T08:00:00"},
        errors={**_SETS, 404: f"{GONE} Or there is no such routine."},
    )
    async def change(self, request: web.Request) -> web.Response:
        """`in_s` says what is to be left from now; `by_s` gives a timer more time, or takes some.

        `repeat` of `""`, or `in_s`, makes a series happen once more and no longer. What rings and
        gets a new time stops ringing.
        """
        alert = await self._shown.known(request)
        body = await read_body(request, AlertPatch)
        if sentence := misfit(alert.kind, body.text, body.in_s):
            raise ApiError(400, f"{sentence}.")
        if alert.kind == "routine" and body.routine == "":
            raise ApiError(400, "This is the time of a routine: name another, or cancel it.")
        if body.by_s is not None:
            left_s = self._kernel.remaining_s(alert) if alert.state in _WAITS else 0.0
            if alert.kind == "timer" and left_s + body.by_s > LONGEST_TIMER_S:
                raise ApiError(400, "A timer runs for at most 7 days.")
            with saving():
                return self._shown.answer(await self._kernel.adjust(alert.id, body.by_s))
        at = moment_of(body.at, self._clock.now()) if body.at else None
        routine = await self._admitted(request, body.routine)
        with saving():
            changed = await self._kernel.change(
                alert.id,
                text=body.text,
                at=at,
                in_s=body.in_s,
                rule=body.repeat,
                routine=routine,
            )
        return self._shown.answer(changed)

    @Described(
        "Cancel an alert",
        tag="Alerts",
        path=AlertPath,
        answer=answers.Alert,
        example={**TIMER, "state": "done", "remaining_s": None},
        errors={**UNKNOWN, 500: DISK},
    )
    async def cancel(self, request: web.Request) -> web.Response:
        """Whatever state it is in; a series with all that is to come."""
        alert = await self._shown.known(request)
        with saving():
            return self._shown.answer(await self._kernel.cancel(alert.id))

    async def _admitted(self, request: web.Request, name: str | None) -> str | None:
        """The routine's name as it is kept. Raises ApiError 404 or 403 for what may not run."""
        if not name:
            return name
        routine = await self._gate.named(name)
        await self._gate.admit(request, routine)
        return routine.name

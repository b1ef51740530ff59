"""What can be done with one alert, or with all that ring, besides setting and changing."""

from dataclasses import replace

from aiohttp import web

from ren_device.alerts.kernel import SNOOZE_S, AlertKernel
from ren_device.web import answers
from ren_device.web.alert_body import AlertPath, SnoozeBody
from ren_device.web.alert_json import (
    ALARM,
    ALL,
    DISK,
    GONE,
    RINGS,
    SILENT,
    TIMER,
    UNKNOWN,
    Shown,
    saving,
)
from ren_device.web.describe import Described
from ren_device.web.schemas import NoBody, answer_json, read_body


class AlertActions:
    """The POST routes below /alerts."""

    def __init__(self, kernel: AlertKernel, shown: Shown) -> None:
        """Answer with alerts as they are `shown`."""
        self._kernel = kernel
        self._shown = shown

    def add_to(self, table: web.RouteTableDef, one: str) -> None:
        """Add the routes; `one` is the path of one alert."""
        table.post("/alerts/acknowledge")(self.acknowledge_all)
        table.post(f"{one}/acknowledge")(self.acknowledge)
        table.post(f"{one}/snooze")(self.snooze)
        table.post(f"{one}/pause")(self.pause)
        table.post(f"{one}/resume")(self.resume)
        table.post(f"{one}/skip")(self.skip)

    @Described(
        "Stop everything that rings",
        tag="Alerts",
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=answers.AlertList,
        example={**ALL, "alerts": [ALARM]},
    )
    async def acknowledge_all(self, request: web.Request) -> web.Response:
        """Silent everywhere at once. Answers what is left; nothing that rings is no error."""
        await read_body(request, NoBody, optional=True)
        await self._kernel.acknowledge_all()
        return answer_json(self._shown.all())

    @Described(
        "Stop an alert that rings",
        tag="Alerts",
        path=AlertPath,
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=answers.Alert,
        example={**RINGS, "state": "done"},
        errors={404: f"{GONE} Or it does not ring: somebody may have stopped it already."},
    )
    async def acknowledge(self, request: web.Request) -> web.Response:
        """Silent everywhere at once. One that was missed counts as told by this."""
        alert = await self._shown.known(request)
        await read_body(request, NoBody, optional=True)
        if alert.state == "missed":
            await self._kernel.told([alert])
            return self._shown.answer(replace(alert, state="done"))
        return self._shown.answer(await self._kernel.acknowledge(alert.id), SILENT)

    @Described(
        "Let it ring again later",
        tag="Alerts",
        path=AlertPath,
        body=SnoozeBody,
        body_optional=True,
        body_example={"for_s": 540},
        answer=answers.Alert,
        example={**ALARM, "repeat": "", "series_id": 7, "id": 31, "remaining_s": 540.0},
        errors={**UNKNOWN, 400: SILENT},
    )
    async def snooze(self, request: web.Request) -> web.Response:
        """Only what rings can be snoozed. It keeps its id."""
        alert = await self._shown.known(request)
        body = await read_body(request, SnoozeBody, optional=True)
        for_s = body.for_s or SNOOZE_S
        return self._shown.answer(await self._kernel.snooze(alert.id, for_s), SILENT)

    @Described(
        "Pause a timer",
        tag="Alerts",
        path=AlertPath,
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=answers.Alert,
        example={**TIMER, "state": "paused"},
        errors={**UNKNOWN, 400: "It is no timer, or does not run.", 500: DISK},
    )
    async def pause(self, request: web.Request) -> web.Response:
        """It keeps what is left."""
        alert = await self._shown.known(request)
        await read_body(request, NoBody, optional=True)
        with saving():
            return self._shown.answer(await self._kernel.pause(alert.id))

    @Described(
        "Let a paused timer run on",
        tag="Alerts",
        path=AlertPath,
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=answers.Alert,
        example=TIMER,
        errors={**UNKNOWN, 400: "It is not paused.", 500: DISK},
    )
    async def resume(self, request: web.Request) -> web.Response:
        """From what is left."""
        alert = await self._shown.known(request)
        await read_body(request, NoBody, optional=True)
        with saving():
            return self._shown.answer(await self._kernel.resume(alert.id))

    @Described(
        "Skip the next time of a series",
        tag="Alerts",
        path=AlertPath,
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=answers.Alert,
        example={**ALARM, "due_at": "2026-06-29T07:30:00"},
        errors={**UNKNOWN, 400: "It does not repeat.", 500: DISK},
    )
    async def skip(self, request: web.Request) -> web.Response:
        """Only that one; the answer says when it comes after that."""
        alert = await self._shown.known(request)
        await read_body(request, NoBody, optional=True)
        with saving():
            return self._shown.answer(await self._kernel.skip_next(alert.id))

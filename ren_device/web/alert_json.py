"""Alerts as clients see them, with what is left of each by the kernel's clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from ren_device.alerts.kernel import AlertKernel
from ren_device.errors import StoreError
from ren_device.model import Alert, AlertChange, AlertKind, AlertState
from ren_device.ports import Clock
from ren_device.web import answers
from ren_device.web.alert_body import AlertPath
from ren_device.web.errors import ApiError
from ren_device.web.schemas import answer_json, read_path, time_json

TIMER: answers.Alert = {
    "id": 12,
    "kind": "timer",
    "text": "pasta",
    "state": "pending",
    "due_at": "2026-06-25T14:12:11",
    "duration_s": 600.0,
    "remaining_s": 543.2,
    "repeat": "",
    "series_id": None,
    "routine": "",
}
ALARM: answers.Alert = {
    "id": 7,
    "kind": "alarm",
    "text": "",
    "state": "pending",
    "due_at": "2026-06-26T07:30:00",
    "duration_s": None,
    "remaining_s": 62868.0,
    "repeat": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "series_id": None,
    "routine": "",
}
RINGS: answers.Alert = {**TIMER, "state": "due", "remaining_s": None}
ALL: answers.AlertList = {
    "alerts": [TIMER, ALARM],
    "now": "2026-06-25T14:03:08",
    "waits_for_clock": False,
    "trouble": None,
}
GONE = "There is no such alert (any more)."
SILENT = "It does not ring: somebody may have stopped it already."
UNKNOWN = {404: GONE}
DISK = "The disk is full or broken: nothing was changed, so free some space and try again."


@contextmanager
def saving() -> Iterator[None]:
    """Raise StoreError that says what to do, where the block raises one that only says why."""
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{DISK} ({error})") from error


class Shown:
    """The kernel's alerts, fit for JSON."""

    def __init__(
        self, kernel: AlertKernel, clock: Clock, trouble: Callable[[], str | None]
    ) -> None:
        """`trouble` says why what rings cannot be heard in the room; None when it can."""
        self._kernel = kernel
        self._clock = clock
        self._trouble = trouble

    def all(
        self, kind: AlertKind | None = None, state: AlertState | None = None
    ) -> answers.AlertList:
        """Everything, or what is of this kind and state; what rings first."""
        kernel = self._kernel
        every = (*kernel.ringing(), *kernel.due_routines(), *kernel.pending(), *kernel.missed())
        return {
            "alerts": [
                self.one(alert)
                for alert in every
                if kind in (None, alert.kind) and state in (None, alert.state)
            ],
            "now": time_json(self._clock.now()),
            "waits_for_clock": kernel.waits_for_clock(),
            "trouble": self._trouble(),
        }

    def one(self, alert: Alert) -> answers.Alert:
        """Show this one as it was given; what is left is as of now."""
        waits = alert.state in ("pending", "paused")
        return {
            "id": alert.id,
            "kind": alert.kind,
            "text": alert.text,
            "state": alert.state,
            "due_at": time_json(alert.due_at),
            "duration_s": alert.duration_s,
            "remaining_s": round(self._kernel.remaining_s(alert), 3) if waits else None,
            "repeat": alert.rule,
            "series_id": alert.series_id,
            "routine": alert.routine,
        }

    def changed(self, alert: Alert, change: AlertChange) -> answers.ChangedAlert:
        """Show this one, and what happened to it."""
        return {**self.one(alert), "change": change}

    async def known(self, request: web.Request) -> Alert:
        """The alert that the path names. Raises ApiError 404."""
        await self._kernel.load()
        alert = self._kernel.get(read_path(request, AlertPath).id)
        if alert is None:
            raise ApiError(404, GONE)
        return alert

    def answer(self, alert: Alert | None, otherwise: str = GONE) -> web.Response:
        """The alert as it is now. Raises ApiError 404 when there is none, with this sentence."""
        if alert is None:
            raise ApiError(404, otherwise)
        return answer_json(self.one(self._kernel.get(alert.id) or alert))

"""The latest spoken turns on the control socket: `GET /trace?latest=20&follow=1`, a line each.

Numbers only: nothing of what anybody said is known here.
"""

import json
from contextlib import aclosing
from typing import Annotated

from aiohttp import ClientConnectionResetError, web
from pydantic import BaseModel, Field

from ren_device.model import TurnTimed
from ren_device.voice.trace import Traces
from ren_device.web.schemas import read_query


class TraceQuery(BaseModel):
    """Which turns."""

    latest: Annotated[int, Field(ge=1, le=200)] = 20
    follow: bool = False


class TraceRoutes:
    """See the module."""

    def __init__(self, traces: Traces) -> None:
        """Of the voice that runs."""
        self._traces = traces

    def routes(self) -> web.RouteTableDef:
        """For `control_socket`."""
        table = web.RouteTableDef()
        table.get("/trace", allow_head=False)(self.traced)
        return table

    async def traced(self, request: web.Request) -> web.StreamResponse:
        """JSON lines, oldest first; one that follows gets an empty line now and then."""
        query = read_query(request, TraceQuery)
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        try:
            async with aclosing(self._traces.read(query.latest, follow=query.follow)) as turns:
                async for turn in turns:
                    line = json.dumps(trace_json(turn)) if turn is not None else ""
                    await response.write(f"{line}\n".encode())
        except ClientConnectionResetError:
            pass  # whoever followed has seen enough
        return response


def trace_json(turn: TurnTimed) -> dict[str, object]:
    """A turn as `ren-device trace --json` writes it."""
    return {
        "at": turn.at.isoformat(timespec="milliseconds"),
        "total_ms": turn.total_ms,
        "stages_ms": dict(turn.stages_ms),
        "before_ms": dict(turn.before_ms),
        "tier": turn.tier.value if turn.tier is not None else None,
        "outcome": turn.outcome,
        "head_start": turn.head_start,
    }

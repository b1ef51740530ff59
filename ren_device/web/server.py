"""The HTTP surface, put together and served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from ren_device.errors import SettingError
from ren_device.web import chat, hub, identity, threads
from ren_device.web.connections import LimitedRunner
from ren_device.web.cors import open_to
from ren_device.web.docs import Description
from ren_device.web.errors import access_log, errors_as_json
from ren_device.web.keys import SERVICES, STOPPING, TURNS, Services
from ren_device.web.limits import Turns
from ren_device.web.safety import PAGES, browser_guard
from ren_device.web.stopping import Stopping

MAX_BODY_BYTES = 256 * 1024
SHUTDOWN_S = 1.0
"""How long requests may take to end by themselves on stop, and then to unwind when cancelled."""


def build(services: Services) -> web.Application:
    """The application with every route. Serve it with `serving`, or as `serving` does."""
    guard = browser_guard(
        allowed_hosts=services.allowed_hosts,
        allowed_origins=services.allowed_origins,
        hostnames=services.hostnames,
        pages=PAGES,
    )
    app = web.Application(
        client_max_size=MAX_BODY_BYTES, middlewares=[access_log, errors_as_json, guard]
    )
    app[SERVICES] = services
    app[STOPPING] = Stopping()
    app[TURNS] = Turns(services.limits.turns)
    own = (chat.routes, threads.routes, hub.routes, identity.routes)
    for table in (*own, *services.extra_routes, Description().routes()):
        app.add_routes(table)
    if services.allowed_origins:
        app.on_response_prepare.append(open_to(frozenset(services.allowed_origins)))
    app.on_shutdown.append(_end_turns)
    for extend in services.extensions:
        extend(app)
    return app


@asynccontextmanager
async def serving(services: Services, host: str, port: int) -> AsyncIterator[int]:
    """Serve until the block ends; yields the port (port 0 takes a free one).

    Raises SettingError when the address cannot be had.
    """
    runner = LimitedRunner(
        build(services),
        services.limits,
        stalled_s=services.stalled_s,
        handler_cancellation=True,  # a client that leaves cancels its turn; off by default
        access_log=None,  # ours is a middleware
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingError(
                f"REN_HOST={host}, REN_PORT={port}: cannot serve there: {error.strerror or error}"
            ) from None
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _end_turns(app: web.Application) -> None:
    app[STOPPING].stop()

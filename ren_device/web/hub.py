"""What Ren is and how it is: /health, /hub.json, /hub/health."""

from aiohttp import web

from ren_device import VERSION
from ren_device.web.keys import SERVICES

routes = web.RouteTableDef()


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    """Ren is up; answers with nothing configured."""
    has_api_key = request.app[SERVICES].has_api_key
    return web.json_response({"status": "ok", "version": VERSION, "has_api_key": has_api_key})


@routes.get("/hub.json")
async def manifest(request: web.Request) -> web.Response:
    """Where a phone finds what."""
    services = request.app[SERVICES]
    return web.json_response(
        {
            "name": services.name,
            "version": VERSION,
            "ws_audio": "/ws/audio",
            "chat": "/chat/stream",
            "voice_enabled": services.voice_enabled(),
        }
    )


@routes.get("/hub/health")
async def hub_health(request: web.Request) -> web.Response:
    """How the parts are, and for how many seconds the process has run."""
    services = request.app[SERVICES]
    return web.json_response(
        {
            **services.health(),
            "status": "ok",
            "version": VERSION,
            "voice_enabled": services.voice_enabled(),
            "uptime_s": round(services.clock.monotonic() - services.started_at, 1),
        }
    )

"""What Ren is and how it is: /health, /hub.json, /hub/health."""

from aiohttp import web

from ren_device import VERSION
from ren_device.web import answers
from ren_device.web.describe import Described
from ren_device.web.keys import SERVICES
from ren_device.web.schemas import answer_json

routes = web.RouteTableDef()


@routes.get("/health")
@Described(
    "Is Ren up",
    tag="The speaker",
    answer=answers.Health,
    example={"status": "ok", "version": VERSION, "has_api_key": True},
)
async def health(request: web.Request) -> web.Response:
    """Always answers, with nothing configured."""
    has_api_key = request.app[SERVICES].has_api_key
    return answer_json({"status": "ok", "version": VERSION, "has_api_key": has_api_key})


@routes.get("/hub.json")
@Described(
    "What a client needs to set itself up",
    tag="The speaker",
    answer=answers.Manifest,
    example={
        "name": "Ren",
        "version": VERSION,
        "ws_audio": "/ws/audio",
        "chat": "/chat/stream",
        "voice_enabled": False,
    },
)
async def manifest(request: web.Request) -> web.Response:
    """Where a phone finds what."""
    services = request.app[SERVICES]
    return answer_json(
        {
            "name": services.name,
            "version": VERSION,
            "ws_audio": "/ws/audio",
            "chat": "/chat/stream",
            "voice_enabled": services.voice_enabled(),
        }
    )


@routes.get("/hub/health")
@Described(
    "How the parts are",
    tag="The speaker",
    answer=answers.HubHealth,
    example={
        "status": "ok",
        "version": VERSION,
        "voice_enabled": False,
        "uptime_s": 3812.4,
        "voice": {"state": "off"},
    },
)
async def hub_health(request: web.Request) -> web.Response:
    """How the parts are, and for how many seconds the process has run."""
    services = request.app[SERVICES]
    return answer_json(
        {
            **services.health(),
            "status": "ok",
            "version": VERSION,
            "voice_enabled": services.voice_enabled(),
            "uptime_s": round(services.clock.monotonic() - services.started_at, 1),
        }
    )

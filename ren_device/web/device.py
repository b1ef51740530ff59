"""/device: the speaker as a thing: its lights, its buttons, its volume; for phones and a page."""

import asyncio

from aiohttp import hdrs, web

from ren_device.bus import Bus
from ren_device.panel.lights import Lights
from ren_device.ports import PanelOnScreen
from ren_device.web.describe import Described, Event
from ren_device.web.device_body import MuteBody, PressBody, TalkBody, VolumeBody
from ren_device.web.device_control import DeviceControl
from ren_device.web.device_events import DeviceEvents
from ren_device.web.device_hold import Hold
from ren_device.web.device_json import (
    DEVICE,
    LIGHTS,
    MUTE,
    PHASE,
    VOLUME,
    Device,
    DeviceShown,
    LightsFrame,
    MuteFrame,
    PhaseFrame,
    VolumeFrame,
)
from ren_device.web.errors import ApiError
from ren_device.web.pages import Page
from ren_device.web.schemas import NoBody, answer_json, read_body
from ren_device.web.sse import stream_head

_TAG = "The device"
_DISK = "Ren's own disk failed: it is so now, and will not be after a restart."
_SCRIPTS = ("page_words.js", "device_words.js", "page_link.js", "device_ring.js", "device.js")


class DeviceRoutes:
    """Everything under /device."""

    def __init__(
        self,
        device: DeviceControl,
        lights: Lights,
        bus: Bus,
        on_screen: PanelOnScreen | None = None,
        name: str = "Ren",
        language: str = "en",
    ) -> None:
        """`on_screen` are simulated pins, which can be pressed here; see also PageRoutes."""
        self.device = device
        self.on_screen = on_screen
        self._shown = DeviceShown(device, lights, on_screen)
        self._events = DeviceEvents(self._shown, lights, bus)
        self._hold = Hold(device)
        self._page = Page("device.html", ("page.css", "device.css"), _SCRIPTS, name, language)

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/device")(self.look)
        table.get("/device/events")(self.stream)
        table.post("/device/talk")(self.talk)
        table.post("/device/release")(self.release)
        table.post("/device/stop")(self.stop)
        table.post("/device/volume")(self.volume)
        table.post("/device/mute")(self.mute)
        table.post("/device/press")(self.press)
        return table

    async def run(self) -> None:
        """Keep the streams up to date, and let go for those who vanish, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._events.run(), name="device events")
            group.create_task(self._hold.run(), name="push-to-talk")

    @Described(
        "The speaker as a thing",
        tag=_TAG,
        answer=Device,
        example=DEVICE,
        also={304: "The page is what `If-None-Match` says."},
    )
    async def look(self, request: web.Request) -> web.Response:
        """Lights, volume, mute, what it does and what is broken.

        To a browser, which would rather have HTML than JSON, it is a page that shows all this.
        """
        if prefers_page(request.headers.get(hdrs.ACCEPT, "")):
            answer = await self._page.answer(request)
        else:
            answer = self._answer()
        answer.headers[hdrs.VARY] = hdrs.ACCEPT
        return answer

    @Described(
        "What the speaker does and shows, live",
        tag=_TAG,
        events={
            "lights": Event(LightsFrame, LIGHTS),
            "volume": Event(VolumeFrame, VOLUME),
            "mute": Event(MuteFrame, MUTE),
            "phase": Event(PhaseFrame, PHASE),
        },
    )
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Sends each frame once, and again whenever it is no longer true.

        A client that reads slowly misses what was in between, never what is so. The stream ends
        when Ren stops; its client comes again.
        """
        if request.method == hdrs.METH_HEAD:
            return stream_head()
        return await self._events.tell(request)

    @Described(
        "Press the talk button",
        tag=_TAG,
        body=TalkBody,
        body_optional=True,
        body_example={},
        answer=Device,
        example=DEVICE,
        errors={
            409: "The microphone is off.",
            503: "There is nobody to listen: the voice is off, starting, or broken.",
        },
    )
    async def talk(self, request: web.Request) -> web.Response:
        """Stops what sounds; if nothing does, listens, as if the wake word had been said.

        With `held` it is push-to-talk: Ren listens until /device/release, or until nobody has said
        `held` for three seconds. So say it again every second.
        """
        body = await read_body(request, TalkBody, optional=True)
        if not await (self._hold.renew() if body.held else self.device.talk()):
            raise ApiError(409, "The microphone is off.")
        return self._answer()

    @Described(
        "Let go of the talk button",
        tag=_TAG,
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=Device,
        example={**DEVICE, "phase": "thinking"},
    )
    async def release(self, request: web.Request) -> web.Response:
        """What was said until now is answered. Harmless when nobody holds it."""
        await read_body(request, NoBody, optional=True)
        await self._hold.release()
        return self._answer()

    @Described(
        "Silence",
        tag=_TAG,
        body=NoBody,
        body_optional=True,
        body_example={},
        answer=Device,
        example={**DEVICE, "phase": "idle"},
    )
    async def stop(self, request: web.Request) -> web.Response:
        """Ends what rings, what is being said and what runs; nothing of that is no error."""
        await read_body(request, NoBody, optional=True)
        await self.device.stop()
        return self._answer()

    @Described(
        "Louder or quieter",
        tag=_TAG,
        body=VolumeBody,
        body_example={"by": 10},
        answer=Device,
        example=DEVICE,
        errors={500: _DISK},
    )
    async def volume(self, request: web.Request) -> web.Response:
        """The voice's volume; what rings has its own. It is kept."""
        body = await read_body(request, VolumeBody)
        if body.percent is not None:
            await self.device.set_volume(body.percent)
        elif body.by is not None:
            await self.device.step_volume(body.by)
        return self._answer()

    @Described(
        "Switch the microphone off or on",
        tag=_TAG,
        body=MuteBody,
        body_example={"muted": True},
        answer=Device,
        example={**DEVICE, **MUTE, "muted": True, "muted_by": "software"},
        errors={409: "The switch on the speaker says that it is off.", 500: _DISK},
    )
    async def mute(self, request: web.Request) -> web.Response:
        """Off means off: nothing in the room is heard, after a restart neither."""
        body = await read_body(request, MuteBody)
        await self.device.set_mute(body.muted)
        return self._answer()

    @Described(
        "Press a simulated button",
        tag=_TAG,
        body=PressBody,
        body_example={"control": "talk", "down": True},
        answer=Device,
        example={**DEVICE, "simulated": True},
        errors={404: "The pins are real, or there is no such control."},
    )
    async def press(self, request: web.Request) -> web.Response:
        """A finger on the very pins that a real button would be on; `ren-device sim` only.

        What is pressed stays so until somebody lets go: a finger that vanishes may not let go of
        the talk button by itself, because after a long press that erases everything.
        """
        if self.on_screen is None:
            raise ApiError(404, "The pins are real: only fingers can press them.")
        body = await read_body(request, PressBody)
        if body.turn is not None:
            if not self.on_screen.has_knob:
                raise ApiError(404, "This board has no knob.")
            self.on_screen.turn(body.turn)
        elif body.control not in self.on_screen.controls:
            raise ApiError(404, f"This board has no {body.control}.")
        elif body.down:
            self.on_screen.press(body.control)
        else:
            self.on_screen.release(body.control)
        return self._answer()

    def _answer(self) -> web.Response:
        return answer_json(self._shown.all())


def prefers_page(accept: str) -> bool:
    """Whether HTML is wanted more than JSON, as by a browser; curl takes anything."""
    wanted: dict[str, float] = {}
    for each in accept.lower().split(","):
        media, *parameters = (part.strip() for part in each.split(";"))
        given = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            wanted[media] = float(given)
        except ValueError:
            wanted[media] = 0.0
    anything = wanted.get("*/*", 0.0)
    html = wanted.get("text/html", wanted.get("text/*", anything))
    json = wanted.get("application/json", wanted.get("application/*", anything))
    return html > json

"""The devices of the home: what there is, and server-sent events of what changes."""

import logging
from contextlib import AsyncExitStack

from aiohttp import hdrs, web

from ren_device.home.changes import Changes
from ren_device.home.house import House
from ren_device.model import Accessory, DeviceChange
from ren_device.web import answers
from ren_device.web.describe import Described, Event
from ren_device.web.errors import ApiError
from ren_device.web.keys import STOPPING
from ren_device.web.schemas import HomeEventsQuery, read_query
from ren_device.web.sse import ClientGone, EventStream, event_stream, stream_head

_log = logging.getLogger(__name__)

_CHANGE: answers.DeviceChange = {
    "accessory_id": "virtual-living-room-lamp",
    "name": "Living Room Lamp",
    "service_type": "lightbulb",
    "char_key": "on",
    "value": True,
    "previous": False,
}
_DEVICES: answers.DeviceList = {
    "devices": [
        {
            "accessory_id": "virtual-living-room-lamp",
            "name": "Living Room Lamp",
            "room": "Living Room",
            "service_type": "lightbulb",
            "characteristics": {
                "on": {
                    "value": True,
                    "writable": True,
                    "minimum": None,
                    "maximum": None,
                    "choices": [],
                },
                "brightness": {
                    "value": 40,
                    "writable": True,
                    "minimum": 0,
                    "maximum": 100,
                    "choices": [],
                },
            },
        }
    ]
}


class HomeRoutes:
    """GET /home/devices and GET /home/events."""

    def __init__(self, house: House) -> None:
        """Tell of this house."""
        self._house = house

    def routes(self) -> web.RouteTableDef:
        """For `Services.extra_routes`."""
        table = web.RouteTableDef()
        table.get("/home/devices")(self.devices)
        table.get("/home/events")(self.stream)
        return table

    @Described("The devices of the home", tag="Home", answer=answers.DeviceList, example=_DEVICES)
    async def devices(self, request: web.Request) -> web.Response:
        """Every device with all that it tells; none where no home is connected."""
        async with request.app[STOPPING].ends_this():
            await self._house.look()
        devices = [_device_json(each) for each in self._house.accessories]
        return web.json_response(answers.DeviceList(devices=devices))

    @Described(
        "What changes in the home",
        tag="Home",
        query=HomeEventsQuery,
        events={"device_change": Event(answers.DeviceChange, _CHANGE)},
    )
    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Sends one event for each characteristic that changes, from the connection on.

        How the home is at that moment is the baseline, of which nothing is sent. To a client that
        reads slowly, several changes of the same characteristic are sent as one. The stream ends
        when Ren stops.
        """
        query = read_query(request, HomeEventsQuery)
        if request.method == hdrs.METH_HEAD:
            return stream_head()
        stopping = request.app[STOPPING]
        async with AsyncExitStack() as stack:
            async with stopping.ends_this():  # a 503, while there is still a status to be sent
                await self._house.look()
                changes = stack.enter_context(self._house.listen(query.interval))
            events = await stack.enter_async_context(event_stream(request))
            try:
                async with stopping.ends_this():
                    await _tell(changes, events)
            except ClientGone:
                _log.debug("the client left its stream")
            except ApiError:
                _log.debug("the server stops: the stream ends, and its client will come again")
        return events.response


async def _tell(changes: Changes, events: EventStream) -> None:
    """Write every change as it comes. Raises ClientGone."""
    while True:
        await events.send("device_change", _change_json(await changes.next()))


def _change_json(change: DeviceChange) -> answers.DeviceChange:
    return {
        "accessory_id": change.accessory_id,
        "name": change.name,
        "service_type": change.service_type,
        "char_key": change.char_key,
        "value": change.value,
        "previous": change.previous,
    }


def _device_json(accessory: Accessory) -> answers.Device:
    return {
        "accessory_id": accessory.id,
        "name": accessory.name,
        "room": accessory.room,
        "service_type": accessory.service_type,
        "characteristics": {
            char_key: {
                "value": each.value,
                "writable": each.writable,
                "minimum": each.minimum,
                "maximum": each.maximum,
                "choices": list(each.choices),
            }
            for char_key, each in accessory.characteristics.items()
        },
    }

"""GET /alerts/events over real sockets: everything that happens, in order, and nothing twice."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from aiohttp import ClientSession

from ren_device.model import AlertChanged, RingingHeard
from ren_device.web.alert_events import MOST_WAITING
from ren_device.web.server import serving
from tests.virtual_time import until
from tests.web.alert_porch import AlertPorch, alert_porch, frame


async def test_first_all_there_is_and_then_each_change() -> None:
    async with alert_porch() as it:
        await it.set("timer", in_s=60, text="pasta")
        async with it.watching() as stream:
            assert stream.content_type == "text/event-stream"
            name, all_there_is = await frame(stream)
            assert name == "snapshot"
            assert [each["text"] for each in all_there_is["alerts"]] == ["pasta"]
            await it.pass_s(61)
            name, due = await frame(stream)
            assert (name, due["id"], due["state"], due["change"]) == ("alert", 1, "due", "due")
            assert due["remaining_s"] is None
            await it.ask("POST", "/alerts/1/snooze")
            _, snoozed = await frame(stream)
            assert (snoozed["state"], snoozed["change"]) == ("pending", "snoozed")
            assert snoozed["remaining_s"] == pytest.approx(540, abs=2)
            await it.ask("DELETE", "/alerts/1")
            _, gone = await frame(stream)
            assert (gone["state"], gone["change"]) == ("done", "cancelled")


async def test_all_who_watch_hear_that_one_has_stopped_it() -> None:
    async with alert_porch() as it, it.watching() as one, it.watching() as other:
        await it.rings()
        await it.ask("POST", "/alerts/1/acknowledge")
        for stream in (one, other):
            heard = [(await frame(stream))[1].get("change") for _ in range(4)]
            assert heard == [None, "set", "due", "acknowledged"]


async def test_that_nothing_can_be_heard_is_told_to_all_and_to_who_comes_later() -> None:
    async with alert_porch() as it, it.watching() as stream:
        await frame(stream)
        it.trouble = "the loudspeaker is gone"
        it.bus.publish(RingingHeard(it.trouble))
        assert await frame(stream) == ("ringing_heard", {"trouble": "the loudspeaker is gone"})
        async with it.watching() as late:
            assert (await frame(late))[1]["trouble"] == "the loudspeaker is gone"
        it.bus.publish(RingingHeard(None))
        assert await frame(stream) == ("ringing_heard", {"trouble": None})


async def test_watching_marks_nothing_as_told() -> None:
    async with alert_porch() as it, it.watching() as stream:
        await it.rings()
        for _ in range(3):
            await frame(stream)
        await until(lambda: len(it.store.outbox) == 1, within_s=5)
        assert it.store.notified == []


async def test_who_falls_behind_gets_everything_anew_and_nothing_old_after_it() -> None:
    async with alert_porch() as it, it.watching() as stream:
        await it.set("timer", in_s=600, text="tea")
        assert [(await frame(stream))[0] for _ in range(2)] == ["snapshot", "alert"]
        (tea,) = it.kernel.pending()
        for number in range(MOST_WAITING + 10):  # at once: nobody can have read any of them
            it.bus.publish(AlertChanged(replace(tea, text=f"old {number}"), "changed"))
        name, anew = await frame(stream)
        assert (name, [each["text"] for each in anew["alerts"]]) == ("snapshot", ["tea"])
        await it.ask("PATCH", "/alerts/1", {"text": "last"})
        assert (await frame(stream))[1]["text"] == "last"


async def test_a_quiet_stream_is_kept_alive_and_head_is_answered() -> None:
    async with alert_porch(keep_alive_s=0.05) as it:
        async with it.watching() as stream:
            await frame(stream)
            for _ in range(3):
                assert (await stream.content.readuntil(b"\n\n")).startswith(b":")
        async with it.client.head("/alerts/events") as head:
            assert (head.status, head.content_type) == (200, "text/event-stream")
        await until(lambda: not it.bus._subscriptions, within_s=5)


async def test_when_the_server_stops_the_stream_ends() -> None:
    porch = AlertPorch()
    async with AsyncExitStack() as server, ClientSession() as client, asyncio.timeout(10):
        port = await server.enter_async_context(serving(porch.services, "127.0.0.1", 0))
        stream = await client.get(f"http://127.0.0.1:{port}/alerts/events")
        await frame(stream)
        await server.aclose()
        assert await stream.content.read() == b""
        assert not porch.bus._subscriptions


async def test_hundreds_watch_at_once() -> None:
    async with alert_porch() as it, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(it.watching()) for _ in range(80)]
        await it.rings()
        for stream in streams:
            assert [(await frame(stream))[0] for _ in range(3)] == ["snapshot", "alert", "alert"]

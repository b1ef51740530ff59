import asyncio
from collections.abc import AsyncGenerator

import pytest

from ren_device.model import Reply, ReplyPart, Tier
from ren_device.web.errors import ApiError
from ren_device.web.limits import Limits, Turns
from ren_device.web.schemas import LONGEST_MESSAGE
from tests.web.web_house import client_of, house, says_nothing

BOTH = pytest.mark.parametrize("path", ["/chat", "/chat/stream"])


@BOTH
async def test_a_turn_too_many_is_429_until_one_ends(path: str) -> None:
    services, assistant = house(says_nothing, limits=Limits(turns=2))
    async with client_of(services) as client, asyncio.timeout(10):
        running = []
        for thread_id in (1, None):
            body = {"message": "hi", "thread_id": thread_id}
            assistant.running.clear()
            running.append(asyncio.create_task(client.post("/chat", json=body)))
            await assistant.running.wait()
        async with client.post(path, json={"message": "hi", "thread_id": 7}) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "5"
            assert "busy" in (await response.json())["detail"]
        assert len(assistant.asked) == 2
        running[0].cancel()
        await assistant.closed.wait()
        while True:  # the handler ends a moment after the turn
            async with client.post(path, json={"message": "hi", "thread_id": 7}) as response:
                if response.status == 404:  # it came through to the assistant
                    break
        running[1].cancel()


async def test_one_thread_never_takes_all_the_turns() -> None:
    gate = asyncio.Event()

    async def waits() -> AsyncGenerator[ReplyPart, None]:
        await gate.wait()
        yield Reply("Done.", "local", Tier.LOCAL, 1)

    services, assistant = house(waits, limits=Limits(turns=8))
    async with client_of(services) as client, asyncio.timeout(10):

        async def ask(thread_id: int | None) -> int:
            body = {"message": "hi", "thread_id": thread_id}
            async with client.post("/chat", json=body) as response:
                return response.status

        asking = [asyncio.create_task(ask(1)) for _ in range(100)]
        for _, each in zip(range(96), asyncio.as_completed(asking), strict=False):
            assert await each == 429
        other = asyncio.create_task(ask(None))
        while len(assistant.asked) < 5:  # noqa: ASYNC110  nobody signals it
            await asyncio.sleep(0)
        gate.set()
        assert await other == 200
        assert sorted([each.result() for each in asking if each.done()]).count(429) == 96
        assert sorted(await asyncio.gather(*asking)) == [200] * 4 + [429] * 96


async def test_turns_that_need_no_cloud_are_counted_apart() -> None:
    services, assistant = house(says_nothing, limits=Limits(turns=1))
    async with client_of(services) as client, asyncio.timeout(10):
        running = asyncio.create_task(client.post("/chat", json={"message": "hi"}))
        await assistant.running.wait()
        async with client.post("/chat", json={"message": "hi", "thread_id": 7}) as response:
            assert response.status == 429
        body = {"message": "stop", "thread_id": 7, "tier": "local"}
        async with client.post("/chat", json=body) as response:
            assert response.status == 404  # it came through to the assistant
        running.cancel()


def test_turns_are_counted_however_they_end() -> None:
    turns = Turns(2)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), turns.one(1):
            raise ZeroDivisionError
    with turns.one(1), turns.one(2), pytest.raises(ApiError), turns.one(3):
        pass
    with turns.one(1), turns.one(2):
        pass


def test_where_one_turn_is_all_there_is_any_thread_may_have_it() -> None:
    with Turns(1).one(1):
        pass


@BOTH
@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("x" * LONGEST_MESSAGE, 200),
        (" " * 99 + "x" * LONGEST_MESSAGE, 200),
        ("ö" * (LONGEST_MESSAGE + 1), 422),
    ],
)
async def test_a_message_that_is_too_long_is_422(path: str, message: str, status: int) -> None:
    services, assistant = house()
    async with (
        client_of(services) as client,
        client.post(path, json={"message": message}) as response,
    ):
        assert response.status == status
        if status == 422:
            [problem] = (await response.json())["detail"]
            assert problem["loc"] == ["body", "message"]
            assert problem["type"] == "string_too_long"
            assert problem["ctx"] == {"max_length": LONGEST_MESSAGE}
    assert len(assistant.asked) == (status == 200)

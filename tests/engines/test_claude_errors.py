import socket

import pytest

from ren_device.engines.claude import DETAIL_CHARS, ClaudeMind
from ren_device.errors import CloudError, CloudUnreachable
from ren_device.model import TextDelta
from tests.engines.claude_house import REQUEST, claude, read
from tests.messages_server import Answer, Fail, Hangup

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 529])
async def test_an_error_status_carries_the_services_own_message(status: int) -> None:
    async with claude([Fail(status, "the reason is this")]) as (mind, server):
        with pytest.raises(CloudError, match="the reason is this") as caught:
            await read(mind)
        assert str(status) in str(caught.value)
        assert not isinstance(caught.value, CloudUnreachable)
        assert len(server.requests) == 1


async def test_the_key_is_never_in_an_error() -> None:
    async with claude([Fail(401, "got 'test-key', expected another")]) as (mind, _):
        with pytest.raises(CloudError) as caught:
            await read(mind)
    assert str(caught.value) == "The model's service failed (401): got '***', expected another"


async def test_an_endless_message_is_cut() -> None:
    async with claude([Fail(500, "x" * 5000)]) as (mind, _):
        with pytest.raises(CloudError) as caught:
            await read(mind)
    assert len(str(caught.value)) < DETAIL_CHARS + 50


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", "", "[]", '{"error": "no"}'])
async def test_an_error_page_that_is_not_the_apis_is_still_a_cloud_error(body: str) -> None:
    async with claude([Fail(502, body=body)]) as (mind, _):
        with pytest.raises(CloudError) as caught:
            await read(mind)
    assert str(caught.value) == "The model's service failed (502)."


@pytest.mark.parametrize("status", [301, 307])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with claude([Fail(status)]) as (mind, _):
        with pytest.raises(CloudError, match=str(status)):
            await read(mind)


async def test_nobody_at_the_address_is_unreachable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        mind = ClaudeMind("key", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(CloudUnreachable):
            await read(mind)
        await mind.close()


async def test_a_server_that_hangs_up_is_no_answer() -> None:
    async with claude([Hangup()]) as (mind, _):
        with pytest.raises(CloudError, match="hung up") as caught:
            await read(mind)
        assert not isinstance(caught.value, CloudUnreachable)


@pytest.mark.parametrize("answer", [Answer("It is", then="drop"), Answer("It is", then="end")])
async def test_a_reply_that_breaks_off_is_an_error_after_its_text(answer: Answer) -> None:
    async with claude([answer]) as (mind, _):
        parts = mind.step(REQUEST)
        assert [await anext(parts), await anext(parts)] == [TextDelta("It"), TextDelta(" is")]
        with pytest.raises(CloudError, match="broke off"):
            await anext(parts)


async def test_an_error_in_the_middle_carries_its_message() -> None:
    async with claude([Answer("It is", then="error", error="Overloaded")]) as (mind, _):
        with pytest.raises(CloudError, match=r"^The model's service failed: Overloaded$"):
            await read(mind)


@pytest.mark.parametrize(
    "data",
    [
        "{",
        "5",
        "null",
        "{}",
        '{"type": "content_block_delta"}',
        '{"type": "content_block_delta", "index": 0, "delta": 7}',
        '{"type": "content_block_start", "index": 0}',
        '{"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}}',
        '{"type": "content_block_delta", "delta": {"type": "text_delta", "text": 7}}',
        '{"type": "message_delta"}',
        '{"type": "something_new"}',
        "\udcff",
    ],
)
async def test_a_stream_of_nonsense_is_a_cloud_error(data: str) -> None:
    async with claude([Answer("It is", then="garbage", garbage=data)]) as (mind, _):
        with pytest.raises(CloudError):
            await read(mind)


async def test_a_page_instead_of_a_stream_is_a_cloud_error() -> None:
    async with claude([Fail(200, body="<html>Please log in to this network</html>")]) as (mind, _):
        with pytest.raises(CloudError):
            await read(mind)

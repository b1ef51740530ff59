import asyncio
import gzip
import json
import logging
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientPayloadError, ClientSession, WSCloseCode, WSMsgType, web
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from ren_device.errors import DeviceError, EngineError, MutedBySwitch, RenError, VoiceBusy
from ren_device.web.errors import BUG, status_of
from ren_device.web.server import MAX_BODY_BYTES, serving
from ren_device.web.sse import event_stream
from tests.web.web_house import client_of, house

JSON = {"Content-Type": "application/json"}


async def test_an_unknown_path_is_404_in_json() -> None:
    services, _ = house()
    async with client_of(services) as client, client.get("/nowhere") as response:
        assert response.status == 404
        assert await response.json() == {"detail": "Not Found"}


async def test_a_wrong_method_is_405_in_json_and_says_what_is_allowed() -> None:
    services, _ = house()
    async with client_of(services) as client, client.delete("/threads/1") as response:
        assert response.status == 405
        assert await response.json() == {"detail": "Method Not Allowed"}
        assert response.headers["Allow"] == "GET,HEAD,PATCH"


async def test_a_body_that_is_too_large_is_413() -> None:
    services, assistant = house()
    body = json.dumps({"message": "x" * MAX_BODY_BYTES}).encode()
    async with client_of(services) as client:
        for content in (body, gzip.compress(body)):
            packed = {"Content-Encoding": "gzip"} if content is not body else {}
            async with client.post("/chat", data=content, headers=JSON | packed) as response:
                assert response.status == 413
                assert "262144" in (await response.json())["detail"]
    assert assistant.asked == []


async def test_a_body_whose_packing_is_broken_is_400() -> None:
    services, _ = house()
    headers = JSON | {"Content-Encoding": "gzip"}
    async with (
        client_of(services) as client,
        client.post("/chat", data=b"not gzip at all", headers=headers) as response,
    ):
        assert response.status == 400
        assert isinstance((await response.json())["detail"], str)


async def test_a_bug_is_500_with_a_plain_sentence_and_a_traceback_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    routes = web.RouteTableDef()

    @routes.get("/broken")
    async def broken(request: web.Request) -> web.Response:
        raise ZeroDivisionError("inner thing")

    services, _ = house(extra_routes=[routes])
    async with client_of(services) as client, client.get("/broken%0Aforged") as response:
        assert response.status == 404
    async with client_of(services) as client, client.get("/broken") as response:
        assert response.status == 500
        assert await response.json() == {"detail": BUG}
    [record] = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert record.getMessage() == "GET /broken"


async def test_a_bug_in_the_middle_of_an_answer_cuts_it_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    routes = web.RouteTableDef()

    @routes.get("/stream")
    async def stream(request: web.Request) -> web.StreamResponse:
        async with event_stream(request) as events:
            await events.send("token", {"text": "Here"})
            raise ZeroDivisionError

    @routes.get("/socket")
    async def socket(request: web.Request) -> web.StreamResponse:
        await web.WebSocketResponse().prepare(request)
        raise ZeroDivisionError

    services, _ = house(extra_routes=[routes])
    async with client_of(services) as client, asyncio.timeout(5):
        async with client.get("/stream") as response:
            assert await response.content.readuntil(b"\n\n")
            with pytest.raises(ClientPayloadError):
                await response.content.read()
        async with client.ws_connect("/socket") as talk:
            assert (await talk.receive()).type is WSMsgType.CLOSED
            assert talk.close_code == WSCloseCode.ABNORMAL_CLOSURE
    errors = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert errors == ["GET /stream", "GET /socket"]


async def test_the_request_log_is_one_debug_line_that_nobody_can_break(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "ren_device.web")
    services, _ = house()
    async with client_of(services) as client:
        await client.get(URL("/health%0Aforged?secret=1", encoded=True))
    [line] = [each.getMessage() for each in caplog.records]
    assert line.startswith("GET /health%0Aforged 404 ")
    assert line.endswith(" ms")


async def test_a_redirect_is_not_an_error() -> None:
    routes = web.RouteTableDef()

    @routes.get("/old")
    async def old(request: web.Request) -> web.Response:
        raise web.HTTPFound("/health")

    services, _ = house(extra_routes=[routes])
    async with client_of(services) as client, client.get("/old") as response:
        assert response.status == 200
        assert response.url.path == "/health"


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_bug(
    caplog: pytest.LogCaptureFixture,
) -> None:
    services, assistant = house()
    async with serving(services, "127.0.0.1", 0) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(head.encode() + b'Content-Length: 90\r\n\r\n{"mess')
        await writer.drain()
        async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/health"):
            pass  # by now the server has read the half body
        writer.transport.abort()
        await writer.wait_closed()
        async with ClientSession() as client, client.get(f"http://127.0.0.1:{port}/health"):
            pass
    assert assistant.asked == []
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (VoiceBusy(""), 409),
        (MutedBySwitch(""), 409),
        (EngineError(""), 503),
        (DeviceError(""), 503),
        (RenError(""), 500),
    ],
)
def test_the_rest_of_the_error_tree_has_a_status(error: RenError, status: int) -> None:
    assert status_of(error) == status


def _values() -> st.SearchStrategy[Any]:
    # Half surrogates included: json.dumps writes them as escapes.
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4
    )


def _bodies() -> st.SearchStrategy[bytes]:
    chats = st.fixed_dictionaries(
        {},
        optional={
            "message": _values() | st.just("hi"),
            "tier": _values() | st.sampled_from(["fast", "local"]),
            "thread_id": _values() | st.just(1),
            "name": _values(),
            "allow_dangerous": _values(),
        },
    )
    return st.binary() | (chats | _values()).map(lambda each: json.dumps(each).encode())


def test_no_body_and_no_query_can_break_it() -> None:
    routes = [("POST", "/chat"), ("POST", "/chat/stream"), ("POST", "/threads"),
              ("PATCH", "/threads/1"), ("POST", "/identity/attest")]  # fmt: skip
    services, _ = house()

    async def ask(method: str, path: str, body: bytes) -> None:
        url = URL(f"http://127.0.0.1:{port}{path}", encoded=True)
        async with client.request(method, url, data=body or None, headers=JSON) as response:
            assert response.status in (200, 400, 404, 422), await response.text()
            if response.status == 200 and path == "/chat/stream":
                assert "event: done" in await response.text()
            elif response.status == 200:
                await response.json()
            else:
                detail = (await response.json())["detail"]
                assert isinstance(detail, list if response.status == 422 else str)

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from(routes), _bodies())
    def any_body(route: tuple[str, str], body: bytes) -> None:
        runner.run(ask(*route, body))

    @settings(max_examples=50, deadline=None)
    @given(st.sampled_from(["/memory", "/threads"]), st.binary(), st.binary() | st.just(b"limit"))
    def any_query(path: str, value: bytes, name: bytes) -> None:
        runner.run(ask("GET", f"{path}?{quote(name)}={quote(value)}", b""))

    @settings(max_examples=50, deadline=None)
    @given(st.binary(min_size=1))
    def any_thread(name: bytes) -> None:
        runner.run(ask("GET", f"/threads/{quote(name, safe='')}", b""))

    with asyncio.Runner() as runner:
        server = serving(services, "127.0.0.1", 0)
        port = runner.run(server.__aenter__())
        client = runner.run(_session())
        try:
            any_body()
            any_query()
            any_thread()
        finally:
            runner.run(client.close())
            runner.run(server.__aexit__(None, None, None))


async def _session() -> ClientSession:
    return ClientSession()

from typing import Any

import pytest
from aiohttp import ClientResponse, WSServerHandshakeError, web

from tests.web.web_house import client_of, house

OWN: dict[str, Any] = {
    "hostnames": ("Ren", "kitchen-pi"),
    "allowed_hosts": ("ren.example",),
    "allowed_origins": ("https://app.example",),
}


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST:8000", "localhost.", "127.0.0.1", "192.168.1.20:8000", "[::1]:8000",
        "[fe80::1%eth0]", "ren.local", "Ren.local:8000", "ren-2.local", "kitchen-pi.local.",
        "ren.example:443",
    ],
)  # fmt: skip
async def test_ren_answers_under_its_own_names(host: str) -> None:
    services, _ = house(**OWN)
    async with (
        client_of(services) as client,
        client.get("/health", headers={"Host": host}) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "ren.example.evil.example", "ren.local.evil.example", "other.local",
        "ren-x.local", "local", ".local", "127.0.0.1.evil.example", "localhost.evil.example",
        "2130706433", "127.1", "[::1", "::1", "localhost:8000:9", "user@localhost", "localhost:x",
        "", "evil.example:80@127.0.0.1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/health", "/nowhere"])
async def test_ren_answers_under_no_other_name(path: str, host: str) -> None:
    services, _ = house(**OWN)
    async with client_of(services) as client, client.get(path, headers={"Host": host}) as response:
        assert response.status == 403
        assert "REN_ALLOWED_HOSTS" in (await response.json())["detail"]


async def test_without_names_no_local_name_is_ours() -> None:
    services, _ = house()
    async with client_of(services) as client:
        for host in ("ren.local", "-2.local", ".local"):
            async with client.get("/health", headers={"Host": host}) as response:
                assert response.status == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("ren.local:8000", "http://ren.local:8000"),
        ("ren.local:8000", "HTTP://REN.local:8000"),
        ("ren.local", "http://ren.local"),
        ("ren.local", "http://ren.local:80"),
        ("ren.example", "https://ren.example"),
        ("ren.example:443", "https://ren.example"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("ren.local:8000", "https://app.example"),
    ],
)
async def test_our_own_page_and_an_allowed_one_may_speak(host: str, origin: str) -> None:
    services, assistant = house(**OWN)
    headers = {"Host": host, "Origin": origin}
    async with (
        client_of(services) as client,
        client.post("/chat", json={"message": "hi"}, headers=headers) as response,
    ):
        assert response.status == 200
    assert len(assistant.asked) == 1


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "http://app.example", "https://app.example:8443",
        "http://localhost:3000", "http://ren.local", "http://ren.local:8001",
        "http://ren.local:8000@evil.example", "http://[",
    ],
)  # fmt: skip
async def test_a_page_from_elsewhere_may_not(origin: str) -> None:
    await refused(origin, because="REN_ALLOWED_ORIGINS")


@pytest.mark.parametrize(
    "origin",
    ["null", "", "file://", "ftp://ren.local:8000", "ren.local:8000", "chrome-extension://ren"],
)
async def test_a_page_without_an_address_may_not_and_no_setting_helps(origin: str) -> None:
    await refused(origin, because="without a web address of their own")


async def refused(origin: str, *, because: str) -> None:
    services, assistant = house(**OWN)
    headers = {"Host": "ren.local:8000", "Origin": origin}
    async with client_of(services) as client:
        async with client.post("/chat", json={"message": "hi"}, headers=headers) as response:
            assert response.status == 403
            assert because in (await response.json())["detail"]
            assert cors_headers(response) == {}
        async with client.get("/threads", headers=headers) as response:
            assert response.status == 403
        headers |= {"Access-Control-Request-Method": "POST"}
        async with client.options("/chat", headers=headers) as response:
            assert response.status == 403
            assert cors_headers(response) == {}
    assert assistant.asked == []


def cors_headers(response: ClientResponse) -> dict[str, str]:
    return {
        name: value
        for name, value in response.headers.items()
        if name.startswith("Access-Control-") or name == "Vary"
    }


ALLOWED = {"Access-Control-Allow-Origin": "https://app.example", "Vary": "Origin"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/health", None, 200),
        ("POST", "/chat", {"message": "hi"}, 200),
        ("POST", "/chat/stream", {"message": "hi"}, 200),
        ("POST", "/chat", {"message": ""}, 422),
        ("GET", "/threads/7", None, 404),
        ("GET", "/nowhere", None, 404),
        ("OPTIONS", "/chat", None, 405),
    ],
)
async def test_an_allowed_page_may_read_every_answer(
    method: str, path: str, body: dict[str, str] | None, status: int
) -> None:
    services, _ = house(**OWN)
    headers = {"Origin": "https://app.example"}
    async with (
        client_of(services) as client,
        client.request(method, path, json=body, headers=headers) as response,
    ):
        assert response.status == status
        assert cors_headers(response) == ALLOWED


@pytest.mark.parametrize("asked", [{}, {"Access-Control-Request-Private-Network": "true"}])
async def test_an_allowed_page_may_ask_first(asked: dict[str, str]) -> None:
    services, assistant = house(**OWN)
    headers = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
        **asked,
    }
    async with (
        client_of(services) as client,
        client.options("/chat", headers=headers) as response,
    ):
        assert response.status == 204
        answer = cors_headers(response)
        assert answer.items() >= ALLOWED.items()
        assert "POST" in answer["Access-Control-Allow-Methods"]
        assert answer["Access-Control-Allow-Headers"] == "Content-Type"
        assert answer.get("Access-Control-Allow-Private-Network") == ("true" if asked else None)
    assert assistant.asked == []


async def test_our_own_page_needs_no_permission_to_read() -> None:
    services, _ = house(**OWN)
    headers = {"Host": "ren.local:8000", "Origin": "http://ren.local:8000"}
    async with client_of(services) as client:
        async with client.get("/health", headers=headers) as response:
            assert response.status == 200
            assert cors_headers(response) == {}
        headers |= {"Access-Control-Request-Method": "POST"}
        async with client.options("/chat", headers=headers) as response:
            assert response.status == 405


async def test_a_socket_from_a_page_elsewhere_is_refused() -> None:
    routes = web.RouteTableDef()

    @routes.get("/ws/echo")
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("hello")
        await socket.close()
        return socket

    services, _ = house(extra_routes=[routes], **OWN)
    async with client_of(services) as client:
        async with client.ws_connect("/ws/echo") as socket:
            assert await socket.receive_str() == "hello"
        with pytest.raises(WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws/echo", origin="https://evil.example")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "application/octet-stream", "text/json", "jsonish"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/chat"),
        ("POST", "/threads"),
        ("PATCH", "/threads/1"),
        ("POST", "/identity/attest"),
    ],
)
async def test_a_body_that_is_not_declared_as_json_is_415(
    method: str, path: str, content_type: str
) -> None:
    services, assistant = house()
    sent: dict[str, Any] = {"data": b'{"message": "hi"}', "headers": {"Content-Type": content_type}}
    async with client_of(services) as client, client.request(method, path, **sent) as response:
        assert response.status == 415
        assert "application/json" in (await response.json())["detail"]
    assert assistant.asked == []


async def test_a_body_of_no_declared_type_is_415() -> None:
    services, _ = house()
    async with (
        client_of(services) as client,
        client.post(
            "/chat", data=b'{"message": "hi"}', skip_auto_headers=["Content-Type"]
        ) as response,
    ):
        assert response.status == 415


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/ld+json"]
)
async def test_json_in_all_its_spellings_is_read(content_type: str) -> None:
    services, _ = house()
    headers = {"Content-Type": content_type}
    async with (
        client_of(services) as client,
        client.post("/chat", data=b'{"message": "hi"}', headers=headers) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_what_the_browser_calls_our_own_may_speak(site: str) -> None:
    services, _ = house(**OWN)
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    async with (
        client_of(services) as client,
        client.get("/threads", headers=headers) as response,
    ):
        assert response.status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "SAME-ORIGIN", "new"])
@pytest.mark.parametrize("path", ["/threads", "/docs", "/nowhere"])
async def test_a_picture_on_a_page_from_elsewhere_may_not(path: str, site: str) -> None:
    services, _ = house(**OWN)
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    async with (
        client_of(services) as client,
        client.get(path, headers=headers) as response,
    ):
        assert response.status == 403
        assert "other sites" in (await response.json())["detail"]


@pytest.mark.parametrize(
    ("origin", "status"), [("https://app.example", 200), ("https://sub.app.example", 403)]
)
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_where_there_is_an_origin_it_decides(site: str, origin: str, status: int) -> None:
    services, _ = house(**OWN)
    headers = {"Sec-Fetch-Site": site, "Origin": origin, "Sec-Fetch-Mode": "cors"}
    async with (
        client_of(services) as client,
        client.get("/threads", headers=headers) as response,
    ):
        assert response.status == status


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize(
    ("method", "path", "changes", "status"),
    [
        ("GET", "/docs", {}, 200),
        ("HEAD", "/docs", {}, 200),
        ("GET", "/docs", {"Sec-Fetch-Dest": "iframe"}, 403),
        ("GET", "/threads", {}, 403),
        ("GET", "/openapi.json", {}, 403),
        ("POST", "/docs", {}, 403),
    ],
)
async def test_a_link_may_lead_to_a_page_for_people_and_nowhere_else(
    method: str, path: str, changes: dict[str, str], status: int
) -> None:
    services, _ = house(**OWN)
    async with (
        client_of(services) as client,
        client.request(method, path, headers=LINK | changes) as response,
    ):
        assert response.status == status

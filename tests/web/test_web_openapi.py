"""The description of the API: whole, valid, and true of what the handlers answer."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from ren_device.errors import CloudKeyMissing
from ren_device.web.describe import description_of
from ren_device.web.openapi import document, routes_of
from ren_device.web.server import build
from tests.web.web_house import NOW, MemoryRemarks, client_of, house
from tests.web.whole_surface import whole_surface

Json = dict[str, Any]

CONTRACT = {
    "get /health", "post /chat", "post /chat/stream", "get /memory", "get /threads",
    "post /threads", "get /threads/{id}", "patch /threads/{id}", "get /identity",
    "post /identity/attest", "get /hub.json", "get /hub/health", "get /notifications",
    "get /home/events", "get /ws/audio", "post /v1/messages", "get /alerts", "post /alerts",
    "get /alerts/events", "post /alerts/acknowledge", "get /alerts/{id}", "patch /alerts/{id}",
    "delete /alerts/{id}", "post /alerts/{id}/acknowledge", "post /alerts/{id}/snooze",
    "post /alerts/{id}/pause", "post /alerts/{id}/resume", "post /alerts/{id}/skip",
    "get /routines", "put /routines/{name}", "delete /routines/{name}",
    "post /routines/{name}/run", "get /", "get /device", "get /device/events",
    "post /device/talk", "post /device/release", "post /device/stop", "post /device/volume",
    "post /device/mute", "post /device/press",
}  # fmt: skip


@pytest.fixture(scope="module")
def app() -> web.Application:
    return build(whole_surface())


@pytest.fixture(scope="module")
def described(app: web.Application) -> Json:
    return document(app)


def operations(described: Json) -> Iterator[tuple[str, Json]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def problems(described: Json, schema: Json, value: object) -> list[str]:
    """What is wrong with the value by a schema of the document."""
    whole = {**schema, "components": described["components"]}
    return [each.message for each in Draft202012Validator(whole).iter_errors(value)]


def test_it_is_valid_openapi(described: Json) -> None:
    validate(described)
    assert described["openapi"].startswith("3.1.")


def test_every_route_is_described_and_nothing_else_is(
    app: web.Application, described: Json
) -> None:
    undescribed = [
        f"{method} {path}"
        for method, path, handler in routes_of(app)
        if description_of(handler) is None
    ]
    assert undescribed == []
    found = {f"{method.lower()} {path}" for method, path, _ in routes_of(app)}
    assert {name for name, _ in operations(described)} == found
    assert found >= CONTRACT


def test_a_route_that_is_not_described_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    routes = web.RouteTableDef()

    @routes.get("/new")
    async def new(request: web.Request) -> web.Response:
        return web.Response()

    services, _ = house(extra_routes=[routes])
    assert "/new" not in document(build(services))["paths"]
    assert caplog.messages == ["GET /new is not described"]


def test_every_operation_says_what_it_is_for(described: Json) -> None:
    for name, operation in operations(described):
        assert operation["summary"], name
        assert operation["description"], name
        assert {"403", "431", "500", "503"} <= operation["responses"].keys(), name


def test_the_contracts_statuses_are_there(described: Json) -> None:
    for path in ("/chat", "/chat/stream"):
        statuses = described["paths"][path]["post"]["responses"].keys()
        assert {"200", "400", "404", "413", "415", "422", "429", "503"} <= statuses
    assert {"502", "504"} <= described["paths"]["/chat"]["post"]["responses"].keys()
    assert {"404", "422"} <= described["paths"]["/threads/{id}"]["get"]["responses"].keys()
    assert "422" in described["paths"]["/memory"]["get"]["responses"]
    assert "422" not in described["paths"]["/health"]["get"]["responses"]
    unprocessable = described["paths"]["/chat"]["post"]["responses"]["422"]
    schema = unprocessable["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ValidationProblem"}


def test_the_contracts_frames_are_there(described: Json) -> None:
    def events(method: str, path: str) -> set[str]:
        answer = described["paths"][path][method]["responses"]["200"]
        assert answer["content"]["text/event-stream"]["example"]
        return set(answer["x-sse-events"])

    assert events("post", "/chat/stream") == {"token", "tool_run", "done", "error"}
    assert events("get", "/notifications") >= {"reminder"}
    assert events("get", "/alerts/events") == {"snapshot", "alert", "ringing_heard"}
    assert events("get", "/home/events") >= {"device_change"}
    assert events("get", "/device/events") == {"lights", "volume", "mute", "phase"}
    talk = described["paths"]["/ws/audio"]["get"]
    assert set(talk["x-websocket"]["client"]) == {"audio", "end"}
    assert set(talk["x-websocket"]["server"]) == {
        "wake", "transcript", "token", "tool_run", "audio", "done", "barge_in", "error",
    }  # fmt: skip
    assert "101" in talk["responses"]


def examples(described: Json) -> Iterator[tuple[str, Json, object]]:
    for name, operation in operations(described):
        bodies = operation.get("requestBody", {}).get("content", {})
        answers = [each.get("content", {}) for each in operation["responses"].values()]
        for content in (bodies, *answers):
            for media, told in content.items():
                if media == "application/json" and "example" in told:
                    yield name, told["schema"], told["example"]
        socket = operation.get("x-websocket", {})
        for frames in (
            operation["responses"].get("200", {}).get("x-sse-events", {}),
            socket.get("client", {}),
            socket.get("server", {}),
        ):
            for event, told in frames.items():
                assert told["description"], event
                yield f"{name} {event}", told["schema"], told["example"]


def test_every_example_is_what_its_schema_says(described: Json) -> None:
    found = list(examples(described))
    assert len(found) > 30
    for name, schema, example in found:
        assert problems(described, schema, example) == [], name


def test_the_schemas_say_nothing_that_json_schema_does_not_know(described: Json) -> None:
    def walk(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield key
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    for name, operation in operations(described):
        for parameter in operation.get("parameters", ()):
            assert not {"ge", "gt", "le", "lt"} & set(walk(parameter["schema"])), name
    for name, schema in described["components"]["schemas"].items():
        assert not {"ge", "gt", "le", "lt"} & set(walk(schema.get("properties", {}))), name


ASKED: list[tuple[str, str, Json, int]] = [
    ("GET", "/health", {}, 200),
    ("GET", "/hub.json", {}, 200),
    ("GET", "/hub/health", {}, 200),
    ("GET", "/identity", {}, 200),
    ("POST", "/identity/attest", {}, 200),
    ("GET", "/threads", {}, 200),
    ("GET", "/threads?limit=0", {}, 422),
    ("POST", "/threads", {"json": {"name": "Küche"}}, 200),
    ("POST", "/threads", {"json": {"name": 7}}, 422),
    ("GET", "/threads/1", {}, 200),
    ("GET", "/threads/x", {}, 422),
    ("GET", "/threads/77", {}, 404),
    ("PATCH", "/threads/1", {"json": {"allow_dangerous": True}}, 200),
    ("PATCH", "/threads/1", {"json": {}}, 422),
    ("GET", "/memory", {}, 200),
    ("POST", "/chat", {"json": {"message": "hi"}}, 200),
    ("POST", "/chat", {"json": {"message": ""}}, 422),
    ("POST", "/chat", {"json": {"message": "hi", "thread_id": 77}}, 404),
    ("POST", "/chat", {"data": "{", "headers": {"Content-Type": "application/json"}}, 400),
    ("POST", "/chat", {"data": "hi"}, 415),
    ("GET", "/health", {"headers": {"Host": "evil.example"}}, 403),
    ("GET", "/openapi.json", {}, 200),
]


@pytest.mark.parametrize(("method", "path", "sent", "status"), ASKED)
async def test_what_is_answered_is_what_is_described(
    described: Json, method: str, path: str, sent: Json, status: int
) -> None:
    remarks = MemoryRemarks()
    await remarks.add(1, [("user", "hi"), ("assistant", "ho")], NOW)
    services, _ = house(remarks=remarks)
    template = re.sub(r"/threads/\w+", "/threads/{id}", path.partition("?")[0])
    told = described["paths"][template][method.lower()]["responses"][str(status)]
    if "$ref" in told:
        told = described["components"]["responses"][told["$ref"].rpartition("/")[2]]
    async with (
        client_of(services) as client,
        client.request(method, path, **sent) as response,
    ):
        assert response.status == status
        assert response.content_type in told["content"]
        schema = told["content"]["application/json"]["schema"]
        assert problems(described, schema, await response.json()) == []


async def test_a_missing_key_is_answered_as_described(described: Json) -> None:
    services, assistant = house()
    assistant.refuse_with = CloudKeyMissing("ANTHROPIC_API_KEY is not set.")
    told = described["paths"]["/chat"]["post"]["responses"]["503"]
    async with (
        client_of(services) as client,
        client.post("/chat", json={"message": "hi"}) as response,
    ):
        schema = told["content"]["application/json"]["schema"]
        assert problems(described, schema, await response.json()) == []


async def test_it_is_answered_from_memory_and_not_sent_twice() -> None:
    services, _ = house()
    async with client_of(services) as client:
        for path in ("/openapi.json", "/docs"):
            async with client.get(path) as first:
                assert first.status == 200
                body = await first.read()
                etag = first.headers["ETag"]
            for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
                async with client.get(path, headers={"If-None-Match": known}) as again:
                    assert again.status == 304
                    assert again.headers["ETag"] == etag
                    assert await again.read() == b""
            async with client.get(path, headers={"If-None-Match": '"other"'}) as other:
                assert await other.read() == body
            async with client.head(path) as head:
                assert int(head.headers["Content-Length"]) == len(body)


async def test_what_is_no_socket_is_told_so() -> None:
    async with client_of(whole_surface()) as client, client.get("/ws/audio") as response:
        assert response.status == 400
        assert "WebSocket" in (await response.json())["detail"]

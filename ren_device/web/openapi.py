"""Makes the OpenAPI 3.1 document out of what the routes say about themselves (see `describe`).

OpenAPI 3.1 has no words of its own for the frames of an event stream or of a socket. Those of a
stream are told as those programs expect that read one at all: the schema is that of one frame, with
its `event` and its `data`, and the example is what goes over the wire. Besides, `x-sse-events` of
the answer and `x-websocket` of the operation have `{name: {description, schema, example}}`.
"""

import inspect
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from ren_device import VERSION
from ren_device.web import answers
from ren_device.web.describe import Described, Event, Shape, description_of

Json = dict[str, Any]

_log = logging.getLogger(__name__)

_ABOUT = """\
What phones, browsers and other speakers say to Ren, and what it answers.

There is no token: whoever is on your network may talk to Ren, so do not expose the port to the
internet. Bodies are JSON in UTF-8. Times are the speaker's wall clock, to the second, without
offset. Fields that Ren does not know are ignored, but refused under /alerts, /routines and /device.
"""

ALWAYS: Mapping[int, str] = {
    400: "The request is not HTTP, or its body is not JSON in UTF-8.",
    403: "The `Host`, the `Origin` or the site that the request comes from is not welcome.",
    408: "The request or its body took too long to arrive.",
    414: "The address is too long.",
    415: "There is a body, and it is not declared as `application/json`.",
    417: "There is an `Expect` that Ren does not know.",
    431: "The headers are too large.",
    500: "A bug, or Ren's own disk failed; its log says more.",
    503: "Too many connections are open, or Ren is stopping.",
}
"""What can happen to any request."""

_WITH_BODY: Mapping[int, str] = {413: "The body is too large."}
_INVALID = "The body, the query or the path fails validation."
_MAY_RETRY = frozenset({429, 503})
_RETRY_AFTER: Json = {
    "Retry-After": {
        "description": "Seconds after which it may work.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


def routes_of(app: web.Application) -> Iterator[tuple[str, str, object]]:
    """Method, path and handler of every route; HEAD, which every GET implies, is left out."""
    for route in app.router.routes():
        if route.method != "HEAD" and route.resource is not None:
            yield route.method, route.resource.canonical, route.handler


def document(app: web.Application) -> Json:
    """The whole document, fit for JSON. Routes that say nothing are left out, and logged."""
    found: list[tuple[str, str, object, Described]] = []
    for method, path, handler in routes_of(app):
        described = description_of(handler)
        if described is None:
            _log.warning("%s %s is not described", method, path)
        else:
            found.append((method, path, handler, described))
    shapes = _Shapes(each for *_, each in found)
    paths: Json = {}
    for method, path, handler, described in found:
        operation = {"operationId": _name(method, path), **_operation(handler, described, shapes)}
        paths.setdefault(path, {})[method.lower()] = operation
    document: Json = {
        "openapi": "3.1.0",
        "info": {
            "title": "Ren",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for *_, each in found)],
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "responses": {
                f"Error{status}": _error(status, text, shapes.ref(answers.Problem))
                for status, text in ALWAYS.items()
            },
        },
    }
    if any(each.bearer for *_, each in found):
        bearer = {"type": "http", "scheme": "bearer"}
        document["components"]["securitySchemes"] = {"key": bearer}
    return document


class _Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002  inherited
        return False


class _Shapes:
    """The JSON Schema of every shape; the named ones are `components`."""

    def __init__(self, operations: Iterable[Described]) -> None:
        wanted: dict[tuple[Shape, JsonSchemaMode], None] = {}
        parameters: dict[Shape, None] = {}

        def want(mode: JsonSchemaMode, *shapes: Shape | None) -> None:
            wanted.update(dict.fromkeys((each, mode) for each in shapes if each is not None))

        want("serialization", answers.Problem, answers.ValidationProblem)
        for each in operations:
            want("validation", each.body, each.query, each.path)
            want("validation", *(event.shape for event in each.hears.values()))
            want("serialization", each.answer, each.error)
            want("serialization", *(event.shape for event in each.events.values()))
            want("serialization", *(event.shape for event in each.sends.values()))
            parameters.update(dict.fromkeys(filter(None, (each.query, each.path))))
        inputs: list[tuple[int, JsonSchemaMode, TypeAdapter[object]]] = [
            (id(shape), mode, TypeAdapter(shape)) for shape, mode in wanted
        ]
        self._schemas, definitions = TypeAdapter.json_schemas(
            inputs,
            ref_template="#/components/schemas/{model}",
            schema_generator=_Untitled,
        )
        self.components: Json = definitions["$defs"]
        for name, schema in self.components.items():
            if schema.get("title") == name:
                del schema["title"]
        # What is only ever a parameter is told where it is used, field by field.
        self._parameters = {each: self.components.pop(each.__name__) for each in parameters}

    def ref(self, shape: Shape, mode: JsonSchemaMode = "serialization") -> Json:
        """The schema, by reference where it has a name."""
        return self._schemas[id(shape), mode]

    def fields(self, shape: Shape) -> Iterator[tuple[str, Json, bool]]:
        """Name, schema and whether it must be there, of every field of a query or a path."""
        schema = self._parameters[shape]
        for name, each in schema["properties"].items():
            yield name, dict(each), name in schema.get("required", ())

    def events(self, events: Mapping[str, Event], mode: JsonSchemaMode) -> Json:
        """The frames by their names."""
        return {
            name: {
                "description": inspect.getdoc(event.shape) or "",
                "schema": self.ref(event.shape, mode),
                "example": event.example,
            }
            for name, event in events.items()
        }


def _name(method: str, path: str) -> str:
    return "_".join(re.findall(r"[a-z0-9]+", f"{method} {path}".lower()))


def _operation(handler: object, described: Described, shapes: _Shapes) -> Json:
    operation: Json = {
        "tags": [described.tag],
        "summary": described.summary,
        "description": inspect.getdoc(handler) or "",
    }
    if parameters := list(_parameters(described, shapes)):
        operation["parameters"] = parameters
    if described.body is not None:
        content: Json = {"schema": shapes.ref(described.body, "validation")}
        if described.body_example is not None:
            content["example"] = described.body_example
        operation["requestBody"] = {
            "required": not described.body_optional,
            "content": {"application/json": content},
        }
    if described.bearer:
        operation["security"] = [{"key": []}]
    if described.sends:
        operation["x-websocket"] = {
            "client": shapes.events(described.hears, "validation"),
            "server": shapes.events(described.sends, "serialization"),
        }
    bare = {str(status): {"description": text} for status, text in described.also.items()}
    responses = {**_success(described, shapes), **bare, **_errors(described, shapes)}
    operation["responses"] = dict(sorted(responses.items()))
    return operation


def _parameters(described: Described, shapes: _Shapes) -> Iterator[Json]:
    for place, shape in (("path", described.path), ("query", described.query)):
        if shape is None:
            continue
        for name, schema, required in shapes.fields(shape):
            yield {
                "name": name,
                "in": place,
                "required": required,
                "description": schema.pop("description", ""),
                "schema": schema,
            }


def _success(described: Described, shapes: _Shapes) -> Json:
    if described.sends:
        return {"101": {"description": "The socket is open; see `x-websocket` for its frames."}}
    description = [inspect.getdoc(described.answer) or ""] if described.answer else []
    content: Json = {}
    if described.answer is not None:
        content[described.media] = {"schema": shapes.ref(described.answer)}
        if described.example is not None:
            content[described.media]["example"] = described.example
    success: Json = {"content": content}
    if described.events:
        frames = (
            f"event: {name}\ndata: {json.dumps(event.example, ensure_ascii=False)}\n\n"
            for name, event in described.events.items()
        )
        content["text/event-stream"] = {
            "schema": {"oneOf": [_frame(name, e, shapes) for name, e in described.events.items()]},
            "example": "".join(frames),
        }
        success["x-sse-events"] = shapes.events(described.events, "serialization")
        description.append("Server-sent events, each with JSON as data.")
        description += (
            f"`{name}`: {inspect.getdoc(event.shape) or ''}"
            for name, event in described.events.items()
        )
    if not content:
        content[described.media] = {"schema": {"type": "string"}}
        description.append("Text.")
    success["description"] = "\n\n".join(description)
    return {"200": success}


def _frame(name: str, event: Event, shapes: _Shapes) -> Json:
    data = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": shapes.ref(event.shape),
    }
    return {
        "type": "object",
        "properties": {"event": {"const": name}, "data": data},
        "required": ["event", "data"],
    }


def _errors(described: Described, shapes: _Shapes) -> Json:
    own_shape = described.error is not None
    problem = shapes.ref(described.error or answers.Problem)
    told: dict[int, str] = dict(ALWAYS) if own_shape else {}
    if described.body is not None:
        told |= _WITH_BODY
    told |= described.errors
    for status in described.errors.keys() & ALWAYS.keys():
        told[status] = f"{described.errors[status]} {ALWAYS[status]}"
    errors: Json = {str(each): {"$ref": f"#/components/responses/Error{each}"} for each in ALWAYS}
    errors |= {str(status): _error(status, text, problem) for status, text in told.items()}
    takes_something = described.body or described.query or described.path
    if takes_something and not own_shape:
        errors.setdefault("422", _error(422, _INVALID, shapes.ref(answers.ValidationProblem)))
    return errors


def _error(status: int, text: str, schema: Json) -> Json:
    error: Json = {
        "description": text,
        "content": {"application/json": {"schema": schema}},
    }
    if status in _MAY_RETRY:
        error["headers"] = _RETRY_AFTER
    return error

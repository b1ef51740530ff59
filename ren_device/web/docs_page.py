"""Makes the page for people, /docs, out of the OpenAPI document: HTML that needs nothing else.

Style and script are in the page itself. The policy that goes with it names them by their hashes,
and forbids all else: the page loads nothing, from here or from the internet.
"""

import json
import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files

from ren_device.web.docs_curl import curl
from ren_device.web.kept import page_policy
from ren_device.web.openapi import ALWAYS, Json

_STATIC = files("ren_device.web") / "static"
_CODE = re.compile(r"`([^`]+)`")


def render(document: Json) -> tuple[str, str]:
    """The page, and its Content-Security-Policy."""
    style = (_STATIC / "docs.css").read_text("utf-8")
    script = (_STATIC / "docs.js").read_text("utf-8")
    return "".join(_page(document, style, script)), page_policy(style, [script])


def _page(document: Json, style: str, script: str) -> Iterator[str]:
    info = document["info"]
    by_tag = _by_tag(document)
    shapes: Json = document["components"]["schemas"]
    yield (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(info["title"])} API</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#content">To the content</a>\n<div class="frame">\n<nav>\n'
        '<details id="list" open><summary>All endpoints</summary>\n'
    )
    for tag, operations in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>\n<ul>\n"
        for method, path, operation in operations:
            anchor = operation["operationId"]
            yield f'<li><a href="#{anchor}">{_badge(method, operation)} {escape(path)}</a></li>\n'
        yield "</ul>\n"
    yield (
        '<h2>Also</h2>\n<ul><li><a href="#errors">Errors</a></li>'
        '<li><a href="#shapes">Shapes</a></li></ul>\n</details></nav>\n<main id="content">\n'
        f'<h1>{escape(info["title"])} <span class="version">{escape(info["version"])}</span></h1>\n'
        f"{_prose(info['description'])}"
        '<p>For programs: <a href="/openapi.json">/openapi.json</a>, OpenAPI 3.1.</p>\n'
        '<p class="skip" id="said" role="status"></p>\n'
    )
    for tag, operations in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>\n"
        for method, path, operation in operations:
            yield from _article(method, path, operation, shapes)
    yield (
        '<h2 id="errors">Errors</h2>\n<article><p>Every error is <code>{"detail": …}</code>, '
        "except where a shape of its own is named. These can come from every endpoint; the others "
        "are listed where they belong.</p>\n"
    )
    yield from _table(("Code", "When"), ((f"{status}", _line(t)) for status, t in ALWAYS.items()))
    yield '</article>\n<h2 id="shapes">Shapes</h2>\n'
    for name, schema in shapes.items():
        yield f'<article id="shape-{name}"><h3>{name}</h3>\n{_prose(schema.get("description", ""))}'
        if "properties" in schema:
            yield from _fields(schema)
        else:
            yield f"<p>{_type(schema)}</p>\n"
        yield "</article>\n"
    yield f"</main>\n</div>\n<script>{script}</script>\n</body>\n</html>\n"


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    by_tag: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    return by_tag


def _badge(method: str, operation: Json) -> str:
    shown = "ws" if "x-websocket" in operation else method
    return f'<span class="method {shown}">{shown.upper()}</span>'


def _article(method: str, path: str, operation: Json, shapes: Json) -> Iterator[str]:
    anchor = operation["operationId"]
    yield (
        f'<article id="{anchor}">\n<h3>{_badge(method, operation)} '
        f'<a href="#{anchor}">{escape(path)}</a></h3>\n'
        f'<p class="summary">{_line(operation["summary"])}</p>\n{_prose(operation["description"])}'
        f'<div class="curl" data-what="{escape(method.upper())} {escape(path)}"><pre><code>'
        f"{curl(method, path, operation)}</code></pre></div>\n"
    )
    if parameters := operation.get("parameters"):
        yield "<h4>Parameters</h4>\n"
        yield from _table(("Name", "Type", ""), map(_parameter, parameters))
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield f"<h4>Body: {_type(schema)}</h4>\n"
        yield from _fields(shapes[schema["$ref"].rpartition("/")[2]])
    responses = operation["responses"]
    if "x-websocket" in operation:
        frames = operation["x-websocket"]
        yield from _frames("You send", frames["client"])
        yield from _frames("Ren sends", frames["server"])
    else:
        success = responses["200"]
        for media, content in success["content"].items():
            if media == "text/event-stream":
                continue
            shown = escape(media) if media != "application/json" else _type(content["schema"])
            yield f"<h4>Answer: {shown}</h4>\n"
            if "example" in content and media == "application/json":
                shown = json.dumps(content["example"], indent=2, ensure_ascii=False)
                yield f"<pre><code>{escape(shown)}</code></pre>\n"
        yield from _frames("Answer: events (text/event-stream)", success.get("x-sse-events", {}))
    own = {
        status: each
        for status, each in responses.items()
        if status >= "400" and "$ref" not in each and each["description"] != ALWAYS.get(int(status))
    }
    if own:
        yield "<h4>Errors</h4>\n"
        yield from _table(
            ("Code", "When"), ((s, _line(each["description"])) for s, each in own.items())
        )
    yield "</article>\n"


def _frames(title: str, frames: Json) -> Iterator[str]:
    if not frames:
        return
    yield f"<h4>{title}</h4>\n"
    rows = (
        (
            f"<code>{escape(name)}</code>",
            f"{_prose(frame['description'])}<p>{_type(frame['schema'])}</p>"
            f"<pre><code>{escape(json.dumps(frame['example'], ensure_ascii=False))}</code></pre>",
        )
        for name, frame in frames.items()
    )
    yield from _table(("Name", ""), rows)


def _fields(schema: Json) -> Iterator[str]:
    required = schema.get("required", ())
    yield from _table(
        ("Field", "Type", ""),
        (
            (f"<code>{escape(name)}</code>", _type(each), _about(each, name in required))
            for name, each in schema["properties"].items()
        ),
    )


def _parameter(parameter: Json) -> tuple[str, str, str]:
    about = {**parameter["schema"], "description": parameter["description"]}
    name = f"<code>{escape(parameter['name'])}</code>"
    return name, _type(parameter["schema"]), _about(about, parameter["required"])


def _about(schema: Json, required: bool) -> str:
    told = [_line(schema.get("description", ""))] if schema.get("description") else []
    if not required and schema.get("default") is not None:
        told.append(f"Default <code>{escape(json.dumps(schema['default']))}</code>.")
    elif not required:
        told.append("Optional.")
    for key, phrase in (
        ("minimum", "At least {}."),
        ("exclusiveMinimum", "More than {}."),
        ("maximum", "At most {}."),
        ("minLength", "At least {} characters."),
        ("maxLength", "At most {} characters."),
    ):
        if key in schema:
            told.append(phrase.format(schema[key]).replace(" 1 characters", " 1 character"))
    return " ".join(told)


def _type(schema: Json) -> str:
    """A type in words, with links to the shapes that have a name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#shape-{name}">{name}</a>'
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(each) for each in schema[key])
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " or ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return f'<span class="type">{escape(str(kind))}</span>'


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield "<table>\n<thead><tr>"
    yield "".join(f'<th scope="col">{each}</th>' for each in head)
    yield "</tr></thead>\n<tbody>\n"
    for first, *others in rows:
        cells = "".join(f"<td>{each}</td>" for each in others)
        yield f'<tr><th scope="row">{first}</th>{cells}</tr>\n'
    yield "</tbody>\n</table>\n"


def _prose(text: str) -> str:
    return "".join(f"<p>{_line(each)}</p>\n" for each in text.split("\n\n") if each.strip())


def _line(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(" ".join(text.split()), quote=False))

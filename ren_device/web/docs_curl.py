"""Writes the curl line for an endpoint, to be copied from the page."""

import json
import shlex
from html import escape

from ren_device.web.openapi import Json

_HOST = '<span class="host">localhost:8000</span>'


def curl(method: str, path: str, operation: Json) -> str:
    """The command as HTML; host and scheme are marked, for a script that knows better."""
    socket = "x-websocket" in operation
    stream = socket or "x-sse-events" in operation["responses"].get("200", {})
    words = ["curl -sN" if stream else "curl -s"]
    body = operation.get("requestBody")
    if method not in ("get", "post") or (method == "post" and body is None):
        words.append(f"-X {method.upper()}")
    scheme = f'<span class="scheme">{"ws" if socket else "http"}</span>'
    words.append(f"{scheme}://{_HOST}{escape(_filled(path, operation))}")
    if "security" in operation:
        words.append('-H "Authorization: Bearer $REN_API_KEY"')
    if body is not None:
        example = json.dumps(
            body["content"]["application/json"].get("example", {}), ensure_ascii=False
        )
        words.append("-H 'Content-Type: application/json'")
        words.append(f"-d {escape(shlex.quote(example), quote=False)}")
    return " ".join(words)


def _filled(path: str, operation: Json) -> str:
    for each in operation.get("parameters", ()):
        if each["in"] == "path":
            value = "1" if each["schema"].get("type") == "integer" else each["name"].upper()
            path = path.replace(f"{{{each['name']}}}", str(each.get("example", value)))
    return path

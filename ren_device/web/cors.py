"""Tells a browser that a page of an allowed origin may read what Ren answers.

Letting a request in is the guard's work (see `safety`); without these headers the browser keeps
the answer from the page, and does not send JSON in the first place.
"""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

_MAY_SEND: dict[str, str] = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, HEAD, POST, PUT, PATCH, DELETE",
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "Content-Type",
}


def open_to(
    origins: frozenset[str],
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For the application's `on_response_prepare`: headers for pages of these origins, no others.

    That signal comes before the headers of any answer go out: errors and event streams too.
    """

    async def allow(request: web.Request, response: web.StreamResponse) -> None:
        if is_from(origins, request):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers.add(hdrs.VARY, "Origin")

    return allow


def is_from(origins: frozenset[str], request: web.Request) -> bool:
    """Whether a page of one of these origins, in lower case, sent the request."""
    sent = request.headers.getall(hdrs.ORIGIN, ())
    return len(sent) == 1 and sent[0].lower() in origins


def is_preflight(request: web.Request) -> bool:
    """Whether the browser only asks what a page may send."""
    asks = hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    return asks and request.method == hdrs.METH_OPTIONS


def preflight(request: web.Request) -> web.Response:
    """The answer to a preflight of an allowed origin."""
    headers = dict(_MAY_SEND)
    # Asked when a page on the internet reaches into a home network.
    if request.headers.get("Access-Control-Request-Private-Network") == "true":
        headers["Access-Control-Allow-Private-Network"] = "true"
    return web.Response(status=204, headers=headers)

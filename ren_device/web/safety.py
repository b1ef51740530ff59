"""Keeps web pages from elsewhere from driving the speaker through a visitor's browser.

There is no token on this surface, so a browser on the same network is the threat. These rules hold
for every path and for the voice socket's handshake alike:

- DNS rebinding: `Host` must be an address, localhost, this device's own name, or allowed.
- Cross-site requests and sockets: `Origin`, which browsers add, must be our own or allowed.
  Without one (a picture, a link), `Sec-Fetch-Site` must not say that another site asks; following
  a link to a page that is made for people is all right.
- Forms: a body must be declared as JSON, which a form cannot do.
"""

import ipaddress
import re
from collections.abc import Container, Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ren_device.web.cors import is_from, is_preflight, preflight
from ren_device.web.errors import ApiError

PAGES = frozenset({"/", "/device", "/docs"})
"""Made for people: links on other sites may lead here."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+(%[\w.-]+)?\]|[\w.-]+)(:(?P<port>\d{1,5}))?", re.A)


def browser_guard(
    *,
    allowed_hosts: Iterable[str],
    allowed_origins: Iterable[str],
    hostnames: Iterable[str],
    pages: Container[str] = (),
) -> Middleware:
    """A middleware with these rules.

    `hostnames` are this device's own, without `.local`; `pages` are paths that links elsewhere may
    lead to.
    """
    hosts = frozenset(allowed_hosts) - {""}  # which is what a Host is that is none
    origins = frozenset(allowed_origins)
    # A second speaker of the same name calls itself ren-2.local.
    names = "|".join(re.escape(each.lower()) for each in hostnames)
    own_name = re.compile(rf"(?:{names})(?:-\d+)?\.local") if names else None

    @lru_cache(maxsize=32)
    def is_ours(authority: str) -> bool:
        host, _ = _split(authority)
        return (
            host == "localhost"
            or host in hosts
            or _is_address(host)
            or (own_name is not None and own_name.fullmatch(host) is not None)
        )

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        # Browsers always send one Host; a program that sends none cannot be one.
        for authority in request.headers.getall(hdrs.HOST, ()):
            if not is_ours(authority):
                raise ApiError(
                    403, f"Ren does not answer as {authority!r}; REN_ALLOWED_HOSTS can add it."
                )
        sent = request.headers.getall(hdrs.ORIGIN, ())
        for origin in sent:
            if origin.lower() not in origins and not _same_place(origin, request):
                raise ApiError(403, _refusal(origin))
        if not sent and _is_from_elsewhere(request) and not _follows_link(request, pages):
            raise ApiError(403, "Pages of other sites may not use Ren.")
        if is_preflight(request) and is_from(origins, request):
            return preflight(request)
        if request.body_exists and not _is_json(request.content_type):
            raise ApiError(415, "A body must be sent with Content-Type: application/json.")
        return await handler(request)

    return guard


def _split(authority: str) -> tuple[str, int | None]:
    """Host in lower case, without brackets and final dot, and port; ("", None) if it is neither."""
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        return "", None
    host = match["host"].strip("[]").removesuffix(".")
    return host, int(match["port"]) if match["port"] else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _same_place(origin: str, request: web.Request) -> bool:
    """Whether a page of this origin came from the very host and port that the request goes to.

    The scheme may differ: behind a proxy that speaks TLS, we only ever see http.
    """
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    default_port = _DEFAULT_PORTS.get(parts.scheme)
    if default_port is None:
        return False
    host, port = _split(request.headers.get(hdrs.HOST, ""))
    theirs, their_port = _split(parts.netloc)
    return bool(host) and (theirs, their_port or default_port) == (host, port or default_port)


def _is_from_elsewhere(request: web.Request) -> bool:
    """What the browser says; it does so only where it trusts the connection, as to localhost."""
    return any(
        each not in ("same-origin", "none") for each in request.headers.getall("Sec-Fetch-Site", ())
    )


def _follows_link(request: web.Request, pages: Container[str]) -> bool:
    headers = request.headers
    return (
        request.path in pages
        and request.method in (hdrs.METH_GET, hdrs.METH_HEAD)
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


def _refusal(origin: str) -> str:
    """Why, and what can be done; REN_ALLOWED_ORIGINS takes web addresses only."""
    if origin.lower().startswith(("http://", "https://")):
        return f"Pages of {origin!r} may not use Ren; REN_ALLOWED_ORIGINS can add it."
    return f"Pages without a web address of their own ({origin!r}) cannot be let in."


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or (
        content_type.startswith("application/") and content_type.endswith("+json")
    )

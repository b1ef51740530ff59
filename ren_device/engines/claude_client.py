"""The anthropic SDK's client, made for a service that speaks the Messages API."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ren_device.errors import CloudError, SettingError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

CONNECT_TIMEOUT_S = 3.0
IDLE_CONNECTION_S = 60.0
"""A connection is kept for this long, so that a follow-up question needs no new handshake."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service that speaks the Messages API, and the variables of its key and its address.

    `url` is given to the SDK so that it never looks for one in the environment or in its files.
    """

    key_variable: str
    url_variable: str
    url: str
    bearer_only: bool = False


CLAUDE = Service("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com")
ASTRA = Service("REN_API_KEY", "REN_API_URL", "https://api.ren.ai", bearer_only=True)


def server_of(service: Service, base_url: str) -> str:
    """The URL in front of `/v1/messages`, or empty for the service's own. Raises SettingError."""
    base_url = base_url.strip().rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if base_url and not usable:
        raise SettingError(f"{service.url_variable}={base_url}: not an http or https URL")
    return base_url


def make_client(service: Service, api_key: str, base_url: str) -> "AsyncAnthropic":
    """Import the SDK and open nothing yet; blocks for seconds on a small board."""
    import anthropic
    import anyio
    import httpx2

    timeout = httpx2.Timeout(None, connect=CONNECT_TIMEOUT_S, write=10.0, pool=CONNECT_TIMEOUT_S)
    try:
        http_client = anthropic.DefaultAsyncHttpxClient(
            timeout=timeout,
            limits=httpx2.Limits(keepalive_expiry=IDLE_CONNECTION_S),
            follow_redirects=False,  # the key is for this server only
            # A proxy of the environment is honoured, but never for this machine itself.
            mounts={f"all://{host}": None for host in ("localhost", "127.0.0.1", "[::1]")},
        )
    except (ImportError, ValueError, httpx2.InvalidURL):
        # Its text may hold the proxy's password.
        raise CloudError("The proxy that the environment names cannot be used.") from None
    # The SDK sends the key as a bearer token. Other servers of this API want it in the older
    # header, so a server that was named gets both.
    both = bool(base_url) and not service.bearer_only
    headers = {"X-Api-Key": api_key} if both else None
    client = anthropic.AsyncAnthropic(
        api_key=api_key,
        base_url=base_url or service.url,
        timeout=timeout,
        max_retries=0,
        default_headers=headers,
        http_client=http_client,
    )
    # Both load modules at first use, which on the event loop would hold up everything else.
    _ = client.messages
    anyio.run(anyio.sleep, 0)
    return client

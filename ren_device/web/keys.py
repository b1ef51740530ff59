"""What the web room is given: one frozen value, and the typed key under which the app keeps it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from ren_device.model import ReplyPart, Tier
from ren_device.ports import Clock, RemarkStore, ThreadStore
from ren_device.web.limits import Limits, Turns
from ren_device.web.stopping import Stopping


class Assistant(Protocol):
    """Whoever answers."""

    async def begin(
        self,
        message: str,
        *,
        thread_id: int | None = None,
        tier: Tier | None = None,
        spoken: bool = False,
    ) -> AsyncGenerator[ReplyPart, None]:
        """Start a turn and return its parts, the last one a Reply. Closing them cancels the turn.

        Raises ThreadNotFound and CloudKeyMissing before anything is written; the parts raise
        CloudError, CloudUnreachable, TurnTimeout and StoreError.
        """


class Identity(Protocol):
    """The speaker's ed25519 key."""

    @property
    def public_key_hex(self) -> str:
        """64 hex digits."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything the routes use. Plain values come from the settings."""

    name: str
    has_api_key: bool
    allowed_hosts: Sequence[str] = ()
    """Further host names under which Ren may be addressed, in lower case."""
    allowed_origins: Sequence[str] = ()
    """Web pages from elsewhere that may talk to Ren, as `https://app.example`."""
    hostnames: Sequence[str] = ()
    """This device's own names without `.local`, as announced on the network."""

    assistant: Assistant
    threads: ThreadStore
    remarks: RemarkStore
    identity: Identity
    clock: Clock
    started_at: float
    """When the process started, in `clock.monotonic()` seconds."""
    voice_enabled: Callable[[], bool]
    health: Callable[[], Mapping[str, object]] = dict
    """Further fields for /hub/health, fit for JSON."""
    extra_routes: Sequence[web.RouteTableDef] = ()
    """Routes that other rooms bring, such as the voice socket."""
    extensions: Sequence[Callable[[web.Application], None]] = ()
    """What else is done to the application before it starts, such as counting its requests."""

    keep_alive_s: float = 15.0
    """At most this long between two frames of an event stream."""
    limits: Limits = field(default_factory=Limits)
    """How much is taken on at once, and how long the slow are waited for."""
    stalled_s: float = 20.0
    """How long a client of an event stream may leave what was sent unread before it is dropped."""


SERVICES = web.AppKey("services", Services)
STOPPING = web.AppKey("stopping", Stopping)
TURNS = web.AppKey("turns", Turns)

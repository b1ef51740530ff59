"""How much one speaker takes on at once, and how long it waits for the slow."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from ren_device.web.errors import ApiError

_RETRY_TURN_S = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the server holds its clients to. Sizes in bytes, times in seconds."""

    connections: int = 512
    """Open at once; more are answered 503 and closed."""
    turns: int = 16
    """Running or waiting at once over HTTP; more are answered 429."""
    line: int = 4096
    """Of the address in the request's first line; more is 414."""
    field: int = 8190
    """Of each header; more is 431."""
    head: int = 32 * 1024
    """Of the first line and all headers together; more is 431."""
    headers: int = 100
    """How many there may be in one request; more is 431."""
    head_s: float = 10.0
    """From the connection, or from the first byte after a pause, to the end of the headers."""
    body_s: float = 20.0
    """From the end of the headers to the end of the body."""
    idle_s: float = 75.0
    """Between an answer and the next request on the same connection."""


class Turns:
    """The turns that run or wait, over HTTP.

    Those that need no cloud are counted apart: a timer must not wait for a service that hangs.
    """

    def __init__(self, limit: int) -> None:
        """At most `limit` at once, and half of that in one thread, where they wait in a line."""
        self._cloud = _Lane(limit)
        self._local = _Lane(limit)

    def one(self, thread_id: int | None, *, local: bool = False) -> AbstractContextManager[None]:
        """Count the block as a turn; None is the most recently active thread, whichever that is.

        Raises ApiError 429 when there are too many already.
        """
        return (self._local if local else self._cloud).one(thread_id)


class _Lane:
    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._limit_in_one = max(1, limit // 2)
        self._open: Counter[int | None] = Counter()

    @contextmanager
    def one(self, thread_id: int | None) -> Iterator[None]:
        if self._open.total() >= self._limit:
            raise ApiError(
                429, "Ren is busy with other turns; try again soon.", retry_after_s=_RETRY_TURN_S
            )
        if self._open[thread_id] >= self._limit_in_one:
            raise ApiError(
                429,
                "Too many turns wait in this thread; try again soon.",
                retry_after_s=_RETRY_TURN_S,
            )
        self._open[thread_id] += 1
        try:
            yield
        finally:
            self._open[thread_id] -= 1
            if not self._open[thread_id]:
                del self._open[thread_id]

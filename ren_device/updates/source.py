"""Where an update comes from: a file, or a web address, gone on with where it broke off."""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ren_device import VERSION
from ren_device.errors import UpdateError
from ren_device.updates.bundle import Source

PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Between tries that brought nothing; one that brought something starts the count again."""
STALLS_S = 30.0
"""After which a server that sends nothing has broken off."""

_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


@contextmanager
def opened(place: str, sleep: Callable[[float], None] = time.sleep) -> Iterator[Source]:
    """The update in this file or at this address. Raises UpdateError."""
    if place.lower().startswith(("http://", "https://")):
        with Address(place, sleep=sleep) as address:
            yield address
        return
    if "://" in place:
        raise UpdateError("an update comes from a file, or from an http or https address")
    try:
        # Each read by itself, so that a signal is noticed between two of them.
        with Path(place).open("rb", buffering=0) as file:
            yield file
    except OSError as error:
        if error.filename is None:
            raise
        raise UpdateError(f"{place}: {error.strerror}") from None


class Address:
    """Implements Source with HTTP; redirects are followed, proxies are the environment's."""

    def __init__(
        self,
        url: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        pauses_s: Sequence[float] = PAUSES_S,
        stalls_s: float = STALLS_S,
    ) -> None:
        """Nothing is asked for yet."""
        self._url = url
        self._host = urlsplit(url).hostname or "the server"  # no more of it: it may hold a key
        self._sleep = sleep
        self._pauses_s = pauses_s
        self._stalls_s = stalls_s
        self._answer: http.client.HTTPResponse | None = None
        self._at = 0
        self._whole: int | None = None
        self._version = ""

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Break off."""
        self._hang_up()

    def read(self, size: int, /) -> bytes:
        """See Source. Raises UpdateError when it stays broken."""
        tries = 0
        while True:
            try:
                piece = self._read(size)
            except (OSError, http.client.HTTPException) as error:
                self._hang_up()
                if isinstance(error, HTTPError):
                    error.close()
                if not _passes(error) or tries >= len(self._pauses_s):
                    raise UpdateError(f"{self._host}: {_said(error)}") from None
                self._sleep(self._pauses_s[tries])
                tries += 1
            else:
                return piece

    def _read(self, size: int) -> bytes:
        if self._whole is not None and self._at >= self._whole:
            return b""
        if self._answer is None:
            self._answer = self._asked()
        piece = self._answer.read1(size)  # whatever has come, so that a break loses none of it
        self._at += len(piece)
        if not piece and self._whole is not None:
            raise ConnectionResetError("the connection was cut")
        return piece

    def _asked(self) -> http.client.HTTPResponse:
        headers = {"User-Agent": f"ren-device/{VERSION}", "Accept-Encoding": "identity"}
        if self._at:
            headers["Range"] = f"bytes={self._at}-"
            if self._version:
                headers["If-Range"] = self._version
        request = Request(self._url, headers=headers)  # noqa: S310  `opened` has looked
        answer = cast("http.client.HTTPResponse", urlopen(request, timeout=self._stalls_s))  # noqa: S310
        if not self._at:
            etag = answer.headers.get("ETag", "")
            self._version = etag if etag.startswith('"') else ""
            self._whole = answer.length
        elif not _goes_on(answer, self._at):
            answer.close()
            raise UpdateError(
                f"{self._host}: the connection was cut, and the server does not go on where it was"
            )
        return answer

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None


def _goes_on(answer: http.client.HTTPResponse, at: int) -> bool:
    told = answer.headers.get("Content-Range", "")
    return answer.status == HTTPStatus.PARTIAL_CONTENT and told.startswith(f"bytes {at}-")


def _passes(error: Exception) -> bool:
    """Whether the same may work a little later."""
    if isinstance(error, HTTPError):
        return error.code in _BUSY or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
    reason = error.reason if isinstance(error, URLError) else error
    return not isinstance(reason, ssl.SSLCertVerificationError)


def _said(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"HTTP {error.code}"
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return "it sends nothing"
    return str(getattr(reason, "strerror", None) or reason or type(reason).__name__)

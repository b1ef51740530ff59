"""Gets one file over HTTP, and goes on where an earlier try was cut off.

What has arrived is in `NAME.part`; which version of the file that is (its ETag, or else its date)
is in `NAME.part.version`, and is named when the rest is asked for: a server whose file has changed
then sends all of it, and one that sends the rest of another version is found out by what it calls
it. Where a server names no version, the checksum has to find a mixture.
"""
# ruff: noqa: ASYNC240 - nobody else waits for the loop of a fetch

import asyncio
import os
import random
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from ren_device import VERSION
from ren_device.catalogue import ModelFile
from ren_device.errors import FetchError

PAUSES_S = (1.0, 2.0, 4.0, 8.0)
"""Between tries that brought nothing; one that brought something starts the count again."""

_TIMEOUT = ClientTimeout(total=None, sock_connect=20, sock_read=30)
_CHUNK_BYTES = 1 << 18
_BUSY = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)

Report = Callable[[int], None]
"""Told how many bytes of the file are there."""


class _Refused(Exception):
    """The address will not do; another may."""


class _Cut(Exception):
    """The connection was cut or the server is busy; the same address may do later."""


def session() -> ClientSession:
    """For all files; proxies are taken from the environment."""
    # Compressed on the way, a part could not be told from its whole.
    headers = {"User-Agent": f"ren-device/{VERSION}", "Accept-Encoding": "identity"}
    return ClientSession(timeout=_TIMEOUT, trust_env=True, headers=headers)


async def download(
    http: ClientSession,
    file: ModelFile,
    part: Path,
    urls: Sequence[str],
    report: Report,
    pauses_s: Sequence[float] = PAUSES_S,
) -> None:
    """Fill `part` to the size of `file`, from the first address that works.

    Raises FetchError; what has arrived by then stays. OSError when it cannot be written.
    """
    said = ""
    for url in urls:
        tries = 0
        while True:
            before = _size(part)
            try:
                await _once(http, file, part, url, report)
            except _Refused as error:
                said = f"{url}: {error}"
                break
            except (_Cut, ClientError, TimeoutError) as error:
                said = f"{url}: {str(error) or type(error).__name__}"
                tries = 0 if _size(part) > before else tries + 1
                if tries > len(pauses_s):
                    break
                pause_s = pauses_s[max(0, tries - 1)] if pauses_s else 0.0
                await asyncio.sleep(pause_s * random.uniform(0.75, 1.25))  # noqa: S311
            else:
                return
    raise FetchError(f"{file.name} cannot be fetched. {said}")


async def _once(http: ClientSession, file: ModelFile, part: Path, url: str, report: Report) -> None:
    version = part.with_name(part.name + ".version")
    have = _size(part)
    if have > file.size:
        part.unlink()
        have = 0
    if have == file.size:
        report(have)
        return
    headers = {}
    if have:
        headers["Range"] = f"bytes={have}-"
        if known := _text(version):
            headers["If-Range"] = known
    async with http.get(url, headers=headers) as response:
        if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)
            raise _Cut("the file there is shorter than what has arrived")
        if response.status in _BUSY or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Cut(f"HTTP {response.status}")
        if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise _Refused(f"HTTP {response.status}")
        start = _start(response, file, have)
        if start and "If-Range" in headers and _version(response) != headers["If-Range"]:
            part.unlink()  # some servers, aiohttp's among them, know If-Range by date only
            raise _Cut("the file there has changed since")
        if not start:
            part.unlink(
                missing_ok=True
            )  # first: this version's name must never be on another's part
            version.write_text(_version(response), "utf-8")
        await _receive(response, file, part, start, report)


def _start(response: ClientResponse, file: ModelFile, have: int) -> int:
    """Where what comes belongs. Raises where it is of another size than the list says."""
    length = response.content_length
    if response.status == HTTPStatus.OK:
        if length is not None and length != file.size:
            raise _Refused(f"the file has {length} bytes there, {file.size} in the list")
        return 0
    told = response.headers.get("Content-Range", "")
    place, _, whole = told.removeprefix("bytes ").partition("/")
    if whole not in (str(file.size), "*"):
        raise _Refused(f"the file has {whole or 'no'} bytes there, {file.size} in the list")
    if place.partition("-")[0] != str(have):
        raise _Refused("another part was sent than was asked for")
    return have


async def _receive(
    response: ClientResponse, file: ModelFile, part: Path, start: int, report: Report
) -> None:
    with part.open("r+b" if start else "wb") as written:
        written.truncate(start)
        written.seek(start)
        have = start
        report(have)
        try:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                have += len(chunk)
                if have > file.size:
                    raise _Refused("more was sent than the list says")
                written.write(chunk)
                report(have)
        finally:
            written.flush()
            os.fsync(written.fileno())
    if have < file.size:
        raise _Cut("the connection was cut")


def _version(response: ClientResponse) -> str:
    """What If-Range takes: a strong ETag, or a date."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""

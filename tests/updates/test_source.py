"""Where updates come from: files, and a real server that has its moods."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from ren_device.errors import UpdateError
from ren_device.updates.bundle import Source
from ren_device.updates.source import PAUSES_S, Address, opened
from tests.updates.scene import content

BODY = content(300_000)
HALF = len(BODY) // 2


class Moods(BaseHTTPRequestHandler):
    """`/NAME`: what it says in `do_GET`."""

    asked: ClassVar[list[tuple[str, str | None]]] = []
    patience = threading.Event()

    def do_GET(self) -> None:
        begins = self.headers.get("Range")
        self.asked.append((self.path, begins))
        at = int(begins.removeprefix("bytes=").rstrip("-")) if begins else 0
        tries = len(self.asked)
        match self.path.partition("?")[0]:
            case "/whole":
                self._send(BODY)
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/whole")
                self.end_headers()
            case "/cut":
                self._send(BODY[at:], at, sent=HALF if not at else None)
            case "/crumbs":
                self._send(BODY[at:], at, sent=30_000)
            case "/forgets":
                self._send(BODY, sent=HALF)
            case "/busy" if tries < 3:
                self.send_error(503)
            case "/busy":
                self._send(BODY)
            case "/broken":
                self.send_error(500)
            case "/stalls":
                self._send(BODY[at:], at, sent=HALF if not at else 0)
                self.patience.wait(5)
            case "/endless":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)
            case _:
                self.send_error(404)

    def _send(self, body: bytes, at: int = 0, sent: int | None = None) -> None:
        self.send_response(206 if at else 200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        if at:
            self.send_header("Content-Range", f"bytes {at}-{len(BODY) - 1}/{len(BODY)}")
        self.end_headers()
        self.wfile.write(body[:sent])
        self.wfile.flush()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Moods.asked.clear()
    Moods.patience.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Moods) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            Moods.patience.set()
            server.shutdown()
            thread.join()


def all_of(source: Source) -> bytes:
    pieces = []
    while piece := source.read(100_000):
        pieces.append(piece)
    return b"".join(pieces)


def fetched(url: str, stalls_s: float = 5.0) -> tuple[bytes, list[float]]:
    """The body, and the pauses that were made."""
    pauses: list[float] = []
    with Address(url, sleep=pauses.append, stalls_s=stalls_s) as address:
        return all_of(address), pauses


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "x.update").write_bytes(BODY)
    with opened(str(tmp_path / "x.update")) as source:
        assert all_of(source) == BODY


def test_no_file_and_other_addresses_are_refused(tmp_path: Path) -> None:
    for place, said in (
        (f"{tmp_path}/none", "No such file"),
        (str(tmp_path), "Is a directory"),
        ("ftp://127.0.0.1/x", "http or https"),
        ("file:///etc/passwd", "http or https"),
    ):
        with pytest.raises(UpdateError, match=said), opened(place):
            pass


@pytest.mark.parametrize("path", ["/whole", "/moved", "/endless"])
def test_an_address(url: str, path: str) -> None:
    assert fetched(url + path) == (BODY, [])
    with opened(f"{url.upper()}{path}") as source:
        assert all_of(source) == BODY


def test_it_goes_on_where_it_was_cut(url: str) -> None:
    assert fetched(f"{url}/cut") == (BODY, [PAUSES_S[0]])
    assert Moods.asked == [("/cut", None), ("/cut", f"bytes={HALF}-")]


def test_crumbs_are_enough(url: str) -> None:
    """As long as something comes, it is not given up."""
    body, pauses = fetched(f"{url}/crumbs")
    assert body == BODY
    assert pauses == [PAUSES_S[0]] * 9


def test_a_server_that_is_busy_is_asked_again(url: str) -> None:
    assert fetched(f"{url}/busy") == (BODY, list(PAUSES_S[:2]))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/none?key=secret", "^127.0.0.1: HTTP 404$"),
        ("/broken", "^127.0.0.1: HTTP 500$"),
        ("/forgets", "does not go on where it was"),
    ],
)
def test_what_stays_wrong_is_said(url: str, path: str, said: str) -> None:
    with pytest.raises(UpdateError, match=said):
        fetched(url + path)


def test_a_server_that_sends_nothing_has_broken_off(url: str) -> None:
    with pytest.raises(UpdateError, match="it sends nothing"):
        fetched(f"{url}/stalls", stalls_s=0.02)
    assert [begins for _, begins in Moods.asked] == [None, *[f"bytes={HALF}-"] * len(PAUSES_S)]


def test_nobody_there(url: str) -> None:
    with pytest.raises(UpdateError, match="Connection refused"):
        fetched("http://127.0.0.1:9")

"""Rooms, broken microphones, and a Ren that answers one thing, for the checks of sound."""

import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np

from ren_device.engines.simulated_room import Acoustics
from ren_device.model import SAMPLE_RATE_HZ
from ren_device.ports import Microphone, Speaker
from ren_device.settings import Settings

KITCHEN = Acoustics("kitchen", delay_s=0.08, echo_db=-18, noise_dbfs=-60)
VOICE = Settings(voice_enabled=True, port=0)
NEVER_OPENED = "a microphone that is not to be opened was opened"


def forbidden(_: Settings) -> Microphone:
    raise AssertionError(NEVER_OPENED)


def forbidden_both(_: Settings) -> tuple[Microphone, Speaker]:
    raise AssertionError(NEVER_OPENED)


def tone(dbfs: float, offset: float = 0.0, clip: float = 1.0) -> bytes:
    """A second of noise at this level (RMS)."""
    sound = np.random.default_rng(3).standard_normal(SAMPLE_RATE_HZ) * 10 ** (dbfs / 20)
    return (np.clip(sound + offset, -clip, clip) * 32767).astype("<i2").tobytes()


class Through:
    """The room's microphone with something wrong; implements ports.Microphone."""

    dropped = 0
    hardware = True
    block_frames = 1
    name = "broken"

    def __init__(self, inner: Microphone, gain: float, form: str = "16000 Hz, 1 channel") -> None:
        self._inner, self._gain, self.form = inner, gain, form

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        async for block in self._inner.blocks():
            yield (np.frombuffer(block, "<i2") * self._gain).astype("<i2").tobytes()


@contextmanager
def answering(body: str) -> Iterator[int]:
    """A server that answers everything so; its port."""

    class Always(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Always) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()

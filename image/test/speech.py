"""What is said to a machine through its voice socket, and what it answers."""

import base64
import json
import time
from dataclasses import dataclass

from websockets.sync.client import connect

from image.test.machine import Machine
from tests.voices import say, silence

FRAME_S = 600.0  # before the first sound: an emulator does floating-point sums one by one
_PIECE_BYTES = 6400


@dataclass(frozen=True)
class Answer:
    """Frames up to the first sound, and when they came: seconds from the last word on."""

    frames: list[dict[str, object]]
    at_s: list[float]

    @property
    def kinds(self) -> list[str]:
        """Their types."""
        return [str(frame["type"]) for frame in self.frames]

    def first(self, kind: str) -> object:
        """What the first frame of this type says."""
        return self.frames[self.kinds.index(kind)]["data"]

    def first_at_s(self, kind: str) -> float:
        """When it came."""
        return self.at_s[self.kinds.index(kind)]

    @property
    def sound(self) -> bytes:
        """What was answered aloud."""
        pieces = (str(frame["pcm16"]) for frame in self.frames if frame["type"] == "audio")
        return b"".join(map(base64.b64decode, pieces))


def ask_aloud(machine: Machine, text: str) -> Answer:
    """Say it, and listen until there is something to be heard."""
    pcm = silence(0.3) + say(text, "flite-rms")
    answer = Answer([], [])
    url = f"ws://{machine.address}/ws/audio"
    with connect(url, max_size=1 << 23, open_timeout=60, ping_interval=None) as socket:
        for start in range(0, len(pcm), _PIECE_BYTES):
            piece = base64.b64encode(pcm[start : start + _PIECE_BYTES]).decode()
            socket.send(json.dumps({"type": "audio", "pcm16": piece}))
            socket.ping().wait(60)  # as fast as it is heard, which no emulator does in real time
        socket.send(json.dumps({"type": "end"}))
        began = time.monotonic()
        while not answer.frames or answer.kinds[-1] not in ("audio", "done", "error"):
            answer.frames.append(json.loads(socket.recv(timeout=FRAME_S)))
            answer.at_s.append(time.monotonic() - began)
    return answer

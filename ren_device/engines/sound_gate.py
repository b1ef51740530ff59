"""Is there anything to hear at all? What is costly listens only then."""

from collections import deque

import numpy as np

from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ

CHUNK_SAMPLES = 1280
"""80 ms: long enough that even noise has about the same level in each."""

ABOVE_FLOOR_DB = 5.0
"""What is so much louder than the room is a sound."""

FLOOR_S = 8.0
"""The room is as loud as the quietest moment of so long; nobody speaks that long in one go."""

LEAST_FLOOR_DBFS = -80.0
"""No room is quieter; there is more noise than that inside a microphone."""

HANG_OVER_S = 1.5
"""The gate stays open so long after the last sound."""

_CHUNK_S = CHUNK_SAMPLES / SAMPLE_RATE_HZ
_CHUNK_BYTES = CHUNK_SAMPLES * SAMPLE_BYTES
_SPEECH_HZ = (300, 4000)  # without the low hum of a house, whose level swings most


class SoundGate:
    """Compares the level of speech's frequencies with the quietest one lately."""

    def __init__(self) -> None:
        """The room is unknown: the first chunk is taken for it."""
        self._window = np.hanning(CHUNK_SAMPLES).astype(np.float32)
        self._band = slice(*(round(hz * _CHUNK_S) for hz in _SPEECH_HZ))
        # Parseval, one side of the spectrum, the window's power, and full scale as 0 dB.
        power = float((self._window**2).sum()) * CHUNK_SAMPLES / 2 * 32768.0**2
        self._scale = np.float32(1 / power)
        self._levels: deque[float] = deque(maxlen=round(FLOOR_S / _CHUNK_S))
        self._open_for = 0

    def is_open(self, samples: np.ndarray) -> bool:
        """Whether the next 80 ms (CHUNK_SAMPLES of int16) deserve listening to. Takes 20 µs."""
        spectrum = np.fft.rfft(samples * self._window)[self._band]
        energy = float(np.vdot(spectrum, spectrum).real * self._scale)
        level = 10 * np.log10(energy + 1e-12)
        self._levels.append(level)
        floor = max(min(self._levels), LEAST_FLOOR_DBFS)
        if level > floor + ABOVE_FLOOR_DB:
            self._open_for = round(HANG_OVER_S / _CHUNK_S)
            return True
        self._open_for = max(0, self._open_for - 1)
        return self._open_for > 0


class GatedSound:
    """Hands on what is worth listening to: from a little before a sound until a while after it."""

    def __init__(self, before_chunks: int) -> None:
        """`before_chunks` of 80 ms, at least one, are handed on from before the sound."""
        self._gate = SoundGate()
        self._before_bytes = before_chunks * _CHUNK_BYTES
        self._before = bytearray()
        self._chunk = bytearray()
        self.awake = False
        """Whether there is something to hear, so that what is fed is handed on at once."""

    def take(self, frames: bytes) -> bytes:
        """The next sound, of any length; returns what is to be heard now."""
        heard = bytearray()
        while frames:
            room = _CHUNK_BYTES - len(self._chunk)
            piece, frames = frames[:room], frames[room:]
            self._chunk += piece
            (heard if self.awake else self._before).extend(piece)
            if len(self._chunk) == _CHUNK_BYTES:
                self.awake = self._gate.is_open(np.frombuffer(bytes(self._chunk), "<i2"))
                self._chunk.clear()
                if self.awake:
                    heard += self._before
                    self._before.clear()
                else:
                    del self._before[: -self._before_bytes]
        return bytes(heard)

    def forget(self) -> None:
        """Drop the sound that was kept, but not what the room is like."""
        self._before.clear()
        self._chunk.clear()

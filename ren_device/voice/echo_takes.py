"""What is kept of a chime, and of an answer, to measure the echo by; see calibration.py."""

import asyncio
import math
import statistics
from array import array
from operator import mul

from ren_device.model import FRAME_BYTES, FRAME_S, SAMPLE_BYTES, duration_s

_STILL_S = 3.0  # without a microphone there is nothing to wait for
_SLICE_S = 0.1
_LEAST_SLICES = 10  # of an answer that tells something
_MOST_SLICES = 300
_PAUSE_S = 0.3  # and it is over


def level_dbfs(pcm: bytes) -> float:
    """How loud this is (RMS), in dB below the loudest that there is."""
    return _dbfs(_energy(pcm), len(pcm))


def _dbfs(energy: int, size: int) -> float:
    return 10 * math.log10(max(energy * SAMPLE_BYTES / max(size, 1), 1e-3) / 32768**2)


def _energy(pcm: bytes) -> int:
    samples = array("h", pcm)
    return sum(map(mul, samples, samples))


class Take:
    """What was heard around a chime."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.near, self.cleaned, self._far = bytearray(), bytearray(), bytearray()
        self.began = 0
        """Where the chime begins in `near`, in bytes."""
        self._more = asyncio.Event()

    def add(self, near: bytes, far: bytes, cleaned: bytes) -> None:
        """The next block."""
        self.near += near
        self.cleaned += cleaned
        if far:
            # It was taken during this block; once begun, it goes on without a gap.
            if not self._far:
                self.began = len(self.near) - min(len(far), len(near))
                self._far += bytes(self.began)
            self._far += far
        self._more.set()

    def played(self) -> bytes:
        """What was played, on the time line of what was heard."""
        return bytes(self._far[: len(self.near)].ljust(len(self.near), b"\0"))

    async def lasts(self, more_s: float) -> None:
        """Return when so much more was heard. Raises TimeoutError."""
        until = len(self.near) + round(more_s / FRAME_S) * FRAME_BYTES
        while len(self.near) < until:
            self._more.clear()
            async with asyncio.timeout(_STILL_S):
                await self._more.wait()


class Answer:
    """How much of an answer the canceller takes out, a tenth of a second at a time."""

    def __init__(self) -> None:
        """Not begun."""
        self._removed_db: list[float] = []  # of each slice
        self._near = self._cleaned = b""
        self._played, self._played_bytes = 0, 0
        self._silent_s = 0.0

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for."""
        slices = len(self._removed_db)
        return (slices > 0 and self._silent_s > _PAUSE_S) or slices >= _MOST_SLICES

    @property
    def residual_db(self) -> float | None:
        """None where it was too short to tell."""
        if len(self._removed_db) < _LEAST_SLICES:
            return None
        # A person over the answer makes some slices worse, but not the middle one.
        return statistics.median(self._removed_db)

    @property
    def played_dbfs(self) -> float:
        """How loud it was."""
        return _dbfs(self._played, self._played_bytes)

    def add(self, near: bytes, far: bytes, cleaned: bytes) -> None:
        """The next block."""
        self._silent_s = 0.0 if far else self._silent_s + duration_s(near)
        if self._silent_s >= _SLICE_S:  # less is but a burst that is late
            self._near = self._cleaned = b""
            return
        self._played += _energy(far)
        self._played_bytes += len(far)
        self._near += near
        self._cleaned += cleaned
        if duration_s(self._near) >= _SLICE_S:
            self._removed_db.append(level_dbfs(self._near) - level_dbfs(self._cleaned))
            self._near = self._cleaned = b""

"""What waits for the sound card, and what the sound card has taken."""

import threading
import time
from collections import deque
from math import ceil

from ren_device.engines.silent import STUTTER_S
from ren_device.model import FRAME_BYTES, FRAME_S

REMEMBERED_FRAMES = round(1 / FRAME_S)
"""How much of what was played is kept for whoever asks."""

REST_AFTER_S = 5.0
"""A loudspeaker with nothing to play for so long is stopped: its silence costs 2 % of a core."""


class PlayedRing:
    """Sound between the event loop and PortAudio's thread, and the frames that it was made of."""

    def __init__(self, bytes_per_s: int) -> None:
        """Empty; the device takes so much."""
        self._bytes_per_s = bytes_per_s
        self._lock = threading.Lock()
        self._sound = bytearray()
        # Positions are in bytes that were ever put, less what was dropped.
        self._taken = 0
        self._end = 0.0  # of the frames; a resampler still holds the end of their sound
        self._frames: deque[tuple[float, bytes]] = deque()  # by where their sound ends
        self._played: deque[bytes] = deque(maxlen=REMEMBERED_FRAMES)
        self._sounds = False
        self._dry_s: float | None = None
        self._sounded_s = time.monotonic()
        self.resting = False
        """Whether the device was told to stop; nothing is taken any more."""

    def __len__(self) -> int:
        """How many bytes of sound wait."""
        return len(self._sound)

    def put(self, sound: bytes, frame: bytes) -> bool:
        """Queue a frame, and what sound could be made so far; False if it would never be taken."""
        with self._lock:
            if self.resting:
                return False
            self._sound += sound
            self._end += FRAME_S * self._bytes_per_s
            self._frames.append((self._end, frame))
            self._sounds, self._dry_s = True, None
            self._settle()
            return True

    def finish(self, sound: bytes) -> None:
        """Queue the last of the sound; what is put next begins something new."""
        with self._lock:
            self._sound += sound
            self._begin_anew()

    def take(self, size: int) -> bytes:
        """Up to `size` bytes for the device."""
        with self._lock:
            sound = bytes(self._sound[:size])
            del self._sound[:size]
            self._taken += len(sound)
            if len(sound) < size and self._sounds and self._dry_s is None:
                self._dry_s = time.monotonic()
            if sound:
                self._sounded_s = time.monotonic()
        return sound

    def rests(self) -> bool:
        """Whether nothing was taken for so long that the device may stop; decided for good."""
        with self._lock:
            if not self._sound and time.monotonic() - self._sounded_s > REST_AFTER_S:
                self.resting = True
            return self.resting

    def take_played(self) -> bytes:
        """The frames whose sound was taken."""
        with self._lock:
            self._settle()
            played = b"".join(self._played)
            self._played.clear()
        return played

    def drop(self) -> int:
        """Forget what was not taken; how many bytes of frames. One that has begun is kept."""
        with self._lock:
            self._settle()
            waiting, keep = self._frames, 0
            if waiting and waiting[0][0] - FRAME_S * self._bytes_per_s < self._taken:
                keep = ceil(waiting[0][0]) - self._taken
            del self._sound[keep:]
            self._frames = deque(list(waiting)[: 1 if keep else 0])
            self._begin_anew()
            return sum(map(len, (frame for _, frame in waiting))) - len(self._frames) * FRAME_BYTES

    def stutters(self) -> bool:
        """Whether what would be queued now comes a moment too late for what was queued before."""
        dry_s = self._dry_s
        return dry_s is not None and time.monotonic() - dry_s < STUTTER_S

    def _begin_anew(self) -> None:
        self._end = float(self._taken + len(self._sound))
        self._frames = deque((min(end, self._end), frame) for end, frame in self._frames)
        self._sounds, self._dry_s = False, None

    def _settle(self) -> None:
        while self._frames and self._frames[0][0] <= self._taken:
            self._played.append(self._frames.popleft()[1])

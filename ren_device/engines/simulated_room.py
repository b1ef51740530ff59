"""A room that is not there: a microphone that hears a person, noise, and the loudspeaker's echo.

Both devices keep real time by the event loop's clock, in virtual time too. The loudspeaker takes
its sound in periods, as a sound card does; what it took is in the air `delay_s` later, at the pace
of its own clock, distorted as small loudspeakers do, and reaches the microphone through an impulse
response. Tests and benchmarks use it; no setting chooses it.
"""

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, SAMPLE_RATE_HZ

Samples = NDArray[np.float64]

AHEAD_FRAMES = 10
"""How much sound waits for the loudspeaker at most."""
BACKLOG_FRAMES = 200
"""What a slow listener can catch up, 2 s."""
MOST_FRAMES = 32
"""In one block of one who catches up."""
KEPT_FRAMES = 100
"""Of what was played and nobody has asked for."""

_TAPS = np.arange(-16, 17)
_NOISE_S = 8
_REMEMBERED_FRAMES = 300  # for a microphone that is 2 s behind


@dataclass(frozen=True)
class Acoustics:
    """How a room sounds. Levels are of speech, in dB.

    `echo_db` is the echo at the microphone against what is played; -inf is no echo at all.
    `delay_s` is from the device taking sound to its echo, `tail_s` the reverberation time (RT60),
    `tail_db` the tail's energy against the direct sound. `drive` is how hard the loudspeaker is
    driven: 0 is linear, at 2 a full-scale peak loses half its height. `drift_ppm` is how much
    faster the loudspeaker's clock is than the microphone's. `period_frames` is what the device
    takes at a time.
    """

    name: str
    delay_s: float = 0.08
    echo_db: float = -12.0
    tail_s: float = 0.25
    tail_db: float = -6.0
    drive: float = 0.0
    drift_ppm: float = 0.0
    noise_dbfs: float = -65.0
    period_frames: int = 1


HEADPHONES = Acoustics("headphones", echo_db=-math.inf)
ROOMS = (
    HEADPHONES,
    Acoustics("far from the microphone", 0.05, -26, 0.3, -3),
    Acoustics("desk", 0.02, -18, 0.15, -8),
    Acoustics("living room", 0.08, -12, 0.4, -3, drive=0.5),
    Acoustics("slow sound card", 0.2, -12, 0.3, -6, period_frames=4),
    Acoustics("two clocks, slow", 0.06, -12, 0.25, -6, drift_ppm=-100),
    Acoustics("two clocks, fast", 0.12, -12, 0.25, -6, drift_ppm=100, period_frames=2),
    Acoustics("noisy kitchen", 0.08, -12, 0.5, 0, noise_dbfs=-45),
    Acoustics("as loud as a person", 0.08, -6, 0.3, -6, drive=0.5),
    Acoustics("louder than a person", 0.06, 0, 0.3, -6, drive=1, drift_ppm=100),
    Acoustics("small and overdriven", 0.04, 0, 0.2, -6, drive=4),
)
"""With a person at -26 dBFS and Ren playing at -20 dBFS, an `echo_db` of -6 is as loud as they."""


class SimulatedRoom:
    """Make it in a running event loop: its time line begins now."""

    def __init__(self, acoustics: Acoustics, seed: int = 1) -> None:
        """Nobody speaks yet. `seed` is for the tail and the noise."""
        self.acoustics = acoustics
        self._clock = asyncio.get_running_loop().time
        self._zero_s = self._clock()
        random = np.random.default_rng(seed)
        self._noise = _noise(acoustics.noise_dbfs, random)
        response = _response(acoustics, random)
        self._reach = len(response) + FRAME_SAMPLES  # samples of the air that a frame hears
        self._points = 1 << self._reach.bit_length()
        self._spectrum = np.fft.rfft(response, self._points)
        self._air: Samples = np.zeros(self._reach)  # what left the loudspeaker of late
        self._spoken: list[tuple[int, Samples]] = []
        self.speaker = RoomSpeaker(self)
        self.microphone = RoomMicrophone(self)

    def now_s(self) -> float:
        """Where the time line is, seconds."""
        return self._clock() - self._zero_s

    def speaker_now_s(self) -> float:
        """The same by the loudspeaker's clock."""
        return self.now_s() * self._pace

    @property
    def _pace(self) -> float:
        return 1 + self.acoustics.drift_ppm / 1e6

    def say(self, pcm: bytes, at_s: float | None = None, dbfs: float | None = None) -> float:
        """A person says this, from now or from `at_s` on; returns when they have finished.

        `dbfs` is how loud they are at the microphone (RMS); without it, as it is recorded.
        """
        sound = np.frombuffer(pcm, "<i2").astype(np.float64)
        if dbfs is not None and len(sound):
            sound *= 32768 * 10 ** (dbfs / 20) / max(1.0, float(np.sqrt(np.mean(sound**2))))
        begin = round((self.now_s() if at_s is None else at_s) * SAMPLE_RATE_HZ)
        self._spoken.append((begin, sound))
        return (begin + len(sound)) / SAMPLE_RATE_HZ

    def heard(self, number: int) -> bytes:
        """The microphone's frame `number`; each is asked for once, in order."""
        begin = number * FRAME_SAMPLES
        mixed = np.take(self._noise, np.arange(begin, begin + FRAME_SAMPLES), mode="wrap")
        for at, sound in self._spoken:
            low, high = max(at, begin), min(at + len(sound), begin + FRAME_SAMPLES)
            if low < high:
                mixed[low - begin : high - begin] += sound[low - at : high - at]
        self._spoken = [(at, sound) for at, sound in self._spoken if at + len(sound) > begin]
        mixed += self._echo(begin)
        return bytes(np.clip(np.rint(mixed), -32768, 32767).astype("<i2").tobytes())

    def _echo(self, begin: int) -> Samples:
        if self.acoustics.echo_db == -math.inf:
            return np.zeros(FRAME_SAMPLES)
        where = begin * self._pace - self.acoustics.delay_s * SAMPLE_RATE_HZ
        first = math.floor(where)
        raw = self.speaker.sounding(first + _TAPS[0], FRAME_SAMPLES + len(_TAPS) - 1)
        # Between two samples of the loudspeaker's clock: a windowed sinc.
        off = _TAPS - (where - first)
        fresh = np.convolve(raw, (np.sinc(off) * np.cos(off * math.pi / 36) ** 2)[::-1], "valid")
        if drive := self.acoustics.drive:
            fresh = np.tanh(fresh / 32768 * drive) / drive * 32768
        self._air = np.concatenate([self._air[FRAME_SAMPLES:], fresh])
        if not self._air.any():
            return np.zeros(FRAME_SAMPLES)
        # A circular convolution: only its beginning is wrapped around.
        spectrum = np.fft.rfft(self._air, self._points) * self._spectrum
        echo: Samples = np.fft.irfft(spectrum, self._points)[
            self._reach - FRAME_SAMPLES : self._reach
        ]
        return echo


class RoomMicrophone:
    """Implements ports.Microphone."""

    name = form = "simulated room"
    hardware = True  # there is always some noise

    def __init__(self, room: SimulatedRoom) -> None:
        """Made by the room."""
        self.block_frames = 1
        self.dropped = 0
        self._room = room
        self._open = False

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """See ports.Microphone; it can be open only once."""
        if self._open:
            raise DeviceError("the simulated microphone is busy")
        self._open = True
        next_frame = math.ceil(self._room.now_s() / FRAME_S)
        try:
            while True:
                due_s = (next_frame + self.block_frames) * FRAME_S
                # Slept also when late: others get a turn between two blocks.
                await asyncio.sleep(max(0.0, due_s - self._room.now_s()))
                arrived = int(self._room.now_s() / FRAME_S + 1e-6) - next_frame
                for _ in range(arrived - BACKLOG_FRAMES):
                    self._room.heard(next_frame)
                    next_frame += 1
                    self.dropped += 1
                count = min(MOST_FRAMES, max(self.block_frames, arrived))
                yield b"".join(self._room.heard(next_frame + each) for each in range(count))
                next_frame += count
        finally:
            self._open = False


class RoomSpeaker:
    """Implements ports.Speaker."""

    name = form = "simulated room"
    underruns = 0  # not simulated

    def __init__(self, room: SimulatedRoom) -> None:
        """Made by the room."""
        self.latency_s = room.acoustics.delay_s
        self._room = room
        self._started = False
        self._writing = False
        self._period = room.acoustics.period_frames
        self._waiting: deque[bytes] = deque()
        self._taken: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._sounding: dict[int, Samples] = {}  # by number of the frame on its own clock
        self._next = 0

    async def start(self) -> None:
        """See ports.Speaker."""
        await self.close()
        self._started = True

    async def write(self, frame: bytes) -> None:
        """See ports.Speaker; strict about sizes, order and writing twice at once."""
        if not self._started:
            raise RuntimeError("write before start")
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, not {len(frame)}")
        if self._writing:
            raise RuntimeError("two tasks write at once")
        self._settle()
        self._waiting.append(frame)
        self._writing = True
        try:
            while len(self._waiting) > AHEAD_FRAMES:
                await asyncio.sleep(FRAME_S / 2)
                self._settle()
        finally:
            self._writing = False

    async def drain(self) -> None:
        """See ports.Speaker."""
        self._settle()
        while self._waiting:
            await asyncio.sleep(FRAME_S / 2)
            self._settle()
        if self._started:
            await asyncio.sleep(max(0.0, self._next * FRAME_S - self._room.speaker_now_s()))
            await asyncio.sleep(self.latency_s)

    async def flush(self) -> int:
        """See ports.Speaker: what the device has taken sounds for `latency_s` more."""
        self._settle()
        dropped = len(self._waiting) * FRAME_BYTES
        self._waiting.clear()
        return dropped

    def take_played(self) -> bytes:
        """See ports.Speaker."""
        self._settle()
        played = b"".join(self._taken)
        self._taken.clear()
        return played

    async def close(self) -> None:
        """See ports.Speaker."""
        await self.flush()
        self._started = False

    def sounding(self, begin: int, count: int) -> Samples:
        """What leaves it, by its own clock; a sample that it takes at 0 is number 0."""
        self._settle()
        first, last = begin // FRAME_SAMPLES, (begin + count - 1) // FRAME_SAMPLES
        silence = np.zeros(FRAME_SAMPLES)
        frames = [self._sounding.get(number, silence) for number in range(first, last + 1)]
        at = begin - first * FRAME_SAMPLES
        return np.concatenate(frames)[at : at + count]

    def _settle(self) -> None:
        """Take what was due by now: a period at a time, at whole periods of its own clock."""
        now = int(self._room.speaker_now_s() / FRAME_S + 1e-6)
        while self._next <= now:
            for each in range(min(self._period, len(self._waiting))):
                frame = self._waiting.popleft()
                self._taken.append(frame)
                self._sounding[self._next + each] = np.frombuffer(frame, "<i2").astype(np.float64)
            self._next += self._period
        while self._sounding and (oldest := next(iter(self._sounding))) < now - _REMEMBERED_FRAMES:
            del self._sounding[oldest]


def _response(acoustics: Acoustics, random: np.random.Generator) -> Samples:
    tail: Samples = random.standard_normal(round(acoustics.tail_s * SAMPLE_RATE_HZ))
    tail *= np.exp(-6.9 * np.arange(len(tail)) / len(tail))
    tail *= math.sqrt(10 ** (acoustics.tail_db / 10) / float(np.sum(tail**2)))
    response: Samples = np.concatenate([[1.0], np.zeros(32), tail])
    response *= 10 ** (acoustics.echo_db / 20) / math.sqrt(float(np.sum(response**2)))
    return response


def _noise(dbfs: float, random: np.random.Generator) -> Samples:
    """A few seconds of pink noise, to be repeated."""
    count = _NOISE_S * SAMPLE_RATE_HZ
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 40 * _NOISE_S))
    noise: Samples = np.fft.irfft(spectrum, count)
    noise *= 32768 * 10 ** (dbfs / 20) / float(np.sqrt(np.mean(noise**2)))
    return noise

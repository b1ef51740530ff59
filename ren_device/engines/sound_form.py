"""Sound as devices and files have it, to the PCM of `model` and back, while it flows.

Not `soxr.ResampleStream`: it holds back up to 40 ms of sound (58 ms towards 44100 Hz) and gives it
out in lumps. Each piece is resampled here together with its neighbourhood, which costs a little
more and holds back 5 ms.
"""

from math import ceil, gcd
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from ren_device.model import SAMPLE_RATE_HZ

NEIGHBOURHOOD_S = 0.005
"""How far the resampler's filter reaches to either side."""

Samples = NDArray[np.float32]


class Resampler:
    """Changes the rate of one channel of samples, by soxr's filter "HQ"."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Nothing came before."""
        self._rates = from_hz, to_hz
        # Samples of both rates meet once in a period: only there a piece may begin.
        self._period, self._period_out = (hz // gcd(from_hz, to_hz) for hz in (from_hz, to_hz))
        self._ahead = ceil(NEIGHBOURHOOD_S * from_hz)
        self._before = ceil(self._ahead / self._period) * self._period
        self._held: Samples = np.zeros(self._before, np.float32)

    def convert(self, samples: Samples) -> Samples:
        """What can be said now about the sound so far."""
        held = np.concatenate((self._held, samples))
        periods = max(0, len(held) - self._before - self._ahead) // self._period
        if not periods:
            self._held = held
            return held[:0]
        whole = periods * self._period
        self._held = held[whole:]
        piece = held[: self._before + whole + self._ahead]
        begin = self._before // self._period * self._period_out
        found: Samples = soxr.resample(piece, *self._rates, quality="HQ")
        return found[begin : begin + periods * self._period_out]

    def rest(self) -> Samples:
        """What was held back; silence follows."""
        found = self.convert(np.zeros(self._ahead + self._period, np.float32))
        self._held = np.zeros(self._before, np.float32)
        return found


class ToPcm:
    """Interleaved samples of some kind in, PCM as in `model` out."""

    def __init__(
        self,
        rate_hz: int,
        channels: int,
        chosen: tuple[int, ...] = (),
        kind: str = "<i2",
        *,
        gain_db: float = 0.0,
    ) -> None:
        """Of `chosen` channels, counted from 1, the mean is taken; of all where none is.

        `kind` is a numpy type, or `<i3` for 24 bits. It gets `gain_db` louder, up to the loudest.
        """
        self._gain = np.float32(10 ** (gain_db / 20))
        self._channels = channels
        self._chosen = [number - 1 for number in chosen]
        self._kind = kind
        self._resampler = None if rate_hz == SAMPLE_RATE_HZ else Resampler(rate_hz, SAMPLE_RATE_HZ)
        self._as_it_is = self._resampler is None and channels == 1 and kind == "<i2"
        self._as_it_is = self._as_it_is and gain_db == 0

    def convert(self, sound: bytes) -> bytes:
        """PCM of any length; `sound` is whole samples of all channels."""
        if self._as_it_is:
            return sound
        samples = _floats(sound, self._kind).reshape(-1, self._channels)
        if self._chosen:
            samples = samples[:, self._chosen]
        mono = samples.mean(axis=1) * self._gain
        return _int16(mono if self._resampler is None else self._resampler.convert(mono))


class FromPcm:
    """PCM as in `model` in, 16-bit samples for a device out, the same in each channel."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        """For a device of this form."""
        self._channels = channels
        self._resampler = None if rate_hz == SAMPLE_RATE_HZ else Resampler(SAMPLE_RATE_HZ, rate_hz)

    def convert(self, pcm: bytes) -> bytes:
        """Sound of about the same duration."""
        if self._resampler is None:
            return self._spread(pcm)
        return self._spread(_int16(self._resampler.convert(_floats(pcm, "<i2"))))

    def rest(self) -> bytes:
        """The end of what was converted so far; silence follows."""
        return b"" if self._resampler is None else self._spread(_int16(self._resampler.rest()))

    def _spread(self, pcm: bytes) -> bytes:
        if self._channels == 1:
            return pcm
        return np.frombuffer(pcm, "<i2").repeat(self._channels).tobytes()


def _floats(sound: bytes, kind: str) -> Samples:
    """In the scale of 16 bits."""
    if kind == "<i3":
        wide = np.zeros((len(sound) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(sound, np.uint8).reshape(-1, 3)
        return _floats(wide.tobytes(), "<i4")
    samples: NDArray[Any] = np.frombuffer(sound, kind)
    if samples.dtype.kind == "f":
        return (samples * 32768).astype(np.float32)
    if samples.dtype.kind == "u":  # 8 bits are the only ones that WAV files count from zero
        return (samples.astype(np.float32) - 128) * 256
    return samples.astype(np.float32) / 2.0 ** (8 * samples.dtype.itemsize - 16)


def _int16(samples: Samples) -> bytes:
    return np.rint(samples).clip(-32768, 32767).astype("<i2").tobytes()

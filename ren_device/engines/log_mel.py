"""Whisper's log-mel spectrogram of 8 s of sound, as smart-turn was trained on it.

The steps and constants are those of the model's makers (BSD-2, derived from Hugging Face's
Apache-2.0 code), in single precision: values differ by 0.00001.
"""

from functools import cache
from typing import TYPE_CHECKING

from ren_device.model import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW_S = 8
BANDS = 80
STEPS = 100 * WINDOW_S
_WINDOW = WINDOW_S * SAMPLE_RATE_HZ
_FFT = 400
_HOP = 160
_PIECE = 16  # steps multiplied at a time: with more, BLAS wakes its other threads, and they spin
_FLOOR = 1e-10
_RANGE = 8.0  # decades below the loudest that still count


def log_mel(samples: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """The last 8 s of `samples` (16 kHz, any length, zeros in front), as float32 of (80, 800)."""
    import numpy as np

    heard = samples[-_WINDOW:]
    sound = np.zeros(_WINDOW, np.float32)
    sound[_WINDOW - len(heard) :] = heard
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    sound = np.pad(sound, _FFT // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(sound, _FFT)[::_HOP][:STEPS]
    spectrum = np.fft.rfft(frames * _hann())
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    pieces = [power[at : at + _PIECE] @ _filters() for at in range(0, STEPS, _PIECE)]
    mel = np.log10(np.maximum(np.concatenate(pieces), _FLOOR))
    mel = np.maximum(mel, mel.max() - _RANGE)
    return np.ascontiguousarray((mel.T + 4) / 4, np.float32)


@cache
def _hann() -> "NDArray[np.float32]":
    import numpy as np

    return np.hanning(_FFT + 1)[:-1].astype(np.float32)


@cache
def _filters() -> "NDArray[np.float32]":
    """Slaney's triangles, each of the same area: (201 bins, 80 bands)."""
    import numpy as np

    edges = _hertz(np.linspace(0, _mel(SAMPLE_RATE_HZ / 2), BANDS + 2))
    bins = np.linspace(0, SAMPLE_RATE_HZ / 2, _FFT // 2 + 1)
    slopes = edges - bins[:, None]
    widths = np.diff(edges)
    triangles = np.maximum(0, np.minimum(-slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]))
    area = 2 / (edges[2:] - edges[:-2])
    return np.asarray(triangles * area, np.float32)


def _mel(hertz: float) -> float:
    """Slaney's scale above its linear part."""
    import math

    return 15 + math.log(hertz / 1000) * 27 / math.log(6.4)


def _hertz(mel: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Back from Slaney's scale: linear up to 1 kHz, logarithmic above."""
    import numpy as np

    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

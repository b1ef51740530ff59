"""Reads WAV files of any rate, any number of channels and any depth, for measuring."""

import wave
from pathlib import Path

from ren_device.errors import DeviceError
from ren_device.model import SAMPLE_RATE_HZ


def read_recording(path: Path) -> bytes:
    """The sound as PCM, its channels mixed. Blocks. Raises DeviceError."""
    import numpy as np
    import soxr

    try:
        with path.open("rb") as file, wave.open(file) as wav:
            width, channels, rate_hz = wav.getsampwidth(), wav.getnchannels(), wav.getframerate()
            raw = wav.readframes(wav.getnframes())
    except (wave.Error, EOFError) as error:
        raise DeviceError(f"{path} is not a PCM WAV file ({str(error) or 'too short'})") from None
    except OSError as error:
        raise DeviceError(f"{path} cannot be read: {error.strerror}") from None
    step = width * channels
    samples = np.frombuffer(raw[: len(raw) // step * step], np.uint8).reshape(-1, channels, width)
    if width == 1:  # the only depth without a sign
        levels = samples[:, :, 0].astype(np.float32) * 256 - 32768
    else:  # the two highest bytes
        levels = samples[:, :, -2:].copy().view("<i2")[:, :, 0].astype(np.float32)
    mixed = soxr.resample(levels.mean(axis=1), rate_hz, SAMPLE_RATE_HZ)
    return bytes(mixed.round().clip(-32768, 32767).astype("<i2").tobytes())

"""Spoken test sentences, by several synthetic voices that are not Ren's own, and noise."""

import io
import subprocess
import wave
from functools import cache
from typing import Literal

import numpy as np
import soxr

from ren_device.model import SAMPLE_RATE_HZ

Voice = Literal["flite-slt", "flite-rms", "flite-awb", "espeak-us", "espeak-gb", "festival-kal"]

_COMMANDS: dict[Voice, list[str]] = {
    "flite-slt": ["flite", "-voice", "slt", "-t", "{}", "-o", "/dev/stdout"],
    "flite-rms": ["flite", "-voice", "rms", "-t", "{}", "-o", "/dev/stdout"],
    "flite-awb": ["flite", "-voice", "awb", "-t", "{}", "-o", "/dev/stdout"],
    "espeak-us": ["espeak-ng", "-v", "en-us", "-s", "150", "--stdout", "{}"],
    "espeak-gb": ["espeak-ng", "-v", "en-gb+f2", "-s", "150", "--stdout", "{}"],
    "festival-kal": ["text2wave"],
}


@cache
def say(text: str, voice: Voice) -> bytes:
    """PCM as in ren_device.model, at about -20 dBFS, without silence around it."""
    command = [part.format(text) for part in _COMMANDS[voice]]
    made = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(made)) as wav:
        rate_hz = wav.getframerate()
    # Written to a pipe, the header's length is not to be trusted.
    sound = made[made.index(b"data") + 8 :]
    samples = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.float32)
    return _level(_trim(soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)))


def _trim(samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def _level(samples: np.ndarray) -> bytes:
    rms = float(np.sqrt(np.mean(samples**2)))
    return np.clip(samples * 3277 / rms, -32768, 32767).astype("<i2").tobytes()


def silence(duration_s: float) -> bytes:
    """PCM without a sound."""
    return bytes(2 * round(duration_s * SAMPLE_RATE_HZ))


def with_noise(pcm: bytes, snr_db: float, seed: int = 1) -> bytes:
    """The same over pink noise, `snr_db` below speech at the level that `say` makes."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(len(samples)))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
    noise = np.fft.irfft(spectrum, len(samples))
    noise *= 3277 / 10 ** (snr_db / 20) / np.sqrt(np.mean(noise**2))
    return np.clip(samples + noise, -32768, 32767).astype("<i2").tobytes()


def write_wav(path: object, pcm: bytes) -> None:
    """A WAV file that REN_MICROPHONE=wav: takes."""
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SAMPLE_RATE_HZ)
        wav.writeframes(pcm)


def read_wav(path: object) -> bytes:
    """The PCM of such a file."""
    with wave.open(str(path), "rb") as wav:
        return wav.readframes(wav.getnframes())

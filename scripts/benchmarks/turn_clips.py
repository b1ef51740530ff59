"""Sentences of a human voice and of synthetic ones, in one go and with a pause, in a quiet room."""

import gzip
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ren_device.model import SAMPLE_RATE_HZ
from ren_device.voice.endpointing import Opinion
from tests.voices import Voice, say

PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
TRANSCRIPTS = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
VOICES: tuple[Voice, ...] = ("flite-slt", "flite-rms", "espeak-us", "espeak-gb")
SENTENCES = (
    "Set a timer for | five minutes.",
    "Remind me to call | my mother tomorrow.",
    "Add milk and | bread to the shopping list.",
    "What is the weather like | in London?",
    "Wake me up at | half past seven.",
    "Turn off the lights | in the kitchen.",
    "Play some music | by the Beatles.",
    "How long does it take | to boil an egg?",
    "Put eggs on | the shopping list.",
    "What time is it | in Tokyo?",
    "Tell me a story about | a brave little dog.",
    "Please turn the volume | down a little.",
    "Cancel the timer | for the pasta.",
    "What is on | my calendar today?",
    "Can you explain | how a fridge works?",
    "Remember that my keys | are in the drawer.",
)
"""A bar where somebody who speaks might have to think."""
PAUSES_S = (0.4, 1.2)
BEFORE_S = 0.4
AFTER_S = 2.6
NOISE_RMS = 20.0  # of a sample's 32767: a quiet room


@dataclass(slots=True)
class Clip:
    """A sentence in its room, and where it pauses and ends."""

    name: str
    voice: str
    pcm: bytes
    end_s: float
    pause: tuple[float, float] | None = None
    probabilities: list[float] = field(default_factory=list)
    opinions: dict[int, Opinion] = field(default_factory=dict)
    """By how many chunks had been heard."""


def clips() -> list[Clip]:
    """Every other sentence, in one go and with a pause in it."""
    chance = random.Random(4)
    return [*_human(chance), *_synthetic(chance)]


def _human(chance: random.Random) -> Iterator[Clip]:
    for name in sorted(_sentences())[1::2]:
        pcm = _decoded(name)
        if pcm is None:
            continue
        samples = _trimmed(np.frombuffer(pcm, "<i2").astype(np.float32))
        if len(samples) > 7 * SAMPLE_RATE_HZ:
            continue
        yield _clip(name, "human", [samples], chance)
        at = _gap(samples)
        if at is not None:
            yield _clip(name, "human", [samples[:at], samples[at:]], chance)


def _synthetic(chance: random.Random) -> Iterator[Clip]:
    for voice in VOICES:
        for sentence in SENTENCES[1::2]:
            name = f"{voice}: {sentence}"
            whole = _samples(say(sentence.replace("| ", ""), voice))
            yield _clip(name, voice, [whole], chance)
            first, second = sentence.split(" | ")
            # A comma, so that the voice does not drop as at the end of a sentence.
            parts = [_samples(say(first + ",", voice)), _samples(say(second, voice))]
            yield _clip(name, voice, parts, chance)
            at = _gap(whole)
            if at is not None:
                yield _clip(name, voice, [whole[:at], whole[at:]], chance)


def _sentences() -> dict[str, str]:
    """Prompts of one whole sentence, by name."""
    found = {}
    with gzip.open(TRANSCRIPTS, "rt") as file:
        for line in file:
            name, _, text = line.strip().partition(": ")
            whole = text.endswith((".", "?")) and len(re.findall("[.?!]", text)) == 1
            if whole and "[" not in text and len(text.split()) >= 5:
                found[name] = text
    return found


def _decoded(name: str) -> bytes | None:
    path = PROMPTS / f"{name}.g722"
    if not path.is_file():
        return None
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", str(path), "-f", "s16le"]
    command += ["-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _samples(pcm: bytes) -> NDArray[np.float32]:
    return _trimmed(np.frombuffer(pcm, "<i2").astype(np.float32))


def _trimmed(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without silence around it, at about -20 dBFS."""
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    speech = samples[loud[0] : loud[-1] + 1]
    return speech * np.float32(3277 / np.sqrt(np.mean(speech**2)))


def _gap(samples: NDArray[np.float32]) -> int | None:
    """Where the voice is nearly silent for longest in the middle of the sentence, between words.

    None where that is under 40 ms, as inside a word.
    """
    step = SAMPLE_RATE_HZ // 100
    loudness = np.sqrt(
        np.mean(samples[: len(samples) // step * step].reshape(-1, step) ** 2, axis=1)
    )
    quiet = loudness < 0.06 * np.percentile(loudness, 90)
    best, best_length, begin = None, 4, None
    for at in range(int(len(quiet) * 0.2), int(len(quiet) * 0.8)):
        if not quiet[at]:
            begin = None
            continue
        begin = at if begin is None else begin
        if at + 1 - begin > best_length:
            best, best_length = (begin + at + 1) // 2, at + 1 - begin
    return None if best is None else best * step


def _clip(name: str, voice: str, parts: list[NDArray[np.float32]], chance: random.Random) -> Clip:
    pause_s = chance.uniform(*PAUSES_S)
    silence = np.zeros(round(pause_s * SAMPLE_RATE_HZ), np.float32)
    speech = parts[0] if len(parts) == 1 else np.concatenate([parts[0], silence, parts[1]])
    before = round(BEFORE_S * SAMPLE_RATE_HZ)
    sound = np.random.default_rng(len(name)).normal(
        0, NOISE_RMS, before + len(speech) + round(AFTER_S * SAMPLE_RATE_HZ)
    )
    sound[before : before + len(speech)] += speech
    pcm = np.clip(sound, -32768, 32767).astype("<i2").tobytes()
    pause_at = BEFORE_S + len(parts[0]) / SAMPLE_RATE_HZ
    return Clip(
        name,
        voice,
        pcm,
        (before + len(speech)) / SAMPLE_RATE_HZ,
        None if len(parts) == 1 else (pause_at, pause_at + pause_s),
    )

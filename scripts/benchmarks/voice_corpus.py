"""What is said to the speaker in the voice benchmark: who says it, over what, and with what pauses.

Human sentences are Asterisk's prompts (a woman's voice, recorded for telephones); the others are
three families of synthetic voices. None is Ren's own.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ren_device.model import SAMPLE_RATE_HZ
from tests.voices import Voice, say, silence, with_noise

PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
LEAD_IN_S = 3.0
ROOM_DB = 45.0
"""A quiet room is so far below the speech."""
BEDS = (("noise", 15.0), ("noise", 10.0), ("music", 15.0), ("music", 10.0))

_WAKE: tuple[Voice, ...] = ("flite-slt", "flite-rms")
_AFTER_WAKE_S = (0.15, 0.6)  # in one breath, and not
_RMS = 3277.0  # as tests.voices says everything
_PAUSES_S = tuple(round(0.4 + 0.1 * step, 1) for step in range(9))

HUMAN = {
    "all-circuits-busy-now": "All circuits are busy now.",
    "check-number-dial-again": "Please check the number and dial again.",
    "conf-getpin": "Please enter the conference pin number.",
    "demo-echodone": "The echo test has been completed.",
    "enter-num-blacklist": "Please enter the number to be blacklisted.",
    "feature-not-avail-line": "That feature is not available on this line.",
    "conf-invalid": "That is not a valid conference number. Please try again.",
    "privacy-prompt": "Please enter your phone number, starting with the area code.",
    "something-terribly-wrong": "Something is terribly wrong!",
    "tt-monkeysintro": "They have been carried away by monkeys.",
    "vm-dialout": "Please wait while I connect your call.",
}
SYNTHETIC: tuple[tuple[Voice, str], ...] = (
    ("flite-slt", "What is the capital of Portugal?"),
    ("flite-slt", "Tell me something about black holes."),
    ("flite-slt", "How do I get rid of a coffee stain?"),
    ("flite-rms", "How far away is the moon?"),
    ("flite-rms", "Which birds can be seen in winter?"),
    ("flite-rms", "Can I freeze boiled potatoes?"),
    ("flite-awb", "How long does it take to boil an egg?"),
    ("flite-awb", "Tell me a short story about a dog."),
    ("flite-awb", "What is the weather like in London?"),
    ("espeak-us", "How tall is the Eiffel tower?"),
    ("espeak-us", "Is it safe to eat raw mushrooms?"),
    ("espeak-gb", "Which planet is the largest?"),
    ("espeak-gb", "How many people live in Canada?"),
    ("festival-kal", "Why is the sky blue in the morning?"),
    ("festival-kal", "What is the best time to plant trees?"),
)
HESITANT = (
    "What is the weather | going to be like tomorrow?",
    "Can you tell me | how a fridge works?",
    "How long do I have | to boil an egg?",
    "Which is the fastest way | to learn to swim?",
    "I would like to know | who wrote this song.",
    "Tell me a story | about a brave little dog.",
    "What is the difference | between a crow and a raven?",
    "How do I get | red wine out of a white shirt?",
)
HESITANT_VOICES: tuple[Voice, ...] = ("flite-slt", "flite-rms", "espeak-us")
HESITANT_HUMAN = (
    "check-number-dial-again",
    "conf-getpin",
    "enter-num-blacklist",
    "feature-not-avail-line",
    "conf-invalid",
    "privacy-prompt",
    "tt-monkeysintro",
    "vm-dialout",
)


@dataclass(frozen=True, slots=True)
class Clip:
    """Something that is said. `pause` is where it is interrupted, in samples, and for how long."""

    voice: str
    text: str
    pcm: bytes
    pause_s: float = 0.0
    before_pause: bytes = b""

    @property
    def human(self) -> bool:
        """Whether a person said it."""
        return self.voice == "human"


@dataclass(frozen=True, slots=True)
class Asked:
    """A clip in a recording, in samples from its beginning."""

    clip: Clip
    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Recording:
    """What the microphone hears, and what is in it."""

    name: str
    pcm: bytes
    asked: tuple[Asked, ...]

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return len(self.pcm) / 2 / SAMPLE_RATE_HZ


def questions(every: int = 1) -> list[Clip]:
    """Every sentence in one go, or each of so many."""
    clips = [Clip("human", text, human(name)) for name, text in HUMAN.items()]
    clips += [Clip(voice, text, say(text, voice)) for voice, text in SYNTHETIC]
    return clips[::every]


def hesitations(every: int = 1) -> list[Clip]:
    """Sentences with a pause in them, 0.4 to 1.2 s in turn."""
    halves = [("human", HUMAN[name], human(name), 0.5) for name in HESITANT_HUMAN]
    for sentence in HESITANT:
        before, _, after = sentence.partition(" | ")
        for voice in HESITANT_VOICES:
            first, second = len(say(before, voice)), len(say(after, voice))
            text = f"{before} {after}"
            halves.append((voice, text, say(text, voice), first / (first + second)))
    return [
        _interrupted(*half, pause_s=_PAUSES_S[(number + number // 9) % 9])
        for number, half in enumerate(halves)
    ][::every]


def record(
    name: str, clips: Sequence[Clip], answer_s: float, bed: tuple[str, float] | None = None
) -> Recording:
    """Each clip after a wake word, with time for the answer, over a quiet room or over a bed."""
    pcm = bytearray(silence(LEAD_IN_S))
    asked = []
    for number, clip in enumerate(clips):
        pcm += say("Hey Jarvis", _WAKE[number % len(_WAKE)])
        pcm += silence(_AFTER_WAKE_S[number // 2 % len(_AFTER_WAKE_S)])
        begins = len(pcm) // 2
        pcm += clip.pcm
        asked.append(Asked(clip, begins, len(pcm) // 2))
        pcm += silence(answer_s)
    kind, below_db = bed or ("noise", ROOM_DB)
    heard = with_noise(bytes(pcm), below_db) if kind == "noise" else with_music(pcm, below_db)
    return Recording(name, heard, tuple(asked))


def with_music(pcm: bytes | bytearray, below_db: float) -> bytes:
    """The same over a band: four chords that go round, a bass and a drum, so far below speech."""
    samples = np.frombuffer(bytes(pcm), "<i2").astype(np.float32)
    bed = np.resize(_music(), len(samples))
    bed *= _RMS / 10 ** (below_db / 20)
    mixed: bytes = np.clip(samples + bed, -32768, 32767).astype("<i2").tobytes()
    return mixed


@cache
def human(name: str) -> bytes:
    """One of Asterisk's prompts, as loud as all voices here, without silence around it."""
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", str(PROMPTS / f"{name}.g722")]
    command += ["-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-f", "s16le", "-"]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    samples = np.frombuffer(made, "<i2").astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > 0.02 * np.abs(samples).max())
    samples = samples[loud[0] : loud[-1] + 1]
    samples *= _RMS / np.sqrt(np.mean(samples**2))
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()


def _interrupted(voice: str, text: str, pcm: bytes, about: float, pause_s: float) -> Clip:
    """Pause where the sound is softest, near that part of the sentence."""
    samples = np.frombuffer(pcm, "<i2")
    width = SAMPLE_RATE_HZ // 25
    power = np.convolve(samples.astype(np.float64) ** 2, np.ones(width), "same")
    centre, reach = round(about * len(samples)), SAMPLE_RATE_HZ // 5
    first = max(width, centre - reach)
    at = first + int(np.argmin(power[first : centre + reach]))
    before, after = pcm[: 2 * at], pcm[2 * at :]
    return Clip(voice, text, before + silence(pause_s) + after, pause_s, before)


@cache
def _music() -> NDArray[np.float32]:
    """16 s at RMS 1."""
    beat_s, chance = 0.5, np.random.default_rng(7)
    chords = ((0, 4, 7), (-3, 0, 4), (5, 9, 12), (7, 11, 14))
    bars = []
    for bar in range(8):
        time = np.arange(round(4 * beat_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
        fade = np.exp(-2.0 * (time % (2 * beat_s)))
        sound = np.zeros(len(time))
        for note in chords[bar % 4]:
            pitch_hz = 261.6 * 2 ** (note / 12)
            for harmonic in range(1, 6):
                sound += fade * np.sin(2 * np.pi * harmonic * pitch_hz * time) / harmonic
        bass_hz = 65.4 * 2 ** (chords[bar % 4][0] / 12)
        sound += 1.5 * np.sin(2 * np.pi * bass_hz * time) * np.exp(-3 * (time % beat_s))
        drum = chance.standard_normal(len(time)) * np.exp(-40 * ((time + beat_s) % (2 * beat_s)))
        bars.append(sound + 1.5 * drum)
    whole = np.concatenate(bars)
    loudness: NDArray[np.float32] = (whole / np.sqrt(np.mean(whole**2))).astype(np.float32)
    return loudness

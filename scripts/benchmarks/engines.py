"""Each engine by itself: how long it takes to load, and how fast it is against real time."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ren_device import choice
from ren_device.model import FRAME_BYTES, duration_s
from ren_device.ports import SpeechToText, TextToSpeech
from ren_device.settings import Settings
from scripts.benchmarks.figures import median, p95, resident_mb, table
from tests.voices import say, with_noise

SENTENCES = (
    "Set a timer for five minutes.",
    "What time is it?",
    "Add milk, eggs and bread to the shopping list.",
    "Wake me up at half past seven tomorrow morning.",
    "Turn the volume up a little, please.",
)
VOICES = ("flite-slt", "flite-rms", "espeak-us")
REPLIES = (
    "Okay,",
    "Five minutes, starting now.",
    "I have added milk, eggs and bread to it.",
    "The alarm is set for half past seven tomorrow, and I will say good morning.",
)
ROUNDS = 5
T = TypeVar("T")


def run() -> str:
    """Measure; returns Markdown."""
    settings = Settings()
    rows: list[tuple[object, ...]] = []

    def load(name: str, how: Callable[[], T]) -> T:
        before_mb, began = resident_mb(_pid()), time.perf_counter()
        engine = how()
        took = time.perf_counter() - began
        loads[name] = f"{took:.2f} s", f"{resident_mb(_pid()) - before_mb:+.0f} MB"
        return engine

    loads: dict[str, tuple[str, str]] = {}
    wake = load("wake words (both engines)", lambda: choice.load_wake_word(settings))
    vad = load("VAD (Silero)", lambda: choice.load_vad()())
    echo = load("echo canceller (WebRTC)", choice.load_echo_canceller)
    stt = load("speech to text (Moonshine)", lambda: choice.load_stt(settings))
    tts = load("text to speech (Piper)", lambda: choice.load_tts(settings))
    load("offline intents (hassil)", choice.load_intents)

    speech = with_noise(b"".join(say(s, "flite-slt") for s in SENTENCES), 20)
    real_time = {
        "wake words (both engines)": _frames(speech, FRAME_BYTES, wake.process),
        "VAD (Silero)": _frames(speech, vad.chunk_bytes, vad.process),
        "echo canceller (WebRTC)": _frames(
            speech, FRAME_BYTES, lambda near: echo.process(near, b"")
        ),
    }
    for name, (took, grew) in loads.items():
        factors = real_time.get(name)
        shown = f"{median(factors):.4f}" if factors else "see below"
        rows.append((name, took, grew, shown if name != "offline intents (hassil)" else "-"))
    parts = [
        "Loading, in this order in one process, files in the page cache:",
        table(("engine", "load", "memory", "real-time factor"), rows),
        "From the end of speech to the transcript, all sound fed before:",
        asyncio.run(_recognise(stt)),
        "From text to its first sound, and the whole against real time:",
        asyncio.run(_speak(tts)),
    ]
    return "\n\n".join(parts)


def _pid() -> int:
    return int(Path("/proc/self").resolve().name)


def _frames(pcm: bytes, size: int, process: Callable[[bytes], object]) -> list[float]:
    factors = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for start in range(0, len(pcm) - size + 1, size):
            process(pcm[start : start + size])
        factors.append((time.perf_counter() - began) / duration_s(pcm))
    return factors


async def _recognise(stt: SpeechToText) -> str:
    rows = []
    for voice in VOICES:
        took = []
        lengths = []
        for sentence in SENTENCES:
            pcm = say(sentence, voice)
            for _ in range(ROUNDS):
                recognition = stt.start()
                recognition.feed(pcm)
                began = time.perf_counter()
                await recognition.interim()
                took.append(time.perf_counter() - began)
                lengths.append(duration_s(pcm))
                await recognition.close()
        factor = sum(took) / sum(lengths)
        rows.append(
            (voice, f"{median(took) * 1000:.0f} ms", f"{p95(took) * 1000:.0f} ms", f"{factor:.3f}")
        )
    return table(("voice", "median", "95th percentile", "real-time factor"), rows)


async def _speak(tts: TextToSpeech) -> str:
    rows = []
    for reply in REPLIES:
        first, factors = [], []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            made = 0.0
            async for pcm in tts.speak(reply):
                if not made:
                    first.append(time.perf_counter() - began)
                made += duration_s(pcm)
            factors.append((time.perf_counter() - began) / made)
        rows.append(
            (
                f"{len(reply)} characters",
                f"{median(first) * 1000:.0f} ms",
                f"{p95(first) * 1000:.0f} ms",
                f"{median(factors):.3f}",
            )
        )
    return table(("text", "median", "95th percentile", "real-time factor"), rows)

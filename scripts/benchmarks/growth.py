"""Hours of a living room, as fast as they go, through every engine: does the memory grow?

    python -m scripts.benchmarks.growth [HOURS]

Each minute has talk, music and quiet. The wake words hear all of it. Once a minute somebody asks
something: the voice detector, the echo canceller and the recogniser hear it, the end-of-turn model
is asked, and an answer of another length is made each time, with its echo in the microphone.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import islice

from ren_device import allocator, choice
from ren_device.model import FRAME_BYTES, duration_s
from ren_device.ports import (
    EchoCanceller,
    SpeechToText,
    TextToSpeech,
    TurnDetector,
    VoiceActivity,
    WakeWord,
)
from ren_device.settings import Settings
from scripts.benchmarks.figures import proportional_mb, table
from scripts.benchmarks.voice_corpus import Clip, questions, with_music
from tests.voices import say, silence, with_noise

HOURS = 8
_BLOCK = 8 * FRAME_BYTES  # as the listener takes it
_WORDS = "The weather will stay dry and rather warm until the evening, with a light wind.".split()


@dataclass
class Household:
    """All engines, and how often each was used."""

    wake_word: WakeWord
    vad: VoiceActivity
    echo: EchoCanceller
    stt: SpeechToText
    detector: TurnDetector | None
    tts: TextToSpeech
    woken: int = 0
    understood: int = 0
    spoken_s: float = 0.0

    @classmethod
    def load(cls) -> "Household":
        """As the settings choose them by default."""
        settings = Settings()
        return cls(
            choice.load_wake_word(settings),
            choice.load_vad()(),
            choice.load_echo_canceller(),
            choice.load_stt(settings),
            choice.load_turn_detector(settings),
            choice.load_tts(settings),
        )

    async def live(self, room: bytes, clip: Clip, words: int) -> None:
        """A minute of the room with a question in it."""
        self._listen(room)
        self._listen(say("Hey Jarvis", "flite-slt"))
        self._attend(clip.pcm, b"")
        recognition = self.stt.start()
        recognition.feed(clip.pcm)
        self.understood += bool(await recognition.interim())
        await recognition.close()
        if self.detector is not None:
            await self.detector.probability(clip.pcm)
        async with aclosing(self.tts.speak(" ".join(_WORDS[:words]))) as speech:
            async for pcm in speech:
                self.spoken_s += duration_s(pcm)
                whole = pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES]
                self._attend(whole, whole)

    def _listen(self, pcm: bytes) -> None:
        for at in range(0, len(pcm) - _BLOCK + 1, _BLOCK):
            self.woken += self.wake_word.process(pcm[at : at + _BLOCK]) is not None
        self.wake_word.scores()

    def _attend(self, near: bytes, far: bytes) -> None:
        self.vad.reset()
        size = self.vad.chunk_bytes
        for at in range(0, len(near) - FRAME_BYTES + 1, FRAME_BYTES):
            self.echo.process(near[at : at + FRAME_BYTES], far[at : at + FRAME_BYTES])
        for at in range(0, len(near) - size + 1, size):
            self.vad.process(near[at : at + size])


def run(hours: int = HOURS) -> str:
    """Measure; returns Markdown."""
    return asyncio.run(_run(hours))


async def _run(hours: int) -> str:
    allocator.tune()
    home = Household.load()
    clips = questions()
    rooms = list(islice(_rooms(clips), len(clips)))
    began = time.perf_counter()
    rows = [_row("loaded", began)]
    for minute in range(60 * hours):
        room, clip = rooms[minute % len(rooms)], clips[minute % len(clips)]
        await home.live(room, clip, 1 + minute % len(_WORDS))
        if minute in (0, 9) or minute % 60 == 59:
            rows.append(_row(f"{minute + 1} min", began))
    used = (
        f"{hours} hours in {time.perf_counter() - began:.0f} s: woken {home.woken} times, "
        f"{home.understood} questions understood, {home.spoken_s:.0f} s spoken."
    )
    return f"{used}\n\n{table(('after', 'resident', 'PSS', 'it took'), rows)}"


def _rooms(clips: list[Clip]) -> Iterator[bytes]:
    """Minutes: talk over a quiet room, then music, then quiet."""
    for number in range(len(clips)):
        talk = b"".join(clip.pcm for clip in clips[number:][:6])
        music = with_music(silence(10), 20.0)
        quiet = silence(60 - duration_s(talk) - 10)
        yield with_noise(talk + music + quiet, 45.0, seed=number)


def _row(after: str, began: float) -> tuple[str, ...]:
    resident, proportional = proportional_mb(os.getpid())
    took = time.perf_counter() - began
    return after, f"{resident:.1f} MB", f"{proportional:.1f} MB", f"{took:.0f} s"


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else HOURS))

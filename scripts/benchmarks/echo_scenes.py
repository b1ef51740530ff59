"""What is said in the simulated rooms of the echo benchmark, by Ren and over Ren."""

import asyncio
import math
import subprocess
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ren_device import choice
from ren_device.engines.simulated_room import Acoustics, SimulatedRoom
from ren_device.model import FRAME_BYTES, SAMPLE_RATE_HZ, duration_s
from ren_device.ports import VoiceActivity
from ren_device.settings import Settings
from tests.virtual_time import run as in_virtual_time
from tests.voices import Voice, say

REN_DBFS = -20.0
PERSON_DBFS = -26.0
ANSWERS = (
    "It is a quarter past nine, and your timer for the eggs has four minutes left to go.",
    "Tomorrow it will rain in the morning. The afternoon will be dry and sunny, with some wind.",
    "The shopping list has milk, eggs, bread, butter, and a bottle of red wine on it.",
    "A fridge works by moving heat. A liquid takes it up inside, and gives it away outside.",
)
PROMPTS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
HUMAN = {
    "agent-loginok": "agent logged in",
    "all-circuits-busy-now": "all circuits are busy now",
    "check-number-dial-again": "please check the number and dial again",
    "conf-full": "that conference is full",
    "conf-invalidpin": "that pin is invalid for this conference",
    "demo-echodone": "the echo test has been completed",
    "do-not-disturb": "do not disturb",
    "feature-not-avail-line": "that feature is not available on this line",
    "one-moment-please": "one moment please",
    "please-try-again": "please try again",
    "pls-hold-while-try": "please hold while we try to connect you",
    "pm-invalid-option": "that option is invalid please try again",
}
"""Short prompts by a human voice, and what they say."""
COMMANDS: dict[str, Voice] = {
    "stop the timer": "flite-rms",
    "what time is it": "flite-slt",
    "set a timer for ten minutes": "espeak-us",
    "turn off the lights in the kitchen": "flite-awb",
}
WAKES: tuple[Voice, ...] = (
    "flite-slt", "flite-rms", "flite-awb", "espeak-us", "espeak-gb", "festival-kal",
)  # fmt: skip
PHRASE = "hey jarvis"
THRESHOLD = 0.5
START_S = 0.064
EVERY_S = 5.0  # somebody says something over Ren
FIRST_S = 4.0  # and this long after it began


@dataclass(frozen=True)
class Said:
    """Something that a person said, where on the recording, in seconds."""

    text: str
    begin_s: float
    end_s: float


def offset(at_s: float) -> int:
    """In PCM, in bytes."""
    return round(at_s * SAMPLE_RATE_HZ) * 2


def _level(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    return float(10 * np.log10(np.mean(samples**2) + 1e-3))


# --- what is said --------------------------------------------------------------------------------


def spoken_by_ren() -> list[bytes]:
    """The answers in Ren's voice, as whole frames."""
    tts = choice.load_tts(Settings())

    async def speak() -> list[bytes]:
        made = []
        for text in ANSWERS:
            async with aclosing(tts.speak(text)) as parts:
                made.append(b"".join([part async for part in parts]))
        await tts.close()
        return made

    made = asyncio.run(speak())
    gain = 10 ** ((REN_DBFS + 90.3 - _level(b"".join(made))) / 20)
    scaled = [np.frombuffer(pcm, "<i2").astype(np.float64) * gain for pcm in made]
    return [_whole(np.clip(each, -32768, 32767).astype("<i2").tobytes()) for each in scaled]


def _whole(pcm: bytes) -> bytes:
    return pcm[: len(pcm) - len(pcm) % FRAME_BYTES]


@cache
def _human(name: str) -> bytes:
    made = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", PROMPTS / f"{name}.g722", "-ac", "1", "-ar", "16000",
         "-f", "s16le", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    samples = np.frombuffer(made, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(int)) > 0.02 * np.abs(samples.astype(int)).max())
    return samples[loud[0] : loud[-1] + 1].tobytes()


@cache
def utterances() -> tuple[tuple[str, bytes], ...]:
    """What people say, with its words."""
    human = [(text, _human(name)) for name, text in HUMAN.items()]
    return tuple(human + [(text, say(text, voice)) for text, voice in COMMANDS.items()])


@cache
def wakes() -> tuple[tuple[str, bytes], ...]:
    """The wake word by several voices."""
    return tuple(
        (PHRASE, say(words, voice))
        for words in (PHRASE, f"{PHRASE}, what time is it")
        for voice in WAKES
    )


# --- scenes --------------------------------------------------------------------------------------


class Stage:
    """A room, Ren's voice in it, and what is recorded of both."""

    def __init__(self, acoustics: Acoustics, answers: list[bytes]) -> None:
        """Needs a running event loop."""
        self.room = SimulatedRoom(acoustics)
        self.answers = answers
        self.spans: list[tuple[float, float]] = []  # in which Ren is heard
        self.said: list[Said] = []
        self.interrupted = asyncio.Event()

    def person(self, text: str, pcm: bytes, at_s: float) -> Said:
        """Somebody says this then."""
        said = Said(text, at_s, self.room.say(pcm, at_s, PERSON_DBFS))
        self.said.append(said)
        return said

    async def answer(self, number: int) -> None:
        """Ren says all of it."""
        began_s = self.room.now_s() + self.room.acoustics.delay_s
        pcm = self.answers[number % len(self.answers)]
        for at in range(0, len(pcm), FRAME_BYTES):
            await self.room.speaker.write(pcm[at : at + FRAME_BYTES])
        await self.room.speaker.drain()
        self.spans.append((began_s, self.room.now_s()))

    async def wait_until(self, at_s: float) -> None:
        """On the room's time line."""
        await asyncio.sleep(at_s - self.room.now_s())


Scene = Callable[[Stage], Coroutine[Any, Any, None]]


async def alone(stage: Stage) -> None:
    """Ren speaks, with pauses."""
    for number in range(2 * len(stage.answers)):
        await asyncio.sleep(1.5)
        await stage.answer(number)


def over(what: tuple[tuple[str, bytes], ...], *, ren: bool = True) -> Scene:
    """People speak, and Ren does not mind."""

    async def scene(stage: Stage) -> None:
        at_s = FIRST_S
        for text, pcm in what:
            at_s = max(at_s + EVERY_S, stage.person(text, pcm, at_s).end_s + 2)
        number = 0
        while ren and stage.room.now_s() < at_s:
            await stage.answer(number)
            number += 1
        await stage.wait_until(max(at_s, stage.room.now_s()))

    return scene


async def interrupting(stage: Stage) -> None:
    """People speak over an answer, and Ren falls silent when it notices; then comes the next."""
    for number, (text, pcm) in enumerate(utterances()):
        await asyncio.sleep(1)
        speaking = asyncio.create_task(stage.answer(number))
        await asyncio.sleep(2.5)
        said = stage.person(text, pcm, stage.room.now_s())
        stage.interrupted.clear()
        waiting = asyncio.create_task(stage.interrupted.wait())
        await asyncio.wait({waiting, speaking}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        speaking.cancel()
        await asyncio.wait({waiting, speaking})
        await stage.room.speaker.flush()
        await stage.wait_until(max(said.end_s + 1, stage.room.now_s()))


def record(acoustics: Acoustics, answers: list[bytes], vad: VoiceActivity, scene: Scene) -> "Take":
    """Run a scene in virtual time, with a canceller of its own."""
    canceller = choice.load_echo_canceller()

    async def listen() -> Take:
        stage = Stage(acoustics, answers)
        ear = Ear(vad)
        near, cleaned = bytearray(), bytearray()
        await stage.room.speaker.start()
        task = asyncio.create_task(scene(stage))
        async with aclosing(stage.room.microphone.blocks()) as blocks:
            async for heard in blocks:
                near += heard
                left = canceller.process(heard, stage.room.speaker.take_played())
                cleaned += left
                if ear.hears(left):
                    stage.interrupted.set()
                if task.done():
                    break
        await task
        return Take(bytes(near), bytes(cleaned), stage.spans, stage.said, ear.noticed_s)

    return in_virtual_time(listen())


class Ear:
    """Notices speech as Ren does while it speaks: START_S of it at THRESHOLD."""

    def __init__(self, vad: VoiceActivity) -> None:
        vad.reset()
        self.noticed_s: list[float] = []
        self._vad = vad
        self._rest = b""
        self._heard_s = self._speech_s = 0.0

    def hears(self, pcm: bytes) -> bool:
        """Whether somebody began to speak."""
        began = False
        self._rest += pcm
        size = self._vad.chunk_bytes
        while len(self._rest) >= size:
            chunk, self._rest = self._rest[:size], self._rest[size:]
            self._heard_s += duration_s(chunk)
            before_s = self._speech_s
            spoken = self._vad.process(chunk) >= THRESHOLD
            self._speech_s = before_s + duration_s(chunk) if spoken else 0.0
            if before_s < START_S <= self._speech_s:
                self.noticed_s.append(self._heard_s)
                began = True
        return began


@dataclass(frozen=True)
class Take:
    """What a microphone heard, what was left of it, and when somebody was noticed."""

    near: bytes
    cleaned: bytes
    spans: list[tuple[float, float]]
    said: list[Said]
    noticed_s: list[float]

    def removed_db(self, begin_s: float, end_s: float) -> float:
        """Echo return loss enhancement (ERLE)."""
        part = slice(offset(begin_s), offset(end_s))
        return _level(self.near[part]) - _level(self.cleaned[part])

    def delays_s(self) -> list[float]:
        """From each utterance's beginning until it was noticed; infinite where it was not."""
        return [
            min((at - said.begin_s for at in self.noticed_s if said.begin_s < at < said.end_s),
                default=math.inf)
            for said in self.said
        ]  # fmt: skip

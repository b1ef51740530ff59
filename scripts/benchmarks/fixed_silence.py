"""The same engines in the plain way of home assistants, for comparison.

0.7 s of silence end an utterance; then all of it is recognised, the model's whole reply is awaited,
and all of it is made into speech before the first sample is played. The wake word is taken to be
found at once and without fail, and listening to cost nothing.
"""

import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from ren_device import choice
from ren_device.engines.claude import ClaudeMind
from ren_device.model import (
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    Message,
    MindRequest,
    Text,
    TextDelta,
    duration_s,
)
from ren_device.ports import Mind, SpeechToText, TextToSpeech, VoiceActivity
from ren_device.settings import Settings
from scripts.benchmarks.voice_corpus import Asked, Recording
from tests.messages_server import MessagesServer

SILENCE_S = 0.7
_SPEECH = 0.5


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a question; the delay is in seconds after its last sample."""

    asked: Asked
    words: str
    cut_off: bool
    delay_s: float


class FixedSilence:
    """A voice assistant that does one thing after the other."""

    def __init__(
        self, vad: VoiceActivity, stt: SpeechToText, mind: Mind, tts: TextToSpeech
    ) -> None:
        """The engines as the settings choose them."""
        self._vad = vad
        self._stt = stt
        self._mind = mind
        self._tts = tts

    async def answer(self, asked: Asked, pcm: bytes) -> Answered:
        """`pcm` is what is heard from the question's beginning on."""
        heard = until_silence(self._vad, pcm)
        began = time.perf_counter()
        recognition = self._stt.start()
        recognition.feed(heard)
        words = await recognition.interim()
        await recognition.close()
        if words:
            await self._speech(await self._reply(words))
        waited_s = duration_s(heard) - (asked.ends - asked.begins) / SAMPLE_RATE_HZ
        delay_s = waited_s + time.perf_counter() - began
        return Answered(asked, words, cut_off=waited_s < 0, delay_s=delay_s)

    async def _reply(self, words: str) -> str:
        request = MindRequest(
            model="claude-haiku-4-5-20251001",
            system="You are a voice assistant.",
            messages=(Message("user", (Text(words),)),),
            tools=(),
            spoken=True,
        )
        async with aclosing(self._mind.step(request)) as parts:
            return "".join([part.text async for part in parts if isinstance(part, TextDelta)])

    async def _speech(self, reply: str) -> bytes:
        async with aclosing(self._tts.speak(reply)) as speech:
            return b"".join([pcm async for pcm in speech])


def until_silence(vad: VoiceActivity, pcm: bytes) -> bytes:
    """The sound up to the moment at which the person seems to have finished."""
    vad.reset()
    size = vad.chunk_bytes
    begun, silent = False, 0
    for at in range(0, len(pcm) - size + 1, size):
        speech = vad.process(pcm[at : at + size]) > _SPEECH
        begun = begun or speech
        silent = 0 if speech else silent + size
        if begun and silent >= SILENCE_S * SAMPLE_RATE_HZ * SAMPLE_BYTES:
            return pcm[: at + size]
    return pcm


def cut_off(recording: Recording) -> list[tuple[Asked, bool]]:
    """Every question of this recording, and whether it was taken to be over before its end."""
    vad = choice.load_vad()()
    heard = ((asked, until_silence(vad, _from(recording, asked))) for asked in recording.asked)
    return [(asked, len(pcm) // SAMPLE_BYTES < asked.ends - asked.begins) for asked, pcm in heard]


def _from(recording: Recording, asked: Asked) -> bytes:
    """What is heard from the question's beginning on."""
    until = asked.ends + 3 * SAMPLE_RATE_HZ
    return recording.pcm[asked.begins * SAMPLE_BYTES : until * SAMPLE_BYTES]


async def answer_all(recordings: Sequence[Recording], server: MessagesServer) -> list[Answered]:
    """Every question of these recordings, without the wake words, in order."""
    settings = Settings()
    vad = choice.load_vad()()
    stt, tts = choice.load_stt(settings), choice.load_tts(settings)
    mind = ClaudeMind(server.key, server.url)
    try:
        await mind.prewarm()
        assistant = FixedSilence(vad, stt, mind, tts)
        return [
            await assistant.answer(asked, _from(recording, asked))
            for recording in recordings
            for asked in recording.asked
        ]
    finally:
        await mind.close()
        await stt.close()
        await tts.close()

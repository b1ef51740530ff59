"""One utterance: from speech to its transcript, which is made while the person still speaks."""

import asyncio

from ren_device.model import FRAME_BYTES, SAMPLE_BYTES, SAMPLE_RATE_HZ, duration_s
from ren_device.ports import Recognition, SpeechToText, VoiceActivity
from ren_device.voice.endpointing import Endpointer, EndpointingPolicy, Signal
from ren_device.voice.words import sounds_complete, without_wake_phrase

_ONE_BREATH_S = 0.35  # speech this soon after listening began is the same breath as the pre-roll
_LEAD_IN_BYTES = 40 * FRAME_BYTES  # sound before the first speech that the recogniser gets
_PERHAPS = 0.3  # a client that says "end" is believed with less certainty than the VAD wants


class Utterance:
    """Feed it sound until it has `ended` or `nobody_spoke`."""

    def __init__(
        self,
        stt: SpeechToText,
        vad: VoiceActivity,
        policy: EndpointingPolicy,
        pre_roll: bytes,
        wake_phrases: tuple[str, ...],
    ) -> None:
        """`pre_roll` is the sound just before, used if the person did not pause."""
        self._stt = stt
        self._vad = vad
        self._policy = policy
        self._endpointer = self._new_endpointer()
        self._pre_roll = pre_roll
        self._wake_phrases = wake_phrases
        self._chunk = bytearray()
        self._before = bytearray()
        self._heard_s = 0.0
        self._likeliest = 0.0
        self._recognition: Recognition | None = None
        self._interim: asyncio.Task[str] | None = None
        self._forgotten: list[asyncio.Task[str]] = []
        self.ended = False
        self.nobody_spoke = False

    @property
    def started(self) -> bool:
        """Whether speech was heard."""
        return self._endpointer.started

    @property
    def perhaps_speech(self) -> bool:
        """Whether there was anything at all that might be speech."""
        return self.started or self._likeliest >= _PERHAPS

    @property
    def silence_s(self) -> float:
        """Silence since the last speech."""
        return self._endpointer.silence_s

    def feed(self, pcm: bytes) -> bytes:
        """More sound; returns what came after the utterance's end, else nothing."""
        size = self._vad.chunk_bytes
        self._chunk += pcm
        while len(self._chunk) >= size and not (self.ended or self.nobody_spoke):
            chunk = bytes(self._chunk[:size])
            del self._chunk[:size]
            self._hear(chunk)
        if self.ended or self.nobody_spoke:
            rest = bytes(self._chunk)
            self._chunk.clear()
            return rest
        return b""

    async def transcript(self) -> str:
        """The words of the whole utterance, without a wake phrase. Raises EngineError."""
        recognition = self._recognition or self._recognise(bytes(self._before))
        if self._chunk:
            recognition.feed(bytes(self._chunk))
            self._chunk.clear()
        if self._interim is None:
            text = await recognition.interim()
        else:
            text = await self._interim
        return without_wake_phrase(text, self._wake_phrases)

    async def close(self) -> None:
        """Stop all work on it."""
        self._forget_interim()
        recognition, self._recognition = self._recognition, None
        if recognition is not None:
            await recognition.close()
        await asyncio.gather(*self._forgotten, return_exceptions=True)

    def _new_endpointer(self) -> Endpointer:
        return Endpointer(self._policy, self._vad.chunk_bytes / (SAMPLE_RATE_HZ * SAMPLE_BYTES))

    def _hear(self, chunk: bytes) -> None:
        self._heard_s += duration_s(chunk)
        probability = self._vad.process(chunk)
        self._likeliest = max(self._likeliest, probability)
        signal = self._endpointer.feed(probability)
        if self._recognition is not None:
            self._recognition.feed(chunk)
        else:
            self._before += chunk
        match signal:
            case Signal.STARTED:
                self._recognise(self._opening())
            case Signal.PAUSED if self._recognition is not None:
                self._interim = asyncio.create_task(
                    self._peek(self._recognition), name="interim transcript"
                )
            case Signal.RESUMED:
                self._forget_interim()
            case Signal.ENDED:
                self.ended = True
            case Signal.NO_SPEECH:
                self.nobody_spoke = True
            case _:
                if self._recognition is None and not self._in_one_breath:
                    del self._before[:-_LEAD_IN_BYTES]

    @property
    def _in_one_breath(self) -> bool:
        return self._heard_s <= _ONE_BREATH_S

    def _opening(self) -> bytes:
        if self._in_one_breath:
            return self._pre_roll + bytes(self._before)
        return bytes(self._before)

    def _recognise(self, opening: bytes) -> Recognition:
        self._recognition = recognition = self._stt.start()
        recognition.feed(opening)
        self._before.clear()
        return recognition

    async def _peek(self, recognition: Recognition) -> str:
        """The transcript up to this pause, and what it says about the pause."""
        text = await recognition.interim()
        words = without_wake_phrase(text, self._wake_phrases)
        if words:
            self._endpointer.sounds_complete = sounds_complete(words)
        elif text.strip() and not self.ended:
            # "hey jarvis" and a breath: the utterance proper is still to come.
            self._recognition = self._interim = None
            self._endpointer = self._new_endpointer()
            await recognition.close()
        return text

    def _forget_interim(self) -> None:
        if self._interim is not None:
            self._interim.cancel()
            self._forgotten.append(self._interim)
            self._interim = None

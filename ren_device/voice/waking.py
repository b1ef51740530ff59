"""When Ren wakes: the wake word's verdicts, a second look at doubtful ones, and never by itself.

What the loudspeaker plays is listened to by a wake word engine as well. What sounds like the phrase
there, even faintly, does not wake Ren when the microphone hears it a moment later; the person can
wake it over everything else that Ren says.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, FRAME_S, Wake, duration_s
from ren_device.ports import SpeechToText, VoiceActivity, WakeWord
from ren_device.voice.sound_alike import resembles
from ren_device.voice.wake_archive import WakeArchive

_log = logging.getLogger(__name__)

KEPT_S = 2.0
"""How much of the latest sound is kept: for the second look, and for the archive."""

_KEPT_BYTES = round(KEPT_S / FRAME_S) * FRAME_BYTES
_LOOKED_AT_BYTES = round(1.5 / FRAME_S) * FRAME_BYTES
_SPEECH = 0.5  # the probability at which a chunk is speech
_LEAST_SPEECH_S = 0.25  # "alexa" takes twice as long
_MOST_LOOKING_S = 1.0  # then nobody waits for the answer any more
_CERTAINTIES = ("near_miss", "doubtful", "sure")
_AGAIN_S = 1.5  # the same phrase may be noticed so much later by another engine
_OWN_SCORE = 0.1  # of what is played: not much of a phrase, but rooms make it more
_ECHO_S = 1.5  # what is played may be heard so much later: latency, the room, the engine's delay


class Waking:
    """All that decides whether Ren wakes. Time is counted in the microphone's sound."""

    def __init__(
        self,
        wake_word: WakeWord,
        own_voice: WakeWord | None,
        new_vad: Callable[[], VoiceActivity],
        stt: SpeechToText,
        archive: WakeArchive | None = None,
        through_echo: WakeWord | None = None,
    ) -> None:
        """`own_voice` is a second engine like `wake_word`, for what Ren plays.

        `through_echo` is one for what the echo canceller leaves while it plays: that one and the
        microphone's own miss different voices.
        """
        self._through_echo = through_echo
        self._wake_word = wake_word
        self._own_voice = own_voice
        self._vad = new_vad()
        self._stt = stt
        self._archive = archive
        self._kept = bytearray()
        self._now_s = 0.0
        self._awake_until_s = 0.0
        self._own_until_s = 0.0
        self.near_misses = 0
        """How often something sounded almost like a phrase, or the second look said no."""
        self.own = 0
        """How often Ren would have woken itself."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """What Ren listens for."""
        return self._wake_word.phrases

    @property
    def awake(self) -> bool:
        """Whether there is sound that is worth small blocks."""
        return self._wake_word.awake

    def scores(self) -> Mapping[str, float]:
        """For each phrase, how likely it was at most since the last call."""
        return self._wake_word.scores()

    def hear(self, block: bytes, played: bytes = b"", cleaned: bytes = b"") -> Wake | None:
        """What the microphone heard, and what `Speaker.take_played` gave at that moment.

        `cleaned` is the block without the echo, while there is one. Returns a wake that is sure, or
        a doubtful one that waits for `confirm`. Raises EngineError.
        """
        self._now_s += duration_s(block)
        self._kept += block
        del self._kept[:-_KEPT_BYTES]
        if played and self._says_it_itself(played):
            self._own_until_s = self._now_s + _ECHO_S
        wake = self._wake_word.process(block)
        if cleaned and self._through_echo is not None:
            wake = _surer(wake, self._through_echo.process(cleaned))
        if wake is None or self._now_s < self._awake_until_s:
            return None
        if self._now_s < self._own_until_s:
            if wake.certainty != "near_miss":
                self.own += 1
                _log.info("did not wake to its own %r, score %.2f", wake.phrase, wake.score)
            return None
        match wake.certainty:
            case "near_miss":
                self._missed(wake)
                return None
            case "sure":
                self.woken(wake)
        return wake

    async def confirm(self, wake: Wake, sound: bytes) -> bool:
        """Look again at a doubtful wake: is the phrase in `sound`, which ended at that moment?

        What is confirmed counts as woken; what is not, as a near miss. Never raises.
        """
        sound = sound[-_LOOKED_AT_BYTES:]
        try:
            async with asyncio.timeout(_MOST_LOOKING_S):
                sure = await self._is_said(wake.phrase, sound)
        except (EngineError, TimeoutError) as error:
            _log.warning("could not look again at a doubtful wake word: %s", type(error).__name__)
            sure = False
        if self._now_s < self._awake_until_s:
            return False  # another engine was sure in the meantime
        if sure:
            self.woken(wake)
        else:
            self._missed(wake)
        return sure

    def woken(self, wake: Wake) -> None:
        """Ren is awake: the same phrase does not wake it once more."""
        self._awake_until_s = self._now_s + _AGAIN_S
        _log.info("woken by %r, score %.2f (%s)", wake.phrase, wake.score, wake.certainty)
        self._keep(wake)

    def reset(self) -> None:
        """Forget what was heard: what follows is another recording."""
        self._kept.clear()
        self._wake_word.reset()
        self._awake_until_s = self._own_until_s = 0.0

    def _says_it_itself(self, played: bytes) -> bool:
        if self._own_voice is None:
            return False
        self._own_voice.process(played)
        return max(self._own_voice.scores().values()) >= _OWN_SCORE

    def _missed(self, wake: Wake) -> None:
        self.near_misses += 1
        _log.info("near miss: %r, score %.2f (%s)", wake.phrase, wake.score, wake.certainty)
        self._keep(wake)

    def _keep(self, wake: Wake) -> None:
        if self._archive is not None:
            self._archive.keep(wake, bytes(self._kept))

    async def _is_said(self, phrase: str, sound: bytes) -> bool:
        if not await self._holds_speech(sound):
            return False
        recognition = self._stt.start()
        try:
            recognition.feed(sound)
            return resembles(await recognition.interim(), phrase)
        finally:
            await recognition.close()

    async def _holds_speech(self, sound: bytes) -> bool:
        size, speech_s = self._vad.chunk_bytes, 0.0
        self._vad.reset()
        for at in range(0, len(sound) - size + 1, size):
            chunk = sound[at : at + size]
            if self._vad.process(chunk) >= _SPEECH:
                speech_s += duration_s(chunk)
                if speech_s >= _LEAST_SPEECH_S:
                    return True
            await asyncio.sleep(0)  # a millisecond each: others come in between
        return False


def _surer(one: Wake | None, other: Wake | None) -> Wake | None:
    """The more certain of the two."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda wake: _CERTAINTIES.index(wake.certainty))

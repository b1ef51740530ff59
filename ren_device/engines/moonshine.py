"""Speech to text with Moonshine's English tiny model, which is inside the `moonshine-voice` wheel.

The model is not a streaming one: a mode that streams decodes the open line again from its start,
at four times the work and for the same wait at the end. So sound is only kept while the person
speaks, and `interim` decodes all of it: 60 ms for 2.5 s of speech on a desktop. `moonshine_model`
runs the model. See README.md beside this file for the figures.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from ren_device.errors import EngineError
from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger(__name__)

_LONGEST_BYTES = 30 * SAMPLE_RATE_HZ * SAMPLE_BYTES  # what the model can take in one piece
_SHORTEST_S = 0.1
_TAIL_S = 0.3  # silence behind the last word: a fifth fewer errors than without
_QUIET_DBFS = -60.0
_STEADY_RATIO = 1.5  # between loud and soft frames; speech swings by far more, a fan by less
_FRAME_SAMPLES = 320
# What the model hears in coughs, clicks and hum; nobody says these alone to a speaker.
_HEARD_IN_NOISE = {"", "you", "the"}


class Transcribe(Protocol):
    """The model: blocking, for one thread."""

    def __call__(self, samples: "NDArray[np.float32]") -> str:
        """The transcript of samples from -1 to 1 at 16 kHz. Raises EngineError."""


class MoonshineSpeechToText:
    """Implements ports.SpeechToText. One thread decodes for all utterances, in order."""

    def __init__(self, transcribe: Transcribe) -> None:
        """Use `load`."""
        self._transcribe = transcribe
        self._worker = ThreadPoolExecutor(1, "moonshine")

    @classmethod
    def load(cls, *, lean: bool = False) -> "MoonshineSpeechToText":
        """Load and warm the model; blocks for about half a second. Raises EngineError.

        `lean` is smaller and slower; see `MoonshineModel.load`.
        """
        try:
            import numpy as np
        except ImportError as error:
            raise EngineError(f"REN_STT_ENGINE=moonshine: numpy is missing: {error}") from error
        from ren_device.engines.moonshine_model import MoonshineModel

        transcribe = MoonshineModel.load(lean=lean)
        transcribe(np.zeros(SAMPLE_RATE_HZ, np.float32))
        return cls(transcribe)

    def start(self) -> "MoonshineRecognition":
        """Begin an utterance."""
        return MoonshineRecognition(self._worker, self._transcribe)

    async def close(self) -> None:
        """Wait for the decode that is under way, drop the others and end the thread."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)


class MoonshineRecognition:
    """Implements ports.Recognition."""

    partial = ""  # nothing is decoded while the person speaks

    def __init__(self, worker: ThreadPoolExecutor, transcribe: Transcribe) -> None:
        """An utterance without a sound yet."""
        self._worker = worker
        self._transcribe = transcribe
        self._pcm = bytearray()
        self._too_long = False
        self._pending: set[asyncio.Future[str]] = set()
        self._decoded = (0, "")  # how many bytes, and what they say

    def feed(self, pcm: bytes) -> None:
        """Keep more of the utterance; what comes after its first 30 s is not."""
        room = _LONGEST_BYTES - len(self._pcm)
        self._pcm += pcm[:room]
        if len(pcm) > room and not self._too_long:
            self._too_long = True
            log.warning("an utterance is longer than 30 s; the rest of it is not recognised")

    async def interim(self) -> str:
        """The transcript of all that was fed so far. Raises EngineError."""
        length, text = self._decoded
        if length == len(self._pcm):
            return text
        pcm = bytes(self._pcm)
        work = asyncio.get_running_loop().run_in_executor(self._worker, self._decode, pcm)
        self._pending.add(work)
        try:
            text = await work
        finally:
            self._pending.discard(work)
        if len(pcm) > self._decoded[0]:
            self._decoded = (len(pcm), text)
        return text

    async def close(self) -> None:
        """Forget the sound; a pending `interim` raises CancelledError.

        A decode that has begun cannot be stopped; it ends by itself and nobody reads it.
        """
        for work in self._pending:
            work.cancel()
        self._pcm.clear()
        self._decoded = (0, "")

    def _decode(self, pcm: bytes) -> str:
        import numpy as np

        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32)
        samples /= 32768
        if not _may_hold_speech(samples):
            return ""
        tail = np.zeros(round(_TAIL_S * SAMPLE_RATE_HZ), np.float32)
        text = self._transcribe(np.concatenate([samples, tail])).strip()
        words = "".join(character for character in text if character.isalnum())
        return "" if words.lower() in _HEARD_IN_NOISE else text


def _may_hold_speech(samples: "NDArray[np.float32]") -> bool:
    """False for silence and for steady noise, where the model would make words up."""
    import numpy as np

    if len(samples) < _SHORTEST_S * SAMPLE_RATE_HZ:
        return False
    frames = samples[: len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES].reshape(-1, _FRAME_SAMPLES)
    loudness = np.sqrt(np.mean(np.square(frames), axis=1))
    soft, loud = np.percentile(loudness, (5, 95))
    return bool(loud > 10 ** (_QUIET_DBFS / 20) and loud > _STEADY_RATIO * soft)

"""Speech to text with a Vosk (Kaldi) model that the person has put on the device.

A real streaming recogniser: it decodes while the person speaks, so that `interim` only has the
last tenths of a second to do. It can listen for a list of words first, which costs a tenth of the
work and hears them better; what is not among them is then decoded again with all words.
See README.md beside this file for the figures.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.engines.vosk_words import heard, restriction, without_unknown
from ren_device.errors import EngineError
from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from vosk import KaldiRecognizer, Model

log = logging.getLogger(__name__)

_CHUNK_BYTES = SAMPLE_RATE_HZ * SAMPLE_BYTES // 10  # 100 ms: what is decoded at a time
_LONGEST_BYTES = 30 * SAMPLE_RATE_HZ * SAMPLE_BYTES  # how much sound may wait, or be kept

NewRecognizer = Callable[[], "KaldiRecognizer"]


class VoskSpeechToText:
    """Implements ports.SpeechToText. One thread decodes for all utterances, in order."""

    def __init__(self, *recognizers: NewRecognizer) -> None:
        """Use `load`. The recognisers to try, the narrowest first."""
        self._recognizers = recognizers
        self._worker = ThreadPoolExecutor(1, "vosk")

    @classmethod
    def load(
        cls, model_dir: Path, words: Collection[str] = (), *, only: bool = False
    ) -> "VoskSpeechToText":
        """Load an unpacked model; blocks for seconds. Raises EngineError.

        With `words` it listens for these first; with `only` for nothing else.
        """
        setting = f"REN_VOSK_MODEL={model_dir}"
        model = _load(model_dir, setting)
        import vosk

        def every_word() -> "KaldiRecognizer":
            return vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ)

        grammar = restriction(model, model_dir, words, only=only) if words else None
        if grammar is None:
            return cls(every_word)

        def few_words() -> "KaldiRecognizer":
            recognizer = vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ, grammar)
            recognizer.SetWords(True)  # with how sure it is of each
            return recognizer

        return cls(few_words) if only else cls(few_words, every_word)

    def start(self) -> "VoskRecognition":
        """Begin an utterance."""
        return VoskRecognition(self._worker, self._recognizers)

    async def close(self) -> None:
        """End the thread; utterances that are not closed lose their pending work."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)


class VoskRecognition:
    """Implements ports.Recognition.

    Kaldi hears the very end of a word only when told that no more will come, and begins anew after
    that. So each `interim` settles what was said up to it, and a later one appends to that. It is
    asked in a pause, where a cut does little harm.
    """

    def __init__(self, worker: ThreadPoolExecutor, recognizers: Sequence[NewRecognizer]) -> None:
        """An utterance without a sound yet."""
        self.partial = ""
        self._worker = worker
        self._lock = threading.Lock()
        self._waiting = bytearray()  # guarded by the lock, as is the next one
        self._scheduled = False
        self._closed = False
        self._behind = False
        self._failure = ""
        self._pending: set[asyncio.Future[str]] = set()
        # Only the worker touches these.
        self._recognizers = list(recognizers)
        self._recognizer: KaldiRecognizer | None = None
        self._settled: list[str] = []
        self._so_far = bytearray()  # kept while a wider recogniser may have to hear it, too

    def feed(self, pcm: bytes) -> None:
        """Decode more of the utterance soon. What does not fit 30 s of waiting sound is lost."""
        if self._closed or self._failure:
            return
        with self._lock:
            room = _LONGEST_BYTES - len(self._waiting)
            self._waiting += pcm[:room]
            due = not self._scheduled and len(self._waiting) >= _CHUNK_BYTES
            self._scheduled = self._scheduled or due
        if len(pcm) > room and not self._behind:
            self._behind = True
            log.warning("the recogniser is 30 s behind; some of this utterance is lost")
        if due:
            self._worker.submit(self._in_background)

    async def interim(self) -> str:
        """The transcript of all that was fed so far. Raises EngineError."""
        work = asyncio.get_running_loop().run_in_executor(self._worker, self._settle)
        self._pending.add(work)
        try:
            return await work
        finally:
            self._pending.discard(work)

    async def close(self) -> None:
        """Stop within 100 ms of sound; a pending `interim` raises CancelledError."""
        self._closed = True
        for work in self._pending:
            work.cancel()
        with self._lock:
            self._waiting.clear()

    def _in_background(self) -> None:
        with suppress(EngineError), self._failing():  # told to who asks for the transcript
            self._catch_up()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Once the recogniser has failed, the utterance is lost."""
        if self._failure:
            raise EngineError(self._failure)
        try:
            yield
        except Exception as error:  # the library raises nothing narrower
            self._failure = f"REN_STT_ENGINE=vosk: the recogniser failed: {error}"
            with self._lock:
                self._waiting.clear()
            raise EngineError(self._failure) from error

    def _catch_up(self, *, to_the_end: bool = False) -> None:
        while not self._closed:
            with self._lock:
                if len(self._waiting) < (SAMPLE_BYTES if to_the_end else _CHUNK_BYTES):
                    self._scheduled = False
                    return
                chunk = bytes(self._waiting[:_CHUNK_BYTES])
                del self._waiting[:_CHUNK_BYTES]
            if len(self._recognizers) > 1:
                self._so_far += chunk
                if len(self._so_far) > _LONGEST_BYTES:  # too long to be heard twice
                    del self._recognizers[1:]
                    self._so_far.clear()
            self._decode(chunk)

    def _decode(self, chunk: bytes) -> None:
        if self._recognizer is None:
            self._recognizer = self._recognizers[0]()
        if self._recognizer.AcceptWaveform(chunk):
            self._keep(self._recognizer.Result())
        else:
            latest = without_unknown(json.loads(self._recognizer.PartialResult())["partial"])
            self.partial = " ".join(filter(None, [*self._settled, latest]))

    def _settle(self) -> str:
        with self._failing():
            self._catch_up(to_the_end=True)
            while self._recognizer is not None and not self._closed:
                if self._keep(self._recognizer.FinalResult()):
                    break
        return " ".join(self._settled)

    def _keep(self, result: str) -> bool:
        """Note what was said; False when it has to be asked again, of a wider recogniser."""
        text, sure = heard(result)
        if not sure and len(self._recognizers) > 1:
            self._widen()
            return False
        if text:
            self._settled.append(text)
        self.partial = " ".join(self._settled)
        return True

    def _widen(self) -> None:
        """Hear everything again with the next recogniser, and go on with it."""
        self._recognizers.pop(0)
        self._recognizer = None
        self._settled.clear()
        so_far = bytes(self._so_far)
        if len(self._recognizers) == 1:
            self._so_far.clear()
        for start in range(0, len(so_far), _CHUNK_BYTES):
            if self._closed:
                return
            self._decode(so_far[start : start + _CHUNK_BYTES])


def _load(model_dir: Path, setting: str) -> "Model":
    if not model_dir.is_dir():
        raise EngineError(f"{setting}: there is no such directory")
    # Asked beforehand because the library answers on standard error, past any log level.
    if not any((model_dir / path).is_file() for path in ("am/final.mdl", "final.mdl")):
        raise EngineError(f"{setting}: this is not an unpacked Vosk model (no final.mdl in it)")
    try:
        import vosk
    except (ImportError, OSError) as error:
        raise EngineError(
            f"REN_STT_ENGINE=vosk: the package vosk cannot be loaded: {error}"
        ) from error
    vosk.SetLogLevel(-1)
    try:
        return vosk.Model(str(model_dir))
    except Exception as error:  # the library raises nothing narrower
        raise EngineError(f"{setting}: the model cannot be loaded: {error}") from error

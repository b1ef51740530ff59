"""Speech to text with a Vosk (Kaldi) model that the person has put on the device.

A real streaming recogniser: it decodes while the person speaks, so that `interim` only has the
last tenths of a second to do.
"""

import asyncio
import json
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ren_device.errors import EngineError
from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from collections.abc import Callable

    from vosk import KaldiRecognizer

log = logging.getLogger(__name__)

_CHUNK_BYTES = SAMPLE_RATE_HZ * SAMPLE_BYTES // 10  # 100 ms: what is decoded at a time
_WAITING_BYTES = 30 * SAMPLE_RATE_HZ * SAMPLE_BYTES  # how far behind the decoder may fall


class VoskSpeechToText:
    """Implements ports.SpeechToText. One thread decodes for all utterances, in order."""

    def __init__(self, recognizer: "Callable[[], KaldiRecognizer]") -> None:
        """Use `load`."""
        self._recognizer = recognizer
        self._worker = ThreadPoolExecutor(1, "vosk")

    @classmethod
    def load(cls, model_dir: Path) -> "VoskSpeechToText":
        """Load an unpacked model; blocks for seconds. Raises EngineError."""
        setting = f"REN_VOSK_MODEL={model_dir}"
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
            model = vosk.Model(str(model_dir))
        except Exception as error:  # the library raises nothing narrower
            raise EngineError(f"{setting}: the model cannot be loaded: {error}") from error
        return cls(lambda: vosk.KaldiRecognizer(model, SAMPLE_RATE_HZ))

    def start(self) -> "VoskRecognition":
        """Begin an utterance."""
        return VoskRecognition(self._worker, self._recognizer)

    async def close(self) -> None:
        """End the thread; utterances that are not closed lose their pending work."""
        await asyncio.to_thread(self._worker.shutdown, cancel_futures=True)


class VoskRecognition:
    """Implements ports.Recognition.

    Kaldi hears the very end of a word only when told that no more will come, and begins anew after
    that. So each `interim` settles what was said up to it, and a later one appends to that. It is
    asked in a pause, where a cut does little harm.
    """

    def __init__(
        self, worker: ThreadPoolExecutor, recognizer: "Callable[[], KaldiRecognizer]"
    ) -> None:
        """An utterance without a sound yet."""
        self._worker = worker
        self._new_recognizer = recognizer
        self._lock = threading.Lock()
        self._waiting = bytearray()  # guarded by the lock, as is the next one
        self._scheduled = False
        self._closed = False
        self._behind = False
        self._pending: set[asyncio.Future[str]] = set()
        # Only the worker touches these two.
        self._recognizer: KaldiRecognizer | None = None
        self._settled: list[str] = []

    def feed(self, pcm: bytes) -> None:
        """Decode more of the utterance soon. What does not fit 30 s of waiting sound is lost."""
        if self._closed:
            return
        with self._lock:
            room = _WAITING_BYTES - len(self._waiting)
            self._waiting += pcm[:room]
            due = not self._scheduled and len(self._waiting) >= _CHUNK_BYTES
            self._scheduled = self._scheduled or due
        if len(pcm) > room and not self._behind:
            self._behind = True
            log.warning("the recogniser is 30 s behind; some of this utterance is lost")
        if due:
            self._worker.submit(self._catch_up)

    async def interim(self) -> str:
        """The transcript of all that was fed so far."""
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

    def _catch_up(self, *, to_the_end: bool = False) -> None:
        while not self._closed:
            with self._lock:
                if len(self._waiting) < (SAMPLE_BYTES if to_the_end else _CHUNK_BYTES):
                    self._scheduled = False
                    return
                chunk = bytes(self._waiting[:_CHUNK_BYTES])
                del self._waiting[:_CHUNK_BYTES]
            if self._recognizer is None:
                self._recognizer = self._new_recognizer()
            if self._recognizer.AcceptWaveform(chunk):
                self._keep(self._recognizer.Result())

    def _settle(self) -> str:
        self._catch_up(to_the_end=True)
        if self._recognizer is not None and not self._closed:
            self._keep(self._recognizer.FinalResult())
        return " ".join(self._settled)

    def _keep(self, result: str) -> None:
        text = json.loads(result)["text"]
        if text:
            self._settled.append(text)

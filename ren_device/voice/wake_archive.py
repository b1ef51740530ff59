"""Keeps the sound that woke Ren, or almost did; only where the owner turned that on."""

import logging
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore

from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ, Wake
from ren_device.ports import Clock

_log = logging.getLogger(__name__)

MOST_FILES = 200
"""The oldest are removed."""

_MOST_WAITING = 8  # more than this at once is not worth keeping


class WakeArchive:
    """WAV files in one folder, readable by the owner alone. One thread writes them."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """The folder is made when the first file is written."""
        self._folder = folder
        self._clock = clock
        self._worker = ThreadPoolExecutor(1, "wake archive")
        self._room = BoundedSemaphore(_MOST_WAITING)
        self._failed = False

    def keep(self, wake: Wake, sound: bytes) -> None:
        """Write `sound` soon; never blocks, never raises. What cannot be written is lost."""
        if not self._room.acquire(blocking=False):
            return
        at = self._clock.now().strftime("%Y%m%d-%H%M%S-%f")
        phrase = "".join(each if each.isalnum() else "-" for each in wake.phrase)
        name = f"{at}_{phrase}_{wake.certainty}_{wake.score:.2f}.wav"
        self._worker.submit(self._write, name, sound)

    def close(self) -> None:
        """Write what is waiting and end the thread; blocks for a moment."""
        self._worker.shutdown()

    def _write(self, name: str, sound: bytes) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / name
            path.touch(mode=0o600)
            with path.open("wb") as file, wave.open(file) as wav:
                wav.setparams((1, SAMPLE_BYTES, SAMPLE_RATE_HZ, 0, "NONE", ""))
                wav.writeframes(sound)
            for old in sorted(self._folder.glob("*.wav"))[:-MOST_FILES]:
                old.unlink()
        except OSError as error:
            if not self._failed:
                _log.warning("the sound of a wake word cannot be kept: %s", error)
            self._failed = True
        finally:
            self._room.release()

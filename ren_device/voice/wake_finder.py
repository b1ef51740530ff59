"""Finds the wake phrase where nobody waited for it: at the beginning of what a client sent."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from ren_device.model import FRAME_BYTES, FRAME_S
from ren_device.ports import WakeWord
from ren_device.voice.wake_cut import OPENING_S, after_pause, find_wake


class WakeFinder:
    """One wake word engine, for one utterance at a time."""

    def __init__(self, wake_word: WakeWord) -> None:
        """The engine is used for nothing else."""
        self._wake_word = wake_word
        self._worker = ThreadPoolExecutor(1, "wake finder")  # also after one that was given up

    async def question(self, pcm: bytes) -> bytes | None:
        """What follows the wake phrase in `pcm`; None if it does not begin with one.

        Takes 35 ms for each of the first three seconds, in a thread.
        """
        loop = asyncio.get_running_loop()
        wake = await loop.run_in_executor(self._worker, find_wake, self._wake_word, pcm)
        if wake is None:
            return None
        frames = round((wake.ended_s + OPENING_S) / FRAME_S)
        return after_pause(pcm[-frames * FRAME_BYTES :] if frames else b"")

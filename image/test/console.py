"""What a machine writes on its serial line: kept, written to a file, and waited for."""

import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

# What systemd draws while it waits: lines that are drawn over.
_ANIMATED = re.compile(r"Job .* running|^\W*M?$")


class Console:
    """Reads to the end of the stream, so that the machine is never held up."""

    def __init__(self, stream: IO[bytes], log: Path) -> None:
        self.log = log
        self._stream = stream
        self._text = bytearray()
        self._changed = threading.Condition()
        self._is_over = False
        self._reader = threading.Thread(target=self._read, name=f"console of {log.stem}")
        self._reader.start()

    def _read(self) -> None:
        with self.log.open("ab", buffering=0) as log:
            # What is there now, not a full buffer.
            while piece := os.read(self._stream.fileno(), 65536):
                log.write(piece)
                with self._changed:
                    self._text += piece
                    self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    @property
    def position(self) -> int:
        """How much has been written so far; `wait_for` can begin here."""
        with self._changed:
            return len(self._text)

    @property
    def is_over(self) -> bool:
        """Whether the machine is gone."""
        with self._changed:
            return self._is_over

    def since(self, position: int) -> str:
        """What was written after that."""
        with self._changed:
            return self._text[position:].decode(errors="replace")

    def tail(self) -> str:
        """The end of it, for a person who wants to know what went wrong."""
        lines = [line for line in self.since(0).splitlines() if not _ANIMATED.search(line)]
        return "\n".join(lines[-60:])

    def wait_for(self, text: str, within_s: float, since: int = 0) -> int:
        """Wait until this is written; the position after it."""
        wanted = text.encode()

        def found() -> bool:
            return self._is_over or self._text.find(wanted, since) >= 0

        with self._changed:
            self._changed.wait_for(found, within_s)
            at = self._text.find(wanted, since)
        if at < 0:
            raise AssertionError(f"{text!r} not written within {within_s:.0f} s:\n{self.tail()}")
        return at + len(wanted)

    def wait_for_end(self, within_s: float) -> None:
        """Wait until the machine is gone."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_over, within_s):
                raise AssertionError(f"still on after {within_s:.0f} s:\n{self.tail()}")

    def until(self, what: str, holds: Callable[[], bool], within_s: float) -> float:
        """Look again and again until it holds, or the machine is gone; the seconds that it took."""
        began = time.monotonic()
        while not holds():
            left_s = began + within_s - time.monotonic()
            if left_s < 0 or self.is_over:
                raise AssertionError(f"not {what} within {within_s:.0f} s:\n{self.tail()}")
            with self._changed:  # the next look is due when something was written, or in a while
                self._changed.wait(min(0.5, left_s))
        return time.monotonic() - began

    def close(self) -> None:
        """To be called when the machine is gone."""
        self._reader.join(10)
        self._stream.close()

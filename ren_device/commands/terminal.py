"""The whole terminal for a while: keys one by one, a screen of its own, and the log out of the way.

However the block ends, the terminal is as it was before.
"""

import os
import sys
import termios
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_OWN_SCREEN, _BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _END_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"
_READ = 65_536


class Terminal:
    """Standard input and output, which are a terminal."""

    def __init__(self, log: Path) -> None:
        """Where standard error goes meanwhile, if it is the terminal too: also what C code says."""
        self.log: Path | None = log if sys.stderr.isatty() else None
        self._log = log
        self._undo = ExitStack()
        self._drawn: tuple[os.terminal_size, Sequence[str]] | None = None
        self._file = -1
        self._read = 0
        self._rest = b""

    def __enter__(self) -> Self:
        """Take it."""
        with ExitStack() as undo:
            if self.log is not None:
                self._redirect(self.log, undo)
            keys = sys.stdin.fileno()
            before = termios.tcgetattr(keys)
            undo.callback(termios.tcsetattr, keys, termios.TCSAFLUSH, before)
            termios.tcsetattr(keys, termios.TCSADRAIN, _key_by_key(before))
            undo.callback(_write, _BACK)
            _write(_OWN_SCREEN)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give it back."""
        try:
            self._undo.close()
            if self.log is not None:
                sys.stderr.write(f"The log is in {self.log}\n")
        except (OSError, termios.error):
            _forget()  # it has gone: there is nothing to give back

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines, and nothing else; no more than there is room for.

        Raises OSError when the terminal has gone.
        """
        size = os.get_terminal_size(sys.stdout.fileno())
        if self._drawn == (size, lines):
            return
        self._drawn = (size, lines)
        rows = f"{_END_OF_LINE}\n".join(lines[: size.lines])
        _write(f"{_HOME}{rows}{_END_OF_LINE}{_REST}")

    def logged(self) -> list[str]:
        """The lines that went to the log since the last call, fit to be shown."""
        if self._file < 0:
            return []
        found = os.pread(self._file, _READ, self._read)
        self._read += len(found)
        *whole, self._rest = (self._rest + found).split(b"\n")
        lines = (each.decode("utf-8", "replace") for each in whole)
        return ["".join(c if c.isprintable() else " " for c in each) for each in lines]

    def _redirect(self, log: Path, undo: ExitStack) -> None:
        self._file = os.open(log, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        undo.callback(os.close, self._file)
        before = os.dup(2)
        undo.callback(os.close, before)
        undo.callback(os.dup2, before, 2)
        os.dup2(self._file, 2)


def _key_by_key(before: list[Any]) -> list[Any]:
    """No echo, no waiting for a line; Ctrl-C still interrupts, Ctrl-S and Ctrl-Z do nothing."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = before
    iflag &= ~(termios.IXON | termios.ICRNL)
    lflag &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    characters = [*characters]
    characters[termios.VSUSP] = b"\0"  # which disables it
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, characters]


def _forget() -> None:
    """Nothing can be written any more: what Python has kept for the terminal goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for each in (sys.stdout, sys.stderr):
        os.dup2(nowhere, each.fileno())
    os.close(nowhere)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

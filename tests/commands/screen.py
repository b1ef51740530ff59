"""`ren-device sim` on a real terminal: a person who types, and sees what is drawn."""

import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

from tests.commands.command_line import environment
from tests.ren import free_port

ROWS, COLUMNS = 30, 100
OWN_SCREEN, BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class Screen:
    """What comes out of the terminal, and what goes in."""

    def __init__(self, process: int, terminal: int, port: int) -> None:
        self.process = process
        self.terminal = terminal
        self.port = port
        self.out = ""
        self.ended = False
        self.before = termios.tcgetattr(terminal)
        self._bytes = b""

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def until(self, holds: Callable[[], bool], within_s: float = 20.0) -> None:
        """Look until it holds."""
        end = time.monotonic() + within_s
        while not holds():
            left_s = end - time.monotonic()
            assert left_s > 0, f"still not so: {self.out[-2000:]}"
            self._look(left_s)

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in self.shown())

    def shown(self) -> str:
        """The panel as it is now, without its colours."""
        last = self.out.rpartition("\x1b[H")[2]
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", last).replace("\r\n", "\n")

    def ends(self, within_s: float = 20.0) -> int:
        """The exit code, once all of its output was seen."""
        while self._look(within_s):
            pass
        self.ended = True
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def hang_up(self) -> int:
        """Close the terminal; the exit code."""
        os.close(self.terminal)
        self.terminal = -1
        self.ended = True
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])

    def _look(self, within_s: float) -> bool:
        """Read a piece; whether there may be more."""
        assert select.select([self.terminal], [], [], within_s)[0], "nothing happens"
        try:
            piece = os.read(self.terminal, 65_536)
        except OSError:  # which is how the end of a terminal is told
            return False
        self._bytes += piece
        self.out = self._bytes.decode(errors="replace")
        return bool(piece)


@contextmanager
def sim(folder: Path, *arguments: str, columns: int = COLUMNS, **settings: str) -> Iterator[Screen]:
    """Runs until the block ends."""
    port = free_port()
    own = {"REN_PORT": str(port), "REN_DATA_DIR": str(folder / "data")}
    own |= {"REN_MDNS_ENABLED": "false", "TERM": "xterm-256color"}
    given = environment(**own | settings)
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "ren_device", "sim", *arguments], given)
    ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    screen = Screen(process, terminal, port)
    try:
        yield screen
    finally:
        if not screen.ended:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        if screen.terminal >= 0:
            os.close(terminal)

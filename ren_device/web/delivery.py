"""Whether what was written to a client has reached its machine, as the kernel knows it.

A phone that leaves the Wi-Fi without a word takes nothing, and yet writing to it succeeds for
minutes. What TCP has not seen confirmed can be asked for, on Linux: `man 7 tcp`, SIOCOUTQ.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from contextlib import suppress
from typing import Self

_FIRST_WAIT_S = 0.001
_LONGEST_WAIT_S = 0.25


class Delivery:
    """All that was written to a connection so far. Use it as a context, after writing.

    It knows the answer even when the client confirms and closes in the same moment.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """Watch the connection behind `transport`."""
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        self._kept: socket.socket | None = None
        self._handed_over = False  # to the kernel
        self._taken = False

    def __enter__(self) -> Self:
        """Nothing is held before `wait` has to."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection."""
        if self._kept is not None:
            self._kept.close()

    @property
    def taken(self) -> bool:
        """Whether the client's machine has confirmed all of it."""
        if not self._taken:
            if not self._transport.is_closing():
                self._handed_over = self._transport.get_write_buffer_size() == 0
            self._taken = self._handed_over and self._unconfirmed_bytes() == 0
        return self._taken

    async def wait(self, within_s: float) -> bool:
        """Wait until it is taken, up to `within_s` seconds; whether it is."""
        clock = asyncio.get_running_loop()
        ends_at = clock.time() + within_s
        wait_s = _FIRST_WAIT_S
        while not self.taken and (left_s := ends_at - clock.time()) > 0:
            self._keep()
            await asyncio.sleep(min(wait_s, left_s))  # the kernel wakes nobody for this
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        return self.taken

    def _keep(self) -> None:
        """Hold the socket beyond the server's own closing of it: the answer is in there."""
        if self._kept is None:
            with suppress(OSError):  # no descriptor left: who leaves at once is not believed
                self._kept = self._socket.dup()

    def _unconfirmed_bytes(self) -> int:
        descriptor = (self._kept or self._socket).fileno()
        if descriptor < 0:
            return -1  # closed: nobody knows any more
        if sys.platform != "linux":
            return 0  # handed over to the kernel is all that can be known there
        answer = bytearray(4)
        fcntl.ioctl(descriptor, termios.TIOCOUTQ, answer)
        (count,) = struct.unpack("i", answer)
        return int(count)


def drop_when_stalled(transport: asyncio.Transport, stalled_s: float) -> None:
    """Let the kernel end the connection when the client confirms nothing for so long."""
    if sys.platform == "linux":
        tcp = transport.get_extra_info("socket")
        milliseconds = max(1, round(stalled_s * 1000))
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

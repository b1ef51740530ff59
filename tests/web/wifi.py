"""A phone that leaves the Wi-Fi without a word, and may come back.

Best is a network namespace for each of the two, joined by a cable that can be cut: that takes no
more than user namespaces. On a machine that forbids them the phone stays on loopback, and stops
reading with its receive buffer full: to the speaker that looks the same, nothing is confirmed.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
_HOLD = ("sh", "-c", "echo ready && exec cat")  # ends when the test's end of the pipe does
_ROOT = os.geteuid() == 0
_PRIVATE = ("unshare", *(() if _ROOT else ("--map-root-user",)), "--net")
_PORCH = (sys.executable, "-m", "tests.web.porch_process")
_PHONE = (sys.executable, "-m", "tests.web.phone_process")


class Talker:
    """A process that is spoken to in lines."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        await self._process.stdin.drain()

    async def hear(self, within_s: float = 10.0) -> str:
        assert self._process.stdout is not None
        async with asyncio.timeout(within_s):
            line = await self._process.stdout.readline()
        assert line, "the other side is gone"
        return line.decode().rstrip("\n")

    async def hears_nothing(self, for_s: float) -> None:
        try:
            line = await self.hear(for_s)
        except TimeoutError:
            return
        raise AssertionError(f"heard {line!r}")


class Wifi:
    """A speaker and its phones. `cut` and `join` are for the phones that are `outside`."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._home: tuple[str, ...] = ()
        self._far: tuple[str, ...] = ()
        self._port = ""
        self._outside: list[Talker] = []

    async def start(self, doubt_after_s: float, stalled_s: float) -> Talker:
        """The speaker; for what it is told see porch_process.py."""
        trial = await asyncio.create_subprocess_exec(*_PRIVATE, "true", stderr=DEVNULL)
        if await trial.wait() == 0:
            await self._lay_cable()
        porch = await self._spawn(*self._home, *_PORCH, str(doubt_after_s), str(stalled_s))
        ready, self._port = (await porch.hear()).split()
        assert ready == "ready"
        return porch

    async def phone(self, outside: bool = False) -> Talker:
        """One that listens; it says `open` and then the id of each alert."""
        reads = "no" if outside and not self._far else "yes"
        place, address = (
            (self._far, "10.98.0.1") if outside and self._far else (self._home, "127.0.0.1")
        )
        phone = await self._spawn(*place, *_PHONE, address, self._port, reads)
        assert await phone.hear() == "open"
        if outside:
            self._outside.append(phone)
        return phone

    async def cut(self) -> None:
        """From now on nothing reaches them, and nobody is told so."""
        if self._far:
            await self._ip(self._far, "link set lan0 down")

    async def join(self) -> None:
        """They are back, with the address that they had."""
        if self._far:
            await self._ip(self._far, "link set lan0 up")
        else:
            for phone in self._outside:
                await phone.say("read")

    async def _lay_cable(self) -> None:
        home = await self._process(*_PRIVATE, *_HOLD)
        enter = ("nsenter", "-t", str(home.pid))
        inside = enter if _ROOT else (*enter, "--user", "--preserve-credentials")
        assert await Talker(home).hear() == "ready"
        far = await self._process(*inside, "unshare", "--net", *_HOLD)
        assert await Talker(far).hear() == "ready"
        self._home = (*inside, f"--net=/proc/{home.pid}/ns/net")
        self._far = (*inside, f"--net=/proc/{far.pid}/ns/net")
        await self._ip(self._home, f"link add lan0 type veth peer name lan0 netns {far.pid}")
        for side, address in ((self._home, "10.98.0.1"), (self._far, "10.98.0.2")):
            await self._ip(side, "link set lo up", f"addr add {address}/24 dev lan0")
            await self._ip(side, "link set lan0 up")

    async def _ip(self, side: tuple[str, ...], *commands: str) -> None:
        for command in commands:
            process = await asyncio.create_subprocess_exec(*side, "ip", *command.split())
            assert await process.wait() == 0, command

    async def _spawn(self, *command: str) -> Talker:
        return Talker(await self._process(*command))

    async def _process(self, *command: str) -> Process:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, env=_ENVIRONMENT
        )
        self._stack.push_async_callback(_end, process)
        return process


@asynccontextmanager
async def wifi() -> AsyncGenerator[Wifi, None]:
    """A network, gone with the block."""
    async with AsyncExitStack() as stack:
        yield Wifi(stack)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()

"""A network for two machines, made by the test and gone with it.

Best is a pair of network namespaces joined by a cable, with Avahi on the far side: that takes no
more than user namespaces. On a machine that forbids them it is loopback, and python-zeroconf's
browser. Both print what they find in the format of `avahi-browse -p`.
"""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
_HOLD = "echo ready && exec cat"  # ends when the test's end of the pipe does
# Avahi gives its directory to a user of its own, and here there is nobody but root.
_OWN_FILES = (
    "mount -t tmpfs tmpfs /run && mount --bind {0}/passwd /etc/passwd"
    " && mount --bind {0}/group /etc/group"
)
# Root needs no user namespace, which containers often forbid.
_ENTER_USER = ("--user", "--preserve-credentials") if os.geteuid() else ()
_PRIVATE = ("unshare", *(("--map-root-user",) if os.geteuid() else ()), "--net", "--mount")
_SPEAKER = (sys.executable, "-m", "tests.peers.mdns_speaker")
_BUS = """<busconfig><type>custom</type><listen>unix:path={bus}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/>
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy>
</busconfig>"""
_AVAHI = """[server]
host-name=listener
use-ipv6=no
[publish]
publish-workstation=no
publish-hinfo=no
"""


@dataclass(frozen=True)
class Seen:
    """One line of the browser: a service came (`=`, resolved) or went (`-`)."""

    event: str
    name: str
    kind: str
    server: str = ""
    address: str = ""
    port: int = 0
    text: dict[str, str] = field(default_factory=dict)


class Lan(Protocol):
    """Where speakers and a stranger who looks for them live."""

    addresses: tuple[str, str]
    """The speaker's first address, and the one it has after `move`."""

    async def speaker(self, name: str, key: str) -> Process:
        """Start one."""

    async def move(self) -> None:
        """Change the speaker's address."""

    async def see(self, wanted: Callable[[Seen], bool]) -> Seen:
        """What the stranger, who looks on all the time, sees next of this kind; up to 15 s."""

    async def ask(self, name: str, kind: str = "_ren._tcp") -> Seen:
        """What somebody sees who looks for this name now; waits up to 15 s."""


@asynccontextmanager
async def lan(folder: Path) -> AsyncGenerator[Lan, None]:
    """The best network that this machine permits; `folder` is for its files."""
    async with AsyncExitStack() as stack:
        trial = await asyncio.create_subprocess_exec(
            *(*_PRIVATE, "true"), stdout=DEVNULL, stderr=DEVNULL
        )
        possible = await trial.wait() == 0
        made = _Namespaces(stack, folder) if possible else _Loopback(stack, folder)
        await made.start()
        yield made


class _Base:
    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._browser: Process | None = None

    async def spawn(
        self, *command: str, stdin: int = DEVNULL, stderr: int | None = None
    ) -> Process:
        """A process that is gone when the network is."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=stdin, stdout=PIPE, stderr=stderr, env=_ENVIRONMENT
        )
        self._stack.push_async_callback(_end, process)
        return process

    async def see(self, wanted: Callable[[Seen], bool]) -> Seen:
        assert self._browser is not None
        return await _find(self._browser, wanted)

    async def ask(self, name: str, kind: str = "_ren._tcp") -> Seen:
        browser = await self.browse()
        found = await _find(
            browser, lambda each: (each.event, each.name, each.kind) == ("=", name, kind)
        )
        await _end(browser)
        return found

    async def browse(self) -> Process:
        raise NotImplementedError


class _Namespaces(_Base):
    addresses = ("10.99.0.1", "10.99.0.7")

    async def start(self) -> None:
        for file, line in (("passwd", "{}:x:0:0::/:\n"), ("group", "{}:x:0:\n")):
            text = line.format("root") + line.format("avahi")
            (self._folder / file).write_text(text, encoding="ascii")
        prepare = f"{_OWN_FILES.format(self._folder)} && {_HOLD}"
        home = await self.spawn(*_PRIVATE, "sh", "-c", prepare, stdin=PIPE)
        assert await _line(home) == "ready\n"
        self._inside = ("nsenter", "-t", str(home.pid), "--mount", *_ENTER_USER)
        far = await self.spawn(*self._inside, "unshare", "-n", "sh", "-c", _HOLD, stdin=PIPE)
        assert await _line(far) == "ready\n"
        self._home = (*self._inside, f"--net=/proc/{home.pid}/ns/net")
        self._far = (*self._inside, f"--net=/proc/{far.pid}/ns/net")
        cable = f"link add lan0 type veth peer name lan0 netns {far.pid}"
        await self._ip(self._home, cable, f"addr add {self.addresses[0]}/24 dev lan0")
        await self._ip(self._far, "addr add 10.99.0.2/24 dev lan0")
        for side in (self._home, self._far):
            await self._ip(side, "link set lo up", "link set lan0 up")
        await self._listen()

    async def speaker(self, name: str, key: str) -> Process:
        return await self.spawn(*self._home, *_SPEAKER, name, key, "0.0.0.0")

    async def move(self) -> None:
        first, second = self.addresses
        await self._ip(self._home, f"addr del {first}/24 dev lan0")
        await self._ip(self._home, f"addr add {second}/24 dev lan0")

    async def _listen(self) -> None:
        bus, config, avahi = (self._folder / each for each in ("bus", "bus.conf", "avahi.conf"))
        config.write_text(_BUS.format(bus=bus), encoding="ascii")
        avahi.write_text(_AVAHI, encoding="ascii")
        said = ("--print-address=1",)
        daemon = await self.spawn(
            *self._far, "dbus-daemon", "--nofork", f"--config-file={config}", *said
        )
        self._bus = ("env", f"DBUS_SYSTEM_BUS_ADDRESS={(await _line(daemon)).strip()}")
        avahi_daemon = await self.spawn(
            *(*self._far, *self._bus, "avahi-daemon", "--file", str(avahi)),
            *("--no-drop-root", "--no-chroot", "--no-rlimits"),
            stderr=STDOUT,
        )
        while "enumeration completed" not in await _line(avahi_daemon):
            pass  # before that, it is not on the bus
        self._browser = await self.browse()

    async def browse(self) -> Process:
        return await self.spawn(
            *(*self._far, *self._bus, "stdbuf", "-oL", "avahi-browse"),
            *("--all", "--resolve", "--parsable", "--no-db-lookup"),
        )

    async def _ip(self, side: tuple[str, ...], *commands: str) -> None:
        for command in commands:
            process = await asyncio.create_subprocess_exec(*side, "ip", *command.split())
            assert await process.wait() == 0, command


class _Loopback(_Base):
    addresses = ("127.0.0.1", "127.0.0.2")

    async def start(self) -> None:
        self._place = self._folder / "place"
        self._place.write_text(self.addresses[0], encoding="ascii")
        self._browser = await self.browse()

    async def browse(self) -> Process:
        return await self.spawn(sys.executable, "-m", "tests.peers.mdns_browser")

    async def speaker(self, name: str, key: str) -> Process:
        return await self.spawn(*_SPEAKER, name, key, "127.0.0.1", str(self._place))

    async def move(self) -> None:
        self._place.write_text(self.addresses[1], encoding="ascii")


async def _find(browser: Process, wanted: Callable[[Seen], bool]) -> Seen:
    async with asyncio.timeout(15):
        while True:
            seen = _read(await _line(browser))
            if seen and wanted(seen):
                return seen


async def stop(process: Process) -> int:
    """SIGTERM; returns the exit code."""
    process.send_signal(signal.SIGTERM)
    return await process.wait()


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def _line(process: Process) -> str:
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "the other side is gone"
    return line.decode()


def _read(line: str) -> Seen | None:
    plain = re.sub(rb"\\(\d{3})", lambda each: bytes([int(each[1])]), line.rstrip("\n").encode())
    fields = plain.decode().split(";")
    if fields[0] == "-":
        return Seen("-", fields[3], fields[4])
    if fields[0] != "=":
        return None
    text = dict(each.split("=", 1) for each in re.findall(r'"([^"]*)"', fields[9]))
    return Seen("=", fields[3], fields[4], fields[6], fields[7], int(fields[8]), text)

"""Starts the real Ren as a process of its own, as scripts/run does, and talks to it."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp


class Ren:
    """A running Ren."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self._log = log
        self.started_at = time.monotonic()
        self.http = aiohttp.ClientSession(url)

    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text()

    async def until_up(self, within_s: float = 20.0) -> float:
        """Wait for /health; seconds since the process was started."""
        while True:
            try:
                async with self.http.get("/health") as response:
                    assert response.status == 200
                    return time.monotonic() - self.started_at
            except aiohttp.ClientConnectionError:
                self.check_alive(within_s)
                await asyncio.sleep(0.01)

    async def until_logged(self, text: str, within_s: float = 60.0) -> None:
        """Wait for a line in the log."""
        began = time.monotonic()
        while text not in self.log():
            self.check_alive(within_s + began - self.started_at)
            await asyncio.sleep(0.05)

    async def until_voice(self, state: str, within_s: float = 60.0) -> None:
        """Wait until /hub/health reports this state of the voice."""
        began = time.monotonic()
        while (await self.get("/hub/health"))["voice"]["state"] != state:
            self.check_alive(within_s + began - self.started_at)
            await asyncio.sleep(0.05)

    def check_alive(self, within_s: float) -> None:
        """Fail when it has died, or when this takes too long."""
        if self.process.returncode is not None:
            raise AssertionError(f"Ren has stopped:\n{self.log()}")
        if time.monotonic() - self.started_at > within_s:
            raise AssertionError(f"not within {within_s:.0f} s:\n{self.log()}")

    async def get(self, path: str) -> Any:
        async with self.http.get(path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def chat(self, message: str, tier: str = "local") -> str:
        async with self.http.post("/chat", json={"message": message, "tier": tier}) as response:
            body = await response.json()
            assert response.status == 200, body
            reply: str = body["reply"]
            return reply

    async def stop(self) -> int:
        """Ask it to stop; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 10)


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def running(
    folder: Path, *, command: Sequence[str] = ("serve",), **settings: str
) -> AsyncIterator[Ren]:
    """Ren with its data in `folder` and these settings, and no others from outside."""
    port = int(settings.get("REN_PORT") or free_port())
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("REN_", "WREN_", "ANTH"))}
    environment = outside | {
        "REN_PORT": str(port),
        "REN_DATA_DIR": str(folder / "data"),
        "REN_MDNS_ENABLED": "false",
        **settings,
    }
    log = folder / "log.txt"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ren_device", *command),
            env=environment,
            cwd=Path(__file__).parent.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    ren = Ren(process, f"http://127.0.0.1:{port}", log)
    try:
        yield ren
    finally:
        await ren.http.close()
        if process.returncode is None:
            process.kill()
            await process.wait()

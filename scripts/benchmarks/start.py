"""From the process's start to the first answer of /health, engines loading or not."""

import asyncio
import tempfile
from pathlib import Path

from scripts.benchmarks.figures import median, p95, table
from tests.ren import running

ROUNDS = 7


def run() -> str:
    """Measure; returns Markdown."""
    rows = []
    for name, voice in (("typed only", "false"), ("with voice, engines loading", "true")):
        took = [asyncio.run(_start(voice)) for _ in range(ROUNDS)]
        up = [health for health, _ in took]
        ready = [voice for _, voice in took if voice is not None]
        rows.append(
            (
                name,
                f"{median(up):.2f} s",
                f"{p95(up):.2f} s",
                f"{median(ready):.1f} s" if ready else "-",
            )
        )
    return table(("start", "/health, median", "95th percentile", "voice ready, median"), rows)


async def _start(voice: str) -> tuple[float, float | None]:
    with tempfile.TemporaryDirectory() as folder:
        sound = {"REN_VOICE_ENABLED": voice, "REN_MICROPHONE": "none", "REN_SPEAKER": "none"}
        async with running(Path(folder), **sound) as ren:
            up = await ren.until_up()
            if voice == "false":
                return up, None
            loop = asyncio.get_running_loop()
            began = loop.time()
            await ren.until_logged("voice is ready")
            return up, up + loop.time() - began

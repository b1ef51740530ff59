"""What listening costs: processor time of a Ren to which nobody speaks, in four rooms."""

import asyncio
import tempfile
from itertools import islice
from pathlib import Path

import numpy as np

from scripts.benchmarks.figures import cpu_s, table
from scripts.benchmarks.voice_corpus import questions, with_music
from tests.ren import running
from tests.voices import silence, with_noise, write_wav

_SETTLE_S = 3.0
_LEVELS_DB = {"noise": 25.0, "music": 25.0, "talk": 25.0}
"""So far below speech at the microphone; all of it is well audible."""


def run(*, quick: bool = False) -> str:
    """Measure; returns Markdown."""
    return asyncio.run(_run(10.0, 1) if quick else _run(12.0, 4))


async def _run(seconds: float, rooms: int) -> str:
    rows = []
    for room, pcm in islice(_rooms(seconds + _SETTLE_S).items(), rooms):
        used = await _listening(pcm, seconds)
        rows.append((room, f"{used * 1000:.0f} ms", f"{used:.1%}"))
    head = "Listening while nobody speaks to it:"
    return f"{head}\n\n{table(('room', 'CPU a second', 'of one core'), rows)}"


def _rooms(seconds: float) -> dict[str, bytes]:
    nothing = silence(seconds)
    talk = b"".join(clip.pcm for clip in questions())
    return {
        "silent": nothing,
        "steady noise": with_noise(nothing, _LEVELS_DB["noise"]),
        "music": with_music(nothing, _LEVELS_DB["music"]),
        "people talking far away": with_noise(_softer(talk, len(nothing)), 45.0),
    }


def _softer(pcm: bytes, length: int) -> bytes:
    samples = np.resize(np.frombuffer(pcm, "<i2"), length // 2)
    softer: bytes = (samples * 10 ** (-_LEVELS_DB["talk"] / 20)).astype("<i2").tobytes()
    return softer


async def _listening(pcm: bytes, seconds: float) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wav(folder / "in.wav", pcm)
        settings = {
            "REN_VOICE_ENABLED": "true",
            "REN_MICROPHONE": f"wav:{folder / 'in.wav'}",
            "REN_SPEAKER": f"wav:{folder / 'out.wav'}",
        }
        async with running(folder, **settings) as ren:
            await ren.until_up()
            await ren.until_voice("idle")
            await asyncio.sleep(_SETTLE_S)
            before = cpu_s(ren.process.pid)
            await asyncio.sleep(seconds)
            used = (cpu_s(ren.process.pid) - before) / seconds
            await ren.stop()
    return used

"""Plays a recording to a real Ren, in real time, and looks at it from outside: what did it do when?

Ren is a process of its own with its real engines. What it heard is read from its thread, when it
spoke from the loudspeaker's file, and where the time went from `ren-device trace`.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ren_device.model import SAMPLE_RATE_HZ
from scripts.benchmarks.figures import proportional_mb
from scripts.benchmarks.voice_corpus import Asked, Recording
from tests.messages_server import MessagesServer
from tests.ren import Ren, running
from tests.voices import read_wav, write_wav

AUDIBLE = 328  # -40 dBFS
_SHORTEST_S = 0.05
"""A sound that is shorter is a click."""
_FRAME = 512
_GAP_S = 0.1
"""A silence that is shorter does not end a sound."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of a question. Times are in seconds after its last sample."""

    asked: Asked
    sounds: tuple[tuple[float, float], ...]
    """When Ren began to say something and when it stopped, until the next question began."""
    transcripts: tuple[str, ...]
    """The turns that came of it, in order."""
    stages_ms: Mapping[str, int]

    @property
    def delay_s(self) -> float | None:
        """Until the answer began; None when nothing was said in time."""
        return next((begin for begin, _ in self.sounds if begin >= 0), None)

    @property
    def spoke_over_s(self) -> float:
        """How long Ren spoke before the person had finished."""
        return sum(min(end, 0.0) - begin for begin, end in self.sounds if begin < 0)

    @property
    def words(self) -> str:
        """What Ren took the person to say."""
        return " ".join(self.transcripts)


@dataclass(frozen=True, slots=True)
class Played:
    """A recording after it was played."""

    recording: Recording
    heard: tuple[Heard, ...]
    stray: int
    """Sounds that nobody asked for, before the first question."""
    memory_mb: tuple[float, float]
    """Resident and proportional, at the end."""
    log: str


async def play(recording: Recording, server: MessagesServer, **settings: str) -> Played:
    """Start a Ren, play the recording to it and stop it again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_wav(folder / "in.wav", recording.pcm)
        sound = {
            "REN_VOICE_ENABLED": "true",
            "REN_MICROPHONE": f"wav:{folder / 'in.wav'}",
            "REN_SPEAKER": f"wav:{folder / 'out.wav'}",
            "ANTHROPIC_API_KEY": server.key,
            "ANTHROPIC_BASE_URL": server.url,
        }
        async with running(folder, **(sound | settings)) as ren:
            await ren.until_up()
            zero = await _begun(folder / "out.wav", ren)
            ends_in_s = recording.seconds - (datetime.now() - zero).total_seconds()  # noqa: DTZ005
            await asyncio.sleep(ends_in_s)
            memory = proportional_mb(ren.process.pid)
            said = await _said(ren, zero)
            traced = await _traced(folder / "data", zero)
            log = ren.log()
            await ren.stop()
        sounds = _sounds(read_wav(folder / "out.wav"))
    return _sorted(recording, sounds, said, traced, memory, log)


async def _begun(speaker: Path, ren: Ren) -> datetime:
    """Wait for the recording of the loudspeaker to begin; the microphone's does at that moment."""
    while not _size(speaker):
        ren.check_alive(60)
        await asyncio.sleep(0.002)
    return datetime.now()  # noqa: DTZ005  as Ren dates its turns


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


async def _said(ren: Ren, zero: datetime) -> list[tuple[float, str]]:
    """Every spoken turn in Ren's memory: seconds after the beginning, and its words."""
    turns = (await ren.get("/memory?limit=200"))["turns"]
    return [
        ((datetime.fromisoformat(turn["created_at"]) - zero).total_seconds(), turn["content"])
        for turn in turns
        if turn["role"] == "user"
    ]


async def _traced(data: Path, zero: datetime) -> list[tuple[float, dict[str, int]]]:
    """Every turn's stages, with the end of speech in seconds after the beginning."""
    outside = {key: value for key, value in os.environ.items() if not key.startswith("REN_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ren_device", "trace", "--json", "-n", "200"),
        env=outside | {"REN_DATA_DIR": str(data)},
        stdout=asyncio.subprocess.PIPE,
    )
    written, _ = await process.communicate()
    turns: list[dict[str, Any]] = [json.loads(line) for line in written.splitlines()]
    return [
        ((datetime.fromisoformat(turn["at"]) - zero) / timedelta(seconds=1), turn["stages_ms"])
        for turn in turns
    ]


def _sounds(pcm: bytes) -> list[tuple[float, float]]:
    """When each sound begins and ends that can be speech, in seconds."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
    if not len(loud):
        return []
    pauses = np.flatnonzero(np.diff(loud) > _GAP_S * SAMPLE_RATE_HZ)
    firsts = loud[np.concatenate(([0], pauses + 1))]
    lasts = loud[np.concatenate((pauses, [len(loud) - 1]))]
    return [
        (float(first) / SAMPLE_RATE_HZ, float(last) / SAMPLE_RATE_HZ)
        for first, last in zip(firsts, lasts, strict=True)
        if last - first > _SHORTEST_S * SAMPLE_RATE_HZ and not _is_tone(samples[first:last])
    ]


def _is_tone(samples: NDArray[np.float32]) -> bool:
    """Whether it is one of Ren's cues, which are sine tones: no answer yet."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME))) ** 2
    strongest = np.clip(power.argmax(axis=1)[:, None] + np.arange(-3, 4), 0, power.shape[1] - 1)
    share = np.take_along_axis(power, strongest, 1).sum(axis=1) / np.maximum(power.sum(axis=1), 1.0)
    return float(np.median(share)) > 0.9


def _sorted(
    recording: Recording,
    sounds: list[tuple[float, float]],
    said: list[tuple[float, str]],
    traced: list[tuple[float, dict[str, int]]],
    memory: tuple[float, float],
    log: str,
) -> Played:
    """To each question what happened between its beginning and the next one's."""
    begins = [asked.begins / SAMPLE_RATE_HZ for asked in recording.asked]
    heard = []
    for asked, begin, until in zip(
        recording.asked, begins, [*begins[1:], recording.seconds], strict=True
    ):
        end = asked.ends / SAMPLE_RATE_HZ
        stages: dict[str, int] = {}
        for at, each in traced:
            if begin <= at < until:
                stages = each
        heard.append(
            Heard(
                asked,
                tuple((at - end, to - end) for at, to in sounds if begin <= at < until),
                tuple(words for at, words in said if begin <= at < until),
                stages,
            )
        )
    stray = sum(at < begins[0] for at, _ in sounds)
    return Played(recording, tuple(heard), stray, memory, log)

"""The whole speaker, spoken to: from the last sample of a question to the first of the answer.

A real process with real engines, its microphone and loudspeaker files in real time. The cloud
tiers talk to a scripted Messages API (300 ms to the first token, 50 tokens a second); the local
tier runs in the same way for comparison.
"""

import asyncio
import re
import tempfile
from pathlib import Path

import numpy as np

from scripts.benchmarks.figures import cpu_s, median, p95, resident_mb, table
from tests.messages_server import Answer, MessagesServer
from tests.ren import Ren, running
from tests.voices import Voice, read_wav, say, silence, with_noise, write_wav

VOICES: tuple[Voice, ...] = ("flite-slt", "flite-rms")
QUESTIONS = (
    "What time is it?",
    "Set a timer for five minutes.",
    "How much time is left?",
    "Turn the volume up.",
    "What is on my shopping list?",
    "Add milk to the shopping list.",
    "What day is it today?",
    "Cancel the timer.",
)
REPLY = "Sure, here is what I found for you. It is a short answer, and this is how it ends."
FOR_THE_ANSWER_S = 6.5
AUDIBLE = 328  # -40 dBFS
IDLE_S = 20.0


def run() -> str:
    """Measure; returns Markdown."""
    return asyncio.run(_run())


async def _run() -> str:
    reports = []
    idle = ""
    script = MessagesServer(lambda _: Answer(REPLY), first_token_s=0.3, tokens_per_s=50)
    async with script as server:
        cloud = {"ANTHROPIC_API_KEY": server.key, "ANTHROPIC_BASE_URL": server.url}
        for name, settings, noise_db in (
            ("scripted cloud model", cloud, None),
            ("scripted cloud model", cloud, 15.0),
            ("local tier", {"REN_DEFAULT_TIER": "local"}, None),
        ):
            latencies, stages, asked, idle_now = await _conversation(settings, noise_db)
            idle = idle or idle_now
            reports.append((name, noise_db, latencies, stages, asked))
    names = sorted({stage for _, _, _, stages, _ in reports for stage in stages})
    order = ["endpoint", "transcript", "first_text", "first_clause", "first_speech", "first_sound"]
    heads = ["mind", "noise", "answered", "median", "95th percentile"]
    heads += [stage.replace("_", " ") for stage in order if stage in names]
    rows = []
    for name, noise_db, latencies, stages, asked in reports:
        row: list[object] = [
            name,
            "quiet" if noise_db is None else f"{noise_db:.0f} dB below speech",
            f"{len(latencies)} of {asked}",
            f"{median(latencies):.2f} s",
            f"{p95(latencies):.2f} s",
        ]
        row += [f"{median(stages[stage]):.0f} ms" for stage in order if stage in names]
        rows.append(row)
    return "\n\n".join((idle, table(heads, rows)))


async def _conversation(
    settings: dict[str, str], noise_db: float | None
) -> tuple[list[float], dict[str, list[float]], int, str]:
    """Ask every question in every voice; latencies, stages, how many were asked, the idle cost."""
    recording = silence(IDLE_S + 4)
    ends: list[int] = []
    for voice in VOICES:
        for question in QUESTIONS:
            recording += say("Hey Jarvis", voice) + silence(0.7) + say(question, voice)
            ends.append(len(recording) // 2)
            recording += silence(FOR_THE_ANSWER_S)
    if noise_db is not None:
        recording = with_noise(recording, noise_db)
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        write_wav(folder / "in.wav", recording)
        sound = {
            "REN_VOICE_ENABLED": "true",
            "REN_MICROPHONE": f"wav:{folder / 'in.wav'}",
            "REN_SPEAKER": f"wav:{folder / 'out.wav'}",
        }
        async with running(folder, **sound, **settings) as ren:
            await ren.until_up()
            await ren.until_voice("idle")
            idle = await _idle(ren)
            await asyncio.sleep(len(recording) / 32_000 - IDLE_S)
            memory = f"resident memory after all of it {resident_mb(ren.process.pid):.0f} MB"
            log = ren.log()
            await ren.stop()
        latencies = _latencies(np.frombuffer(read_wav(folder / "out.wav"), "<i2"), ends)
    stages: dict[str, list[float]] = {}
    for line in re.findall(r"first sound \d+ ms after the last word: (.*)", log):
        for stage, ms in re.findall(r"(\w+)=(-?\d+)", line):
            stages.setdefault(stage, []).append(float(ms))
    return latencies, stages, len(ends), f"{idle}; {memory}."


def _latencies(heard: np.ndarray, ends: list[int]) -> list[float]:
    """Seconds from each question's last sample to the first audible one after it."""
    found = []
    for end in ends:
        window = heard[end : end + int((FOR_THE_ANSWER_S - 1) * 16_000)]
        loud = np.flatnonzero(np.abs(window.astype(np.int32)) > AUDIBLE)
        if len(loud):
            found.append(float(loud[0]) / 16_000)
    return found


async def _idle(ren: Ren) -> str:
    """What listening to a silent room costs."""
    pid = ren.process.pid
    before = cpu_s(pid)
    await asyncio.sleep(IDLE_S)
    used = (cpu_s(pid) - before) / IDLE_S
    return (
        f"Idle listening: {used * 1000:.0f} ms of CPU a second; "
        f"resident memory with everything loaded {resident_mb(pid):.0f} MB"
    )

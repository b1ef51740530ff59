"""Where the memory is, for each profile: part after part, and in a Ren that has been spoken to."""

import asyncio
import json
import subprocess
import sys

from scripts.benchmarks.figures import table
from scripts.benchmarks.voice_corpus import questions, record
from scripts.benchmarks.voice_run import play
from tests.messages_server import Answer, MessagesServer

PROFILES = ("full", "small")
REPLY = "Sure, here is what I found for you. It is a short answer."
ANSWER_S = 4.5

Row = tuple[str, float, float]
"""A part, and resident and proportional MB when it is there."""


def run() -> str:
    """Measure; returns Markdown."""
    found = {profile: _profile(profile) for profile in PROFILES}
    parts = list(dict.fromkeys(part for rows in found.values() for part, _, _ in rows))
    rows = [
        [part, *(cell for each in found.values() for cell in _cells(each, part))] for part in parts
    ]
    heads = [head for profile in PROFILES for head in (f"{profile}: adds", "resident", "PSS")]
    real = [[profile, *asyncio.run(_spoken_to(profile))] for profile in PROFILES]
    return "\n\n".join(
        (
            "One process that loads part after part, and then uses them; MB:",
            table(["part", *heads], rows),
            "A whole Ren, with a cloud model, seen from outside:",
            table(("profile", "questions answered", "resident", "PSS"), real),
        )
    )


async def _spoken_to(profile: str) -> tuple[str, str, str]:
    recording = record(profile, questions(2), ANSWER_S)
    script = MessagesServer(lambda _: Answer(REPLY), first_token_s=0.3, tokens_per_s=50)
    async with script as server:
        played = await play(recording, server, REN_PROFILE=profile)
    answered = sum(each.delay_s is not None for each in played.heard)
    resident, proportional = played.memory_mb
    return f"{answered} of {len(played.heard)}", f"{resident:.0f} MB", f"{proportional:.0f} MB"


def _cells(rows: list[Row], part: str) -> tuple[str, str, str]:
    before = 0.0
    for name, resident, proportional in rows:
        if name == part:
            return f"{resident - before:+.0f}", f"{resident:.0f}", f"{proportional:.0f}"
        before = resident
    return "-", "-", "-"


def _profile(profile: str) -> list[Row]:
    command = [sys.executable, "-m", "scripts.benchmarks.memory_parts", profile]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [tuple(json.loads(line)) for line in printed.splitlines()]

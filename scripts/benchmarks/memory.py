"""Where the memory is: one process loads part after part, for each profile, and then uses them.

Then the real thing: a Ren that has loaded everything, as `resident memory` has it from outside.

    python -m scripts.benchmarks.memory full|small

prints the rows of one profile; the benchmark runs it in a process of its own, so that nothing that
was there before is counted.
"""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import aclosing
from importlib import import_module

from ren_device import allocator
from ren_device.ports import IntentMatcher, SpeechToText, TextToSpeech
from scripts.benchmarks.figures import proportional_mb, table

PROFILES = ("full", "small")
SAID = "Wake me up at half past seven tomorrow morning, please."
LONG = (
    "The alarm is set for half past seven tomorrow, and I will say good morning, and then I will "
    "tell you what the weather is going to be like, and what there is in your calendar. "
) * 2
ROUNDS = 5

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
    return "\n\n".join(
        (
            "One process that loads part after part, and then uses them; MB:",
            table(["part", *heads], rows),
        )
    )


def _cells(rows: list[Row], part: str) -> tuple[str, str, str]:
    before = 0.0
    for name, resident, proportional in rows:
        if name == part:
            return f"{resident - before:+.0f}", f"{resident:.0f}", f"{proportional:.0f}"
        before = resident
    return "-", "-", "-"


def _profile(profile: str) -> list[Row]:
    command = [sys.executable, "-m", __name__, profile]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [tuple(json.loads(line)) for line in printed.splitlines()]


def measure(profile: str) -> None:
    """Load and use this profile here; print a row after each step."""
    _row("the interpreter")
    allocator.tune()
    import_module("ren_device.app")
    _row("Ren without engines")
    from ren_device import choice
    from ren_device.settings import Settings

    settings = Settings(profile=profile)
    import_module("numpy")
    _row("numpy")
    kept: list[object] = [choice.load_wake_word(settings)]
    _row("wake words")
    kept.append(choice.load_vad()())
    _row("voice detector")
    kept.append(choice.load_echo_canceller())
    _row("echo canceller")
    import_module("onnxruntime")
    _row("onnxruntime")
    stt = choice.load_stt(settings)
    _row("speech to text")
    kept.append(choice.load_turn_detector(settings))
    _row("end of turn")
    tts = choice.load_tts(settings)
    _row("text to speech")
    mind = choice.load_intents()
    _row("offline mind")
    import_module("anthropic")
    _row("the cloud's SDK")
    asyncio.run(_use(stt, tts, mind))


async def _use(stt: SpeechToText, tts: TextToSpeech, mind: IntentMatcher) -> None:
    from tests.voices import say

    for number in range(ROUNDS):
        mind.match("turn on the kitchen light")
        recognition = stt.start()
        recognition.feed(say(SAID, "flite-slt"))
        await recognition.interim()
        await recognition.close()
        for text in ("Okay.", LONG):
            async with aclosing(tts.speak(text)) as speech:
                async for _ in speech:
                    pass
        if number == 0:
            _row("used once")
    _row(f"used {ROUNDS} times")


def _row(part: str) -> None:
    print(json.dumps((part, *proportional_mb(os.getpid()))), flush=True)


if __name__ == "__main__":
    measure(sys.argv[1])

"""One process that loads part after part of Ren, and then uses them; see `memory`.

    python -m scripts.benchmarks.memory_parts full|small

prints a row after each step. Nothing is imported here that would count.
"""

import asyncio
import json
import os
import sys
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from ren_device import allocator
from ren_device.ports import IntentMatcher, SpeechToText, TextToSpeech
from scripts.benchmarks.figures import proportional_mb

SAID = "Wake me up at half past seven tomorrow morning, please."
LONG = (
    "The alarm is set for half past seven tomorrow, and I will say good morning, and then I will "
    "tell you what the weather is going to be like, and what there is in your calendar. "
) * 2
ROUNDS = 5


def measure(profile: str, data_dir: Path) -> None:
    """Load and use this profile here; print a row after each step."""
    _row("the interpreter")
    allocator.tune()
    import_module("ren_device.app")
    _row("Ren without engines")
    from ren_device import choice
    from ren_device.settings import Settings

    settings = Settings(profile=profile, data_dir=data_dir)
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
    with TemporaryDirectory() as folder:
        measure(sys.argv[1], Path(folder))

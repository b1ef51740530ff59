"""How well and how fast durations, moments and recurrences are understood, by the table of phrases.

`wrong`: something would have been set that was not meant. `asked`: nothing would have been set,
but another question asked than the table expects. A third is held out, by hash: what became of it
was not used to write the parser.
"""

import time

from ren_device.assistant.language import Language
from scripts.benchmarks.figures import median, p95, table
from tests.assistant.phrases import phrases, tally

_LONGEST = 400
"""Characters; more is no command."""


def run() -> str:
    """Measure; returns Markdown."""
    quality: list[tuple[object, ...]] = []
    speed: list[tuple[object, ...]] = []
    for code in ("en", "de"):
        language = Language(code)
        for part, held_out in (("seen", False), ("held out", True)):
            found = tally(language, code, held_out=held_out)
            share = f"{found['right'] / found.total():.1%}"
            counts = found["right"], found["wrong"], found["asked"]
            quality.append((code, part, found.total(), *counts, share))
        for name, repeated in (("a phrase", 1), ("400 characters of one phrase", _LONGEST)):
            took_ms = _took_ms(language, code, repeated)
            times = (median(took_ms), p95(took_ms), max(took_ms))
            speed.append((code, name, *(f"{each:.2f} ms" for each in times)))
    return "\n\n".join(
        (
            table(("language", "part", "phrases", "right", "wrong", "asked", "right"), quality),
            table(("language", "text", "median CPU", "95 %", "longest"), speed),
        )
    )


def _took_ms(language: Language, code: str, repeated: int) -> list[float]:
    took = []
    for phrase in phrases(code):
        text = (f"{phrase.text} " * repeated)[:_LONGEST]
        began = time.thread_time()  # other work on the machine does not count
        language.moments.find_when(text, phrase.now)
        took.append((time.thread_time() - began) * 1000)
    return took

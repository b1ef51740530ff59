"""How well and how fast the offline mind understands its corpora, by threshold.

`right` means the very tools, arguments or words. The held-out third is chosen by hash; what became
of it was not used when the sentences, the prices of mistakes and the threshold were chosen.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable

from ren_device.engines.hassil_intents import THRESHOLD, HassilMatcher
from scripts.benchmarks.figures import median, p95, table
from tests.assistant.alert_sentences import alert_sentences, understand_alert, verdict
from tests.assistant.corpus import Sentence, sentences, understand

THRESHOLDS = (101.0, 95.0, 90.0, 85.0, 80.0, 75.0, 70.0)
"""The first is exact matches only."""

_KINDS: tuple[tuple[str, Callable[[Sentence], bool]], ...] = (
    ("said", lambda each: each.meant_for_ren and not each.misheard),
    ("misheard", lambda each: each.meant_for_ren and each.misheard),
    ("other talk", lambda each: not each.meant_for_ren and not each.misheard),
    ("garbled", lambda each: not each.meant_for_ren and each.misheard),
)


def run() -> str:
    """Measure; returns Markdown."""
    corpus = list(sentences())
    quality: list[tuple[object, ...]] = []
    speed: list[tuple[object, ...]] = []
    for threshold in THRESHOLDS:
        began = time.perf_counter()
        matcher = HassilMatcher.load(threshold=threshold)
        load_s = time.perf_counter() - began
        name = "exact only" if threshold > 100 else f"{threshold:g}"
        name += " (chosen)" if threshold == THRESHOLD else ""
        verdicts, took_ms = asyncio.run(_verdicts(matcher, corpus))
        for held_out, part in ((False, "train"), (True, "held out")):
            quality += [(name, part, *_rates(verdicts, held_out))]
        times = f"{load_s:.2f} s", f"{median(took_ms):.1f} ms", f"{p95(took_ms):.1f} ms"
        speed.append((name, *times))
    return "\n\n".join(
        (
            table(
                (
                    "threshold",
                    "part",
                    "said: right",
                    "misheard: right",
                    "misheard: other arguments",
                    "wrong tool",
                    "other talk: acted",
                    "garbled: acted",
                ),
                quality,
            ),
            table(("threshold", "load, warm imports", "sentence, median CPU", "95 %"), speed),
            table(
                ("alerts and lists", "part", "right", "wrong", "asked", "not understood"),
                asyncio.run(_alerts()),
            ),
        )
    )


async def _alerts() -> list[tuple[object, ...]]:
    """Whole sentences with the tool calls that they are, by language."""
    rows: list[tuple[object, ...]] = []
    for language in ("en", "de"):
        matcher = HassilMatcher.load(language)
        parts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
        for each in alert_sentences(language):
            what = await understand_alert(matcher, language, each.text)
            parts[each.held_out][verdict(each, what)] += 1
        for held_out, name in ((False, "train"), (True, "held out")):
            counted = [_of(parts[held_out], of) for of in ("right", "wrong", "asked", "missed")]
            rows.append((language, name, *counted))
    return rows


async def _verdicts(
    matcher: HassilMatcher, corpus: list[Sentence]
) -> tuple[list[tuple[Sentence, str]], list[float]]:
    found: list[tuple[Sentence, str]] = []
    took_ms: list[float] = []
    for sentence in corpus:
        began = time.thread_time()  # other work on the machine does not count
        understood = await understand(matcher, sentence.text, facts=sentence.facts)
        took_ms.append((time.thread_time() - began) * 1000)
        found.append((sentence, understood.verdict(sentence)))
    return found, took_ms


def _rates(verdicts: list[tuple[Sentence, str]], held_out: bool) -> list[str]:
    part = [(sentence, verdict) for sentence, verdict in verdicts if sentence.held_out == held_out]
    by_kind = {
        name: Counter(verdict for sentence, verdict in part if belongs(sentence))
        for name, belongs in _KINDS
    }
    said, misheard, talk, garbled = by_kind.values()
    return [
        _of(said, "right"),
        _of(misheard, "right"),
        _of(misheard, "wrong words"),
        _of(said + misheard, "wrong tool"),
        _of(talk, "false accept"),
        _of(garbled, "false accept"),
    ]


def _of(counts: Counter[str], verdict: str) -> str:
    total = counts.total()
    return f"{counts[verdict]} of {total} ({counts[verdict] / total:.1%})" if total else "-"


if __name__ == "__main__":
    print(run())

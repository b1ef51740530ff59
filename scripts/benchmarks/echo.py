"""Ren's own voice in the microphone: what is taken out, and what is heard of a person over it.

The loudspeaker and the microphone of simulated rooms, in virtual time; the real voice, canceller,
voice detector, wake words and recogniser. Ren is at -20 dBFS at full volume, a person at the
microphone at -26 dBFS.
"""

import asyncio
import math
import re

from rapidfuzz.distance import Levenshtein

from ren_device import choice
from ren_device.engines.simulated_room import HEADPHONES, ROOMS, Acoustics
from ren_device.model import FRAME_BYTES, duration_s
from ren_device.ports import SpeechToText, WakeWord
from ren_device.settings import Settings
from scripts.benchmarks.echo_scenes import (
    ANSWERS,
    PERSON_DBFS,
    REN_DBFS,
    START_S,
    THRESHOLD,
    WAKES,
    Take,
    alone,
    interrupting,
    offset,
    over,
    record,
    spoken_by_ren,
    utterances,
    wakes,
)
from scripts.benchmarks.figures import median, table

MARGIN_S = 0.3  # around an utterance, for the recogniser


async def word_errors(stt: SpeechToText, take: Take) -> float:
    """Percent, over all that was said."""
    wrong = count = 0
    for said in take.said:
        recognition = stt.start()
        recognition.feed(
            take.cleaned[offset(said.begin_s - MARGIN_S) : offset(said.end_s + MARGIN_S)]
        )
        heard = _words(await recognition.interim())
        await recognition.close()
        wrong += Levenshtein.distance(_words(said.text), heard)
        count += len(_words(said.text))
    return 100 * wrong / count


def _words(text: str) -> list[str]:
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def woken_s(wake_word: WakeWord, pcm: bytes) -> list[float]:
    """When."""
    wake_word.reset()
    woken = []
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        wake = wake_word.process(pcm[at : at + FRAME_BYTES])
        if wake is not None and wake.certainty == "sure":
            woken.append(duration_s(pcm[:at]))
    return woken


def _found(take: Take, woken: list[float]) -> set[float]:
    return {
        said.begin_s
        for said in take.said
        if any(said.begin_s < at < said.end_s + 0.6 for at in woken)
    }


def run() -> str:
    """Measure; returns Markdown."""
    answers = spoken_by_ren()
    vad = choice.load_vad()()
    wake_word = choice.load_wake_word(Settings())
    removed, heard = [], []
    stt = choice.load_stt(Settings())
    try:
        quiet = record(HEADPHONES, answers, vad, over(utterances(), ren=False))
        with asyncio.Runner() as runner:
            baseline = runner.run(word_errors(stt, quiet))
            for room in ROOMS:
                takes = [
                    record(room, answers, vad, scene)
                    for scene in (alone, over(utterances()), interrupting, over(wakes()))
                ]
                removed.append(_removed(room, takes[0], wake_word))
                heard.append(_heard(room, takes, runner, stt, wake_word))
    finally:
        asyncio.run(stt.close())
    return "\n\n".join(
        (
            f"Ren speaks alone, {len(ANSWERS) * 2} answers; the person is not there. Echo against "
            "a person's level, what the canceller takes out of it (bounded by the room's noise), "
            "and how often Ren woke or interrupted itself:",
            table(_REMOVED, removed),
            f"{len(utterances())} utterances, 12 of them human, over Ren's voice; Ren goes on "
            "(double talk) or falls silent when it notices (as it does). Without Ren's voice "
            f"{baseline:.0f} % of the words are wrong. Noticed: speech of {START_S * 1000:.0f} ms "
            f"at {THRESHOLD}. The wake word, {len(wakes())} times by {len(WAKES)} voices while Ren "
            "goes on, is looked for in the microphone's sound, in what the canceller leaves, and "
            "in both:",
            table(_HEARD, heard),
        )
    )


_REMOVED = (
    "room", "delay ms", "drift ppm", "echo dB", "first 0.5-1.5 s dB", "steady dB",
    "self-wakes", "self-interruptions",
)  # fmt: skip
_HEARD = (
    "room", "word errors %: double talk", "falls silent", "noticed after ms: median", "90 %",
    "missed", "wake word: microphone", "canceller", "either",
)  # fmt: skip


def _removed(room: Acoustics, take: Take, wake_word: WakeWord) -> tuple[object, ...]:
    first_s = take.spans[0][0]
    steady = [take.removed_db(begin + 0.5, end - 0.3) for begin, end in take.spans[3:]]
    woken = len(woken_s(wake_word, take.near)) + len(woken_s(wake_word, take.cleaned))
    return (
        room.name,
        round(room.delay_s * 1000),
        f"{room.drift_ppm:+.0f}",
        f"{room.echo_db + REN_DBFS - PERSON_DBFS:+.0f}",
        f"{take.removed_db(first_s + 0.5, first_s + 1.5):.0f}",
        f"{median(steady):.0f}",
        woken,
        len(take.noticed_s),
    )


def _heard(
    room: Acoustics,
    takes: list[Take],
    runner: asyncio.Runner,
    stt: SpeechToText,
    wake_word: WakeWord,
) -> tuple[object, ...]:
    _, double_talk, silenced, woken = takes
    delays = sorted(silenced.delays_s())
    by_near = _found(woken, woken_s(wake_word, woken.near))
    by_cleaned = _found(woken, woken_s(wake_word, woken.cleaned))
    return (
        room.name,
        f"{runner.run(word_errors(stt, double_talk)):.0f}",
        f"{runner.run(word_errors(stt, silenced)):.0f}",
        f"{median(delays) * 1000:.0f}",
        f"{delays[round(0.9 * (len(delays) - 1))] * 1000:.0f}",
        sum(math.isinf(delay) for delay in delays),
        f"{len(by_near)} of {len(woken.said)}",
        len(by_cleaned),
        len(by_near | by_cleaned),
    )

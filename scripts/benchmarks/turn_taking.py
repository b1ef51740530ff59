"""Turn-taking: who is cut off, and how long is waited at a true end?

A human voice (telephone prompts) and synthetic ones say sentences, once in one go and once with a
pause of 0.4 to 1.2 s in the middle, over the noise of a quiet room. The real VAD, recogniser and
end-of-turn model listen, and the endpointer decides in several ways. Time is counted in sound; an
opinion arrives 0.12 s after it was asked for. The times were chosen on every other sentence; the
table is of the rest.
"""

import asyncio
import os
import time
from dataclasses import dataclass, replace

from ren_device import choice
from ren_device.model import SAMPLE_RATE_HZ
from ren_device.ports import SpeechToText, TurnDetector, VoiceActivity
from ren_device.settings import Settings
from ren_device.voice.endpointing import (
    Endpointer,
    EndpointingPolicy,
    Habits,
    Opinion,
    Signal,
)
from scripts.benchmarks.figures import median, p95, resident_mb, table
from scripts.benchmarks.turn_clips import Clip, clips
from tests.voices import say

LATE_S = 0.12
QUESTIONS = 20
ANSWER_S = 0.55  # from a likely end to an answer: 0.3 s to the first token, 0.25 s to speak it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a clip: where the turn ended."""

    clip: Clip
    ended_s: float
    likely_s: float | None
    """When an answer was begun ahead, if so."""

    @property
    def cut_off(self) -> bool:
        """Whether the person had more to say."""
        return self.clip.pause is not None and self.ended_s < self.clip.pause[1]

    @property
    def answered_s(self) -> float:
        """When the first sound of a cloud model's answer would be heard."""
        began_s = self.ended_s if self.likely_s is None else self.likely_s
        return max(self.ended_s, began_s + ANSWER_S)

    @property
    def heard_s(self) -> float:
        """How much of an answer they had heard when they went on; below 0 none."""
        return -1.0 if self.clip.pause is None else self.clip.pause[1] - self.answered_s


class Listener:
    """The real engines; each clip is looked at once."""

    def __init__(self, stt: SpeechToText, vad: VoiceActivity, detector: TurnDetector) -> None:
        self._stt = stt
        self._vad = vad
        self._detector = detector
        self.chunk_s = vad.chunk_bytes / 2 / SAMPLE_RATE_HZ

    def hear(self, clip: Clip) -> None:
        """The VAD's probabilities."""
        self._vad.reset()
        size = self._vad.chunk_bytes
        clip.probabilities = [
            self._vad.process(clip.pcm[at : at + size])
            for at in range(0, len(clip.pcm) - size + 1, size)
        ]

    async def opinion(self, clip: Clip, chunks: int) -> Opinion:
        """What the recogniser and the model say of the clip's first so many chunks."""
        if chunks not in clip.opinions:
            pcm = clip.pcm[: chunks * self._vad.chunk_bytes]
            recognition = self._stt.start()
            recognition.feed(pcm)
            words = await recognition.interim()
            await recognition.close()
            clip.opinions[chunks] = Opinion(words, await self._detector.probability(pcm))
        return clip.opinions[chunks]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to decide."""

    name: str
    policy: EndpointingPolicy
    use_words: bool = True
    use_sound: bool = True

    def sees(self, opinion: Opinion) -> Opinion:
        """The part of an opinion that it looks at."""
        return Opinion(
            opinion.words if self.use_words else "Yes.",
            opinion.probability if self.use_sound else None,
        )


async def decide(listener: Listener, clip: Clip, way: Way, habits: Habits) -> Outcome:
    """Run the endpointer over a clip."""
    endpointer = Endpointer(way.policy, listener.chunk_s, habits)
    due: tuple[int, Opinion] | None = None
    likely_s: float | None = None
    for at, probability in enumerate(clip.probabilities):
        if due is not None and at >= due[0]:
            endpointer.judge(way.sees(due[1]))
            due = None
            likely_s = at * listener.chunk_s if endpointer.likely_over else None
        signal = endpointer.feed(probability)
        if signal is Signal.PAUSED:
            opinion = await listener.opinion(clip, at + 1)
            due = at + 1 + round(LATE_S / listener.chunk_s), opinion
        elif signal is Signal.RESUMED:
            due = likely_s = None
        elif signal in (Signal.ENDED, Signal.NO_SPEECH):
            return Outcome(clip, (at + 1) * listener.chunk_s, likely_s)
    return Outcome(clip, len(clip.probabilities) * listener.chunk_s, likely_s)


# --- the table ------------------------------------------------------------------------------------


def ways() -> list[Way]:
    """What is compared."""
    ours = EndpointingPolicy()
    return [
        Way("fixed silence of 0.7 s", replace(ours, ask_s=9.0, incomplete_s=0.7)),
        Way("words alone", ours, use_sound=False),
        Way("sound alone", replace(ours, doubtful_s=ours.incomplete_s), use_words=False),
        Way("words and sound", ours),
    ]


def run() -> str:
    """Measure; returns Markdown."""
    return asyncio.run(_run())


async def _run() -> str:
    settings = Settings()
    stt, vad = choice.load_stt(settings), choice.load_vad()()
    pid = os.getpid()
    before_mb, began_s = resident_mb(pid), time.process_time()
    detector = choice.load_turn_detector(settings)
    assert detector is not None, "scripts/run --setup-only fetches it"
    loaded = f"Loading smart-turn takes {time.process_time() - began_s:.2f} s of processor time"
    loaded += f" and {resident_mb(pid) - before_mb:.0f} MB"
    pcm = say("Set a timer for five minutes.", "flite-slt")
    began_s = time.process_time()
    for _ in range(QUESTIONS):
        await detector.probability(pcm)
    loaded += f"; a question {(time.process_time() - began_s) / QUESTIONS * 1000:.0f} ms."
    listener = Listener(stt, vad, detector)
    judged = clips()
    for clip in judged:
        listener.hear(clip)
    rows = [row for way in ways() for row in await rows_of(listener, judged, way)]
    await stt.close()
    await detector.close()
    return f"{loaded}\n\n{table(HEADS, rows)}"


async def rows_of(listener: Listener, judged: list[Clip], way: Way) -> list[tuple[str, ...]]:
    """A way's lines of the table: the human voice, and the others."""
    rows = []
    for human in (True, False):
        habits = {clip.voice: Habits() for clip in judged}
        outcomes = [
            await decide(listener, clip, way, habits[clip.voice])
            for clip in judged
            if (clip.voice == "human") == human
        ]
        rows.append((way.name, "human" if human else "synthetic", *_figures(outcomes)))
    return rows


HEADS = (
    "decided by",
    "voices",
    "pauses, ends",
    "turn ended in a pause",
    "and an answer began",
    "and over 0.3 s of it were heard",
    "silence to the end: median",
    "95th percentile",
    "to the answer: median",
    "95th percentile",
)


def _figures(outcomes: list[Outcome]) -> tuple[str, ...]:
    pauses = [each for each in outcomes if each.clip.pause is not None]
    ends = [each for each in outcomes if each.clip.pause is None]
    waited = [each.ended_s - each.clip.end_s for each in ends]
    answered = [each.answered_s - each.clip.end_s for each in ends]
    return (
        f"{len(pauses)}, {len(ends)}",
        f"{sum(each.cut_off for each in pauses) / len(pauses):.0%}",
        f"{sum(each.heard_s > 0 for each in pauses) / len(pauses):.0%}",
        f"{sum(each.heard_s > 0.3 for each in pauses) / len(pauses):.0%}",
        f"{median(waited):.2f} s",
        f"{p95(waited):.2f} s",
        f"{median(answered):.2f} s",
        f"{p95(answered):.2f} s",
    )

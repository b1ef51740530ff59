"""The whole speaker, spoken to: how soon does it answer, and whom does it cut off?

A real process with real engines, its microphone and loudspeaker files in real time, over a scripted
Messages API (300 ms to the first token, 50 tokens a second). Then the same sound for the same
engines behind a fixed silence, and at last what listening costs.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rapidfuzz.distance import Levenshtein

from ren_device.model import SAMPLE_RATE_HZ
from scripts.benchmarks import fixed_silence, idle
from scripts.benchmarks.figures import median, p95, table
from scripts.benchmarks.fixed_silence import Answered
from scripts.benchmarks.voice_corpus import BEDS, Clip, hesitations, questions, record
from scripts.benchmarks.voice_run import Heard, Played, play
from tests.messages_server import Answer, MessagesServer

REPLY = "Sure, here is what I found for you. It is a short answer, and this is how it ends."
SHORT_REPLY = "Sure, here it is."
_FOR_THE_REPLY_S = 5.8
_FOR_THE_SHORT_REPLY_S = 3.2
_PAUSES = ((0.4, 0.6), (0.7, 0.9), (1.0, 1.2))
_BED_EVERY = 8
T = TypeVar("T")
_NOTICED_S = 0.3
"""A shorter bit of an answer is taken for a breath."""
_DIGITS = dict(enumerate("zero one two three four five six seven eight nine".split()))


def run(*, quick: bool = False) -> str:
    """Measure, for twelve minutes or, quickly, three; returns Markdown."""
    return "\n\n".join((asyncio.run(_speak(quick=quick)), idle.run(quick=quick)))


async def _speak(*, quick: bool) -> str:
    clips = questions(5 if quick else 1)
    recordings = [record("quiet room", clips, _FOR_THE_REPLY_S)]
    for number, (kind, below_db) in enumerate(BEDS[1:2] if quick else BEDS):
        some = clips[number :: 2 if quick else _BED_EVERY]
        name = f"{kind}, {below_db:.0f} dB below speech"
        recordings.append(record(name, some, _FOR_THE_REPLY_S, (kind, below_db)))
    hesitant = record("pauses", hesitations(5 if quick else 1), _FOR_THE_SHORT_REPLY_S)
    async with _server(REPLY) as server:
        played = [await play(recording, server) for recording in recordings]
        plain = await fixed_silence.answer_all(recordings, server)
    async with _server(SHORT_REPLY) as server:
        paused = await play(hesitant, server)
    return "\n\n".join(
        (
            "From the last sample of a question to the first of the answer:",
            _delays(played, plain),
            "Where the time goes in a quiet room, as Ren's own trace has it:",
            _stages(played[0].heard),
            "People who pause in the middle of a sentence:",
            _cut_offs(paused),
            _misses([*played, paused]),
        )
    )


def _server(reply: str) -> MessagesServer:
    return MessagesServer(lambda _: Answer(reply), first_token_s=0.3, tokens_per_s=50)


def _delays(played: Sequence[Played], plain: Sequence[Answered]) -> str:
    rows = []
    rest = list(plain)
    for each in played:
        those, rest = rest[: len(each.heard)], rest[len(each.heard) :]
        rows.append(_delay_row(each.recording.name, each.heard, those))
    people = [heard for heard in played[0].heard if heard.asked.clip.human]
    rows.insert(
        1,
        _delay_row(
            "of these, human",
            people,
            [a for a in plain[: len(played[0].heard)] if a.asked.clip.human],
        ),
    )
    everything = [heard for each in played for heard in each.heard]
    rows.append(_delay_row("all", everything, plain))
    heads = ("", "asked", "answered", "median", "95 %", "words right")
    return table((*heads, "fixed silence: median", "95 %", "words right", "Ren's share"), rows)


def _delay_row(name: str, heard: Sequence[Heard], plain: Sequence[Answered]) -> tuple[object, ...]:
    delays = [each.delay_s for each in heard if each.delay_s is not None]
    fixed = [each.delay_s for each in plain if each.words and not each.cut_off]
    return (
        name,
        len(heard),
        len(delays),
        f"{median(delays):.2f} s",
        f"{p95(delays):.2f} s",
        _accuracy((each.asked.clip, each.words) for each in heard if each.words),
        f"{median(fixed):.2f} s",
        f"{p95(fixed):.2f} s",
        _accuracy((each.asked.clip, each.words) for each in plain),
        f"{median(delays) / median(fixed):.0%}",
    )


def _stages(heard: Sequence[Heard]) -> str:
    stages: dict[str, list[float]] = {}
    for each in heard:
        for stage, ms in each.stages_ms.items():
            stages.setdefault(stage, []).append(ms)
    rows = [
        (stage.replace("_", " "), len(times), f"{median(times):.0f} ms", f"{p95(times):.0f} ms")
        for stage, times in stages.items()
    ]
    return table(("stage", "turns", "median", "95th percentile"), rows)


def _cut_offs(paused: Played) -> str:
    plain = fixed_silence.cut_off(paused.recording)
    rows = []
    for first, last in (*_PAUSES, (0.0, 9.9)):
        heard = [each for each in paused.heard if first <= each.asked.clip.pause_s <= last]
        fixed = [cut for asked, cut in plain if first <= asked.clip.pause_s <= last]
        delays = [each.delay_s for each in heard if each.delay_s is not None]
        rows.append(
            (
                f"{first} to {last} s" if first else "all",
                _share(heard, lambda each: each.spoke_over_s > 0),
                _share(heard, lambda each: each.spoke_over_s > _NOTICED_S),
                _share(heard, _torn),
                f"{median(delays):.2f} s",
                _share(fixed, bool),
            )
        )
    heads = ("pause", "Ren began to speak", "for more than 0.3 s", "turn torn")
    both = (*heads, "median until the answer", "torn by the fixed silence")
    those = [
        f"{_shown(each.asked.clip)} ({each.asked.clip.voice}, {each.asked.clip.pause_s} s, "
        f"spoken over for {each.spoke_over_s:.2f} s{', torn' if _torn(each) else ''})"
        for each in paused.heard
        if _torn(each) or each.spoke_over_s > 0
    ]
    return f"{table(both, rows)}\n\nCut off by Ren: {'; '.join(those) or 'nobody'}."


def _torn(heard: Heard) -> bool:
    """Whether the first part was taken for everything."""
    if not heard.transcripts:
        return False
    words, whole = _plain(heard.transcripts[-1]), _plain(heard.asked.clip.text)
    if len(heard.transcripts) > 1:
        return True
    part = whole[: _words_before_pause(heard.asked.clip)]
    return Levenshtein.distance(words, part) < Levenshtein.distance(words, whole)


def _shown(clip: Clip) -> str:
    """The sentence, with a bar about where it pauses."""
    words = clip.text.split()
    words.insert(_words_before_pause(clip), "|")
    return " ".join(words)


def _words_before_pause(clip: Clip) -> int:
    spoken = len(clip.pcm) - clip.pause_s * 2 * SAMPLE_RATE_HZ
    return round(len(clip.text.split()) * len(clip.before_pause) / spoken)


def _misses(played: Sequence[Played]) -> str:
    heard = [each for one in played for each in one.heard]
    kinds = Counter[str]()
    for each in heard:
        if not each.transcripts and each.delay_s is None:
            kinds["without any answer"] += 1
        elif each.delay_s is None:
            kinds["understood and not answered in time"] += 1
        elif not each.transcripts:
            kinds["answered without a turn (an apology or a fixed phrase)"] += 1
        elif len(each.transcripts) > 1:
            kinds["made into more than one turn"] += 1
    stray = sum(one.stray for one in played)
    told = "; ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
    return (
        f"Misses among {len(heard)} questions: {told}. Sounds that nobody had asked for: {stray}."
    )


def _share(all_of: Sequence[T], which: Callable[[T], bool]) -> str:
    count = sum(map(which, all_of))
    return f"{count} of {len(all_of)} ({count / len(all_of):.0%})" if all_of else "-"


def _accuracy(pairs: Iterable[tuple[Clip, str]]) -> str:
    """One less the word error rate, over all words."""
    words = errors = 0
    for clip, heard in pairs:
        wanted = _plain(clip.text)
        words += len(wanted)
        errors += Levenshtein.distance(wanted, _plain(heard))
    return f"{1 - errors / words:.0%}" if words else "-"


def _plain(text: str) -> list[str]:
    text = "".join(_DIGITS.get(ord(c) - 48, c) for c in text.lower())
    return "".join(c for c in text.replace("-", " ") if c.isalnum() or c == " ").split()

"""How often the wake words are missed and how often Ren wakes to something else, on recordings."""

import csv
import re
import statistics
import time
from array import array
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from operator import mul
from pathlib import Path

from ren_device import choice
from ren_device.errors import SettingError
from ren_device.model import FRAME_BYTES, FRAME_S, Wake, duration_s
from ren_device.voice.waking import KEPT_S, Waking

_BLOCK_BYTES = 2 * FRAME_BYTES
_BEFORE = bytes(round(1.6 / FRAME_S) * FRAME_BYTES)  # the quiet before a recording, and behind it
_BEHIND = bytes(round(0.8 / FRAME_S) * FRAME_BYTES)
_KEPT_BYTES = round(KEPT_S / FRAME_S) * FRAME_BYTES
_SHORT_S = 1.6  # a recording that is no longer is the phrase alone: it ends with its last sound
_INAUDIBLE = 1e-4  # of the power of the loudest frame
_LABELS = "labels.csv"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file, the phrase that is said in it, if any, and when that ends, if it is known."""

    path: Path
    phrase: str | None
    end_s: float | None = None


@dataclass(slots=True)
class Tally:
    """What was counted for one phrase."""

    said: int = 0
    missed: list[str] = field(default_factory=list)
    confirmed: int = 0
    false: list[str] = field(default_factory=list)
    delays_s: list[float] = field(default_factory=list)


async def bench(waking: Waking, folder: Path) -> str:
    """A report as Markdown. Raises SettingError and DeviceError."""
    began = time.perf_counter()
    tallies = {phrase: Tally() for phrase in waking.phrases}
    heard_s = other_s = 0.0
    for recording in find(folder, waking.phrases):
        pcm = choice.read_recording(recording.path)
        heard_s += duration_s(pcm)
        wakes = [each async for each in _wakes(waking, pcm)]
        name = str(recording.path.relative_to(folder))
        if recording.phrase is None:
            other_s += duration_s(pcm)
            for wake, _ in wakes:
                tallies[wake.phrase].false.append(name)
        else:
            _count(tallies[recording.phrase], recording, pcm, wakes)
    took_s = time.perf_counter() - began
    return "\n".join(_report(tallies, heard_s, other_s, took_s))


def find(folder: Path, phrases: Sequence[str]) -> list[Recording]:
    """The recordings in a folder, in order; see `ren-device wake bench --help`."""
    paths = sorted(each for each in folder.rglob("*") if each.suffix.lower() == ".wav")
    if not paths:
        raise SettingError(f"{folder}: there is no .wav file")
    labels = _labels(folder / _LABELS, phrases)
    return [
        labels.get(path) or Recording(path, _by_name(path.relative_to(folder), phrases))
        for path in paths
    ]


def _by_name(path: Path, phrases: Sequence[str]) -> str | None:
    parts = [_plain(part) for part in path.with_suffix("").parts]
    for phrase in phrases:
        if any(_plain(phrase) in part for part in parts):
            return phrase
    return phrases[0] if "wake" in parts[:-1] and len(phrases) == 1 else None


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _labels(path: Path, phrases: Sequence[str]) -> dict[Path, Recording]:
    if not path.exists():
        return {}
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            phrase = (row.get("phrase") or "").strip().lower() or None
            try:
                name, end_s = row["file"], float(row["end_s"]) if row.get("end_s") else None
            except (KeyError, ValueError):
                raise SettingError(f"{path}:{number}: wanted are file, phrase, end_s") from None
            if phrase is not None and phrase not in phrases:
                raise SettingError(f"{path}:{number}: {phrase} is not in REN_WAKE_WORDS")
            found[path.parent / name] = Recording(path.parent / name, phrase, end_s)
    return found


async def _wakes(waking: Waking, pcm: bytes) -> AsyncIterator[tuple[Wake, float]]:
    """What would wake Ren, and at which second of the recording."""
    waking.reset()
    sound = _BEFORE + pcm + _BEHIND
    for at in range(0, len(sound) - _BLOCK_BYTES + 1, _BLOCK_BYTES):
        end = at + _BLOCK_BYTES
        wake = waking.hear(sound[at:end])
        if wake is None:
            continue
        if wake.certainty == "doubtful" and not await waking.confirm(
            wake, sound[max(0, end - _KEPT_BYTES) : end]
        ):
            continue
        yield wake, duration_s(sound[:end]) - duration_s(_BEFORE)


def _count(
    tally: Tally, recording: Recording, pcm: bytes, wakes: Sequence[tuple[Wake, float]]
) -> None:
    tally.said += 1
    mine = [(wake, at_s) for wake, at_s in wakes if wake.phrase == recording.phrase]
    if not mine:
        tally.missed.append(recording.path.name)
        return
    wake, at_s = mine[0]
    tally.confirmed += wake.certainty == "doubtful"
    end_s = recording.end_s
    if end_s is None and duration_s(pcm) <= _SHORT_S:
        end_s = _last_sound_s(pcm)
    if end_s is not None:
        tally.delays_s.append(at_s - end_s)


def _last_sound_s(pcm: bytes) -> float:
    frames = (array("h", pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm), FRAME_BYTES))
    powers = [sum(map(mul, each, each)) for each in frames]
    loud = [at for at, power in enumerate(powers) if power > max(powers) * _INAUDIBLE]
    return (loud[-1] + 1) * FRAME_S if loud else duration_s(pcm)


def _report(
    tallies: dict[str, Tally], heard_s: float, other_s: float, took_s: float
) -> Iterator[str]:
    yield "| phrase | said | missed | by a second look | delay, median | 95 % | false | an hour |"
    yield "|---|---|---|---|---|---|---|---|"
    for phrase, tally in tallies.items():
        share = f" ({100 * len(tally.missed) / tally.said:.0f} %)" if tally.said else ""
        an_hour = f"{len(tally.false) * 3600 / other_s:.2f}" if other_s else "–"
        yield (
            f"| {phrase} | {tally.said} | {len(tally.missed)}{share} | {tally.confirmed} "
            f"| {_delays(tally.delays_s)} | {len(tally.false)} | {an_hour} |"
        )
    yield ""
    yield (
        f"{heard_s / 60:.1f} min of recordings, {other_s / 60:.1f} of them without a phrase, "
        f"in {took_s:.1f} s: {heard_s / took_s:.0f} times as fast as they are."
    )
    for phrase, tally in tallies.items():
        for title, names in (("missed", tally.missed), ("false", tally.false)):
            if names:
                yield f"\n{phrase}, {title}: {', '.join(names)}"


def _delays(delays_s: Sequence[float]) -> str:
    if not delays_s:
        return "– | –"
    ordered = sorted(delays_s)
    most = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{1000 * statistics.median(ordered):.0f} ms | {1000 * most:.0f} ms"

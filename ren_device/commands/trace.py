"""`ren-device trace`: where the time of the latest spoken turns went, asked of the running Ren."""

import asyncio
import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from ren_device.commands.reaching import refusal, running_ren
from ren_device.errors import StoreError

SUMMARY = "show where the time of spoken turns goes, stage by stage"

_BAR = 32  # characters
_MOST = 200
_LETTERS = {
    "transcript": "t",
    "committed": "c",
    "first_text": "m",
    "first_clause": "k",
    "first_speech": "s",
    "first_sound": "p",
}
_NAMES = {
    "transcript": "transcript",
    "committed": "certain of it",
    "first_text": "model's first token",
    "first_clause": "first clause",
    "first_speech": "speech made",
    "first_sound": "played",
}

Turn = Mapping[str, Any]
"""As the control socket writes it; see web/control_trace.py."""


def add_arguments(parser: ArgumentParser) -> None:
    """Define -n, --follow and --json."""
    parser.add_argument(
        "-n", type=_count, default=20, metavar="N", help="how many turns, up to 200 (default 20)"
    )
    parser.add_argument("--follow", action="store_true", help="go on with each turn as it comes")
    parser.add_argument("--json", action="store_true", help="for programs: one object a line")


def run(arguments: Namespace) -> int:
    """Print the turns; 1 when no Ren runs. Raises RenError."""
    from ren_device import settings

    return asyncio.run(_run(settings.load().data_dir, arguments))


async def _run(data_dir: Path, arguments: Namespace) -> int:
    from aiohttp import ClientError

    async with running_ren(data_dir) as ren:
        if ren is None:
            raise StoreError(f"no Ren runs with its data in {data_dir}; traces live in its memory")
        query = {"latest": str(arguments.n), "follow": "1" if arguments.follow else "0"}
        turns: list[Turn] = []
        try:
            async with ren.get("/trace", params=query) as response:
                if response.status != 200:
                    raise await refusal(response)
                async for line in response.content:
                    if line.strip():
                        turns.append(json.loads(line))
                        _show(turns[-1], arguments, first=len(turns) == 1)
        except ClientError:
            if not arguments.follow:
                raise StoreError("the Ren that runs broke off; its log says why") from None
    if not turns and not arguments.json:
        sys.stderr.write("Nobody has spoken with this Ren since it was started.\n")
    elif not arguments.json:
        sys.stdout.write("\n" + "\n".join(summary(turns)) + "\n")
    return 0


def _show(turn: Turn, arguments: Namespace, *, first: bool) -> None:
    if arguments.json:
        sys.stdout.write(json.dumps(turn) + "\n")
    else:
        if first:
            sys.stdout.write(f"{'time':8}  {'spoke':>6}  {'answer':>8}  {'tier':7}\n")
        sys.stdout.write(row(turn) + "\n")
    sys.stdout.flush()  # whoever follows wants it now


def row(turn: Turn) -> str:
    """A turn on a line: when, how long the person spoke, how long Ren took, and for what."""
    spoke = turn["before_ms"].get("speech")
    said = f"{spoke / 1000:.1f} s" if spoke is not None else ""
    tier = turn["tier"] or ""
    notes = [*(["head start"] if turn["head_start"] else [])]
    notes += [turn["outcome"]] if turn["outcome"] != "replied" else []
    line = (
        f"{turn['at'][11:19]}  {said:>6}  {turn['total_ms']:>5} ms  {tier:7}  {_bar(turn):{_BAR}}"
    )
    return f"{line}  {', '.join(notes)}".rstrip()


def summary(turns: Iterable[Turn]) -> list[str]:
    """For each stage its median, its worst and its share of all the time, with a bar."""
    every = list(turns)
    total = sum(turn["total_ms"] for turn in every) or 1
    rows = [f"{'':3}{'stage':20}{'median':>9}{'longest':>9}{'share':>7}"]
    taken: dict[str, list[int]] = {}
    for turn in every:
        for stage, took_ms in turn["stages_ms"].items():
            taken.setdefault(stage, []).append(took_ms)
    for stage in (*_NAMES, *(taken.keys() - _NAMES.keys())):
        if times := taken.get(stage):
            share = sum(times) / total
            name = f"{_letter(stage):3}{_NAMES.get(stage, stage):20}"
            bar = "█" * round(share * _BAR)
            line = f"{name}{median(times):>6.0f} ms{max(times):>6} ms{share:>7.0%}  {bar}"
            rows.append(line.rstrip())
    totals = [turn["total_ms"] for turn in every]
    rows.append(f"{'':3}{'all':20}{median(totals):>6.0f} ms{max(totals):>6} ms")
    return rows


def _bar(turn: Turn) -> str:
    """Each stage's share of this turn, in its letter."""
    total = turn["total_ms"] or 1
    bar, done = "", 0
    for stage, took_ms in turn["stages_ms"].items():
        done += took_ms
        bar += _letter(stage) * (round(done / total * _BAR) - len(bar))
    return bar


def _letter(stage: str) -> str:
    return _LETTERS.get(stage, "?")


def _count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= _MOST):
        raise ArgumentTypeError(f"must be a number from 1 to {_MOST}")
    return int(text)

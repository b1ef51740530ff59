"""`ren-device trace` asks a running Ren over its real control socket."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest

from ren_device.__main__ import main
from ren_device.bus import Bus
from ren_device.model import Tier, TurnTimed
from ren_device.store import open_store
from ren_device.voice.trace import Traces
from ren_device.web.control import control_socket
from ren_device.web.control_trace import TraceRoutes
from tests.commands.command_line import environment

NOON = datetime.fromisoformat("2026-06-25T12:00:00.250")


def turn(total_ms: int = 700, *, head_start: bool = False) -> TurnTimed:
    return TurnTimed(
        total_ms=total_ms,
        stages_ms={"transcript": 100, "first_text": total_ms - 200, "first_sound": 100},
        at=NOON,
        before_ms={"wake": 300, "speech": 1500},
        tier=Tier.FAST,
        head_start=head_start,
    )


@asynccontextmanager
async def running_ren(data_dir: Path, *turns: TurnTimed) -> AsyncIterator[Bus]:
    """As much of a Ren as has spoken, and answers commands."""
    store = await open_store(data_dir, NOON)
    bus = Bus()
    traces = Traces(bus)
    running = asyncio.create_task(traces.run())
    await asyncio.sleep(0)
    for each in turns:
        bus.publish(each)
    await asyncio.sleep(0)
    async with control_socket(data_dir, (TraceRoutes(traces).routes(),)):
        yield bus
    running.cancel()
    await store.close()


class Command:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = main(["trace", *arguments])
        written = self._capsys.readouterr()
        return code, written.out, written.err


@pytest.fixture
def trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("REN_DATA_DIR", str(tmp_path))
    return Command(capsys)


def test_no_ren_runs(trace: Command, tmp_path: Path) -> None:
    code, out, err = trace()
    assert (code, out) == (1, "")
    assert err.startswith(f"ren-device: no Ren runs with its data in {tmp_path}")
    assert err.count("\n") == 1


async def test_nobody_has_spoken_yet(trace: Command, tmp_path: Path) -> None:
    async with running_ren(tmp_path):
        assert await asyncio.to_thread(trace) == (
            0,
            "",
            "Nobody has spoken with this Ren since it was started.\n",
        )
        assert await asyncio.to_thread(trace, "--json") == (0, "", "")


async def test_a_table_with_bars_and_the_share_of_each_stage(
    trace: Command, tmp_path: Path
) -> None:
    async with running_ren(tmp_path, turn(), turn(900, head_start=True)):
        code, out, _ = await asyncio.to_thread(trace)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split() == ["time", "spoke", "answer", "tier"]
    assert lines[1].startswith("12:00:00   1.5 s    700 ms  fast     tttttmmmmmmmmmmm")
    assert "head start" in lines[2]
    assert "head start" not in lines[1]
    words = {line.split()[0]: line.split() for line in lines[5:] if line}
    assert words["t"][1:6] == ["transcript", "100", "ms", "100", "ms"]
    assert "75%" in words["m"]  # (500 + 700) / 1600
    assert words["all"] == ["all", "800", "ms", "900", "ms"]


async def test_json_is_one_object_a_line_and_numbers_only(trace: Command, tmp_path: Path) -> None:
    async with running_ren(tmp_path, *(turn(each) for each in range(300, 305))):
        code, out, _ = await asyncio.to_thread(trace, "--json", "-n", "2")
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "at": "2026-06-25T12:00:00.250",
            "total_ms": total,
            "stages_ms": {"transcript": 100, "first_text": total - 200, "first_sound": 100},
            "before_ms": {"wake": 300, "speech": 1500},
            "tier": "fast",
            "outcome": "replied",
            "head_start": False,
        }
        for total in (303, 304)
    ]


async def test_following_shows_each_turn_as_it_comes_and_ends_with_ren(tmp_path: Path) -> None:
    async with running_ren(tmp_path, turn(300)) as bus:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ren_device", "trace", "--follow", "--json"),
            env=environment(REN_DATA_DIR=str(tmp_path)),
            stdout=asyncio.subprocess.PIPE,
            cwd=tmp_path,
        )
        assert process.stdout is not None
        assert json.loads(await process.stdout.readline())["total_ms"] == 300
        for total in (400, 500):
            bus.publish(turn(total))
            assert json.loads(await process.stdout.readline())["total_ms"] == total
    assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.parametrize("wrong", [("-n", "0"), ("-n", "201"), ("-n", "many"), ("more",)])
def test_what_is_no_command(trace: Command, wrong: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        trace(*wrong)
    assert stopped.value.code == 2

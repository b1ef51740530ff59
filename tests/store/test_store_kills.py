"""A process that writes is killed at random moments: nothing that it acknowledged is lost."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from ren_device.store import open_store

WRITER = "tests.store.write_until_killed"
ROOT = Path(__file__).parents[2]
ROUNDS = 8


async def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    added: list[int] = []
    answered: set[int] = set()
    removed: set[int] = set()
    last_of_a_round: set[int] = set()
    for _ in range(ROUNDS):
        lines = write_and_be_killed(tmp_path)
        added += [number for what, number in lines if what == "alert"]
        answered |= {number for what, number in lines if what == "remarks"}
        removed |= {number for what, number in lines if what == "removed"}
        last_of_a_round.add(added[-1])

        store = await open_store(tmp_path)
        try:
            present = {alert.id for alert in await store.alerts.all()}
            remarks = await store.remarks.latest(1, 100_000)
        finally:
            await store.close()
        # What was under way when the kill came may be there or not, but not in part.
        maybe_removed = last_of_a_round
        maybe_added = {number + 1 for number in last_of_a_round}
        assert present >= set(added) - removed - maybe_removed
        assert present <= (set(added) - removed) | maybe_added
        assert [remark.role for remark in remarks] == ["user", "assistant"] * (len(remarks) // 2)
        assert {int(remark.content) for remark in remarks[::2]} >= answered
        assert [remark.id for remark in remarks] == sorted({remark.id for remark in remarks})
    assert added == sorted(set(added))


def write_and_be_killed(data_dir: Path) -> list[tuple[str, int]]:
    """What the writer said before it died, at a random moment after a random number of lines."""
    command = [sys.executable, "-m", WRITER, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout is not None
        lines = [writer.stdout.readline() for _ in range(random.randint(1, 40))]
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(timeout=random.uniform(0, 0.01))
        writer.kill()
        lines += writer.stdout.readlines()
    return [
        (what, int(number)) for what, number in (line.split() for line in lines if "\n" in line)
    ]

"""A process that writes is killed at random moments: nothing that it acknowledged is lost.

`scripts/torture-store` does the same for thousands of rounds.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 300


def test_nothing_acknowledged_is_lost_and_nothing_half_written_appears() -> None:
    command = [sys.executable, "-m", "tests.store.kills", str(ROUNDS)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    first, *struck = ended.stdout.splitlines()
    assert first.startswith(f"{ROUNDS} kills, ")
    counts = {what: int(count) for count, what in (line.split(" ", 1) for line in struck)}
    assert counts["in a compaction"] > 0
    assert counts["after a write, before it was acknowledged"] > 0

"""A real process on a real disk is killed around the moments at which its alerts are due."""

import asyncio
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROUNDS = 10
ALERTS_A_ROUND = 6
QUIET_S = 2.0
"""When nothing was said for so long, nothing more will be: all is due within 0.4 s."""


@dataclass
class Witness:
    """What the lives have said, in order."""

    told_set: set[int] = field(default_factory=set)
    rang: Counter[int] = field(default_factory=Counter)
    asked: set[int] = field(default_factory=set)
    acknowledged: set[int] = field(default_factory=set)
    rang_after_the_end: list[int] = field(default_factory=list)

    def hear(self, line: str) -> int | None:
        """Take it down; the id of what rings now."""
        said, _, number = line.partition(" ")
        if said == "set":
            self.told_set.add(int(number))
        elif said == "acknowledged":
            self.acknowledged.add(int(number))
        elif said in ("due", "missed"):
            if int(number) in self.acknowledged:
                self.rang_after_the_end.append(int(number))
            self.rang[int(number)] += 1
            return int(number)
        return None


async def a_life(data_dir: Path, witness: Witness, chance: random.Random, new: int) -> None:
    """Set some alerts, silence most of what rings, be killed somewhere in between.

    With nothing new: silence everything, until nothing more is said.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.alerts.kernel_process", str(data_dir),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n" or not new
    for _ in range(new):
        process.stdin.write(f"set {chance.uniform(0.01, 0.4):.3f}\n".encode())
    words = chance.randint(new, 2 * new) if new else 10_000
    for _ in range(words):
        try:
            async with asyncio.timeout(QUIET_S):
                line = await process.stdout.readline()
        except TimeoutError:
            break
        rings = witness.hear(line.decode().strip())
        if rings is not None and (not new or chance.random() < 0.7):
            witness.asked.add(rings)
            process.stdin.write(f"acknowledge {rings}\n".encode())
    process.kill()
    for rest in (await process.stdout.read()).decode().splitlines():
        witness.hear(rest)  # said before it was killed
    await process.wait()
    process.stdin.close()


async def test_killed_around_due_times_nothing_is_lost_or_rings_after_its_end(
    tmp_path: Path,
) -> None:
    chance = random.Random(5)
    witness = Witness()
    for _ in range(ROUNDS):
        await a_life(tmp_path, witness, chance, ALERTS_A_ROUND)
    assert witness.told_set - witness.acknowledged, "no kill came in between"
    await a_life(tmp_path, witness, chance, 0)
    assert witness.told_set <= set(witness.rang), "set, and never rang"
    # Asked for, and killed before the answer: it may have ended without one.
    assert witness.told_set <= witness.acknowledged | witness.asked
    assert witness.rang_after_the_end == []
    assert max(witness.rang.values()) > 1, "no kill came between ringing and silencing"

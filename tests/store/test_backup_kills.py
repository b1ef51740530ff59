"""A process that restores is killed at random moments: the old state or the new one, never half."""

import random
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from ren_device.store import open_store
from ren_device.store.backup_file import write_durably
from ren_device.store.backups import Backups

ROOT = Path(__file__).parents[2]
RESTORER = "tests.store.restore_until_killed"
ROUNDS = 8
NOON = datetime.fromisoformat("2026-06-25T12:00:00")
SEEDS = {"a": b"aa" * 32 + b"\n", "b": b"bb" * 32 + b"\n"}
REMARKS = 300


async def test_the_old_state_or_the_new_one(tmp_path: Path) -> None:
    await make_backups(tmp_path)
    for _ in range(ROUNDS):
        acknowledged = restore_and_be_killed(tmp_path)
        assert acknowledged
        await check_state(tmp_path / "data")
        there = {path.name for path in (tmp_path / "data").iterdir()}
        assert there <= {"store", "format", "ren.lock", "identity.key", "backups"}


async def make_backups(folder: Path) -> None:
    """Two states with different stores and identities, and the first of them in place."""
    data = folder / "data"
    store = await open_store(data, NOON)
    identity = data / "identity.key"
    backups = Backups(data, store.database, name="Ren", now=lambda: NOON, identity_file=identity)
    for which, seed in SEEDS.items():
        await store.remarks.add(1, [("user", which)] * REMARKS, NOON)
        identity.write_bytes(seed)
        async with backups.made(identity=True) as packed:
            write_durably(folder / f"{which}.tar", packed.pieces())
    await store.close()


async def check_state(data: Path) -> None:
    """After a start, one of the two is there, store and identity."""
    store = await open_store(data, NOON)
    try:
        backups = Backups(
            data,
            store.database,
            name="Ren",
            now=lambda: NOON,
            identity_file=data / "identity.key",
        )
        await backups.begin()
        said = "".join(remark.content for remark in await store.remarks.latest(1, 10_000))
    finally:
        await store.close()
    which = {"a" * REMARKS: "a", "a" * REMARKS + "b" * REMARKS: "b"}[said]
    assert (data / "identity.key").read_bytes() == SEEDS[which]


def restore_and_be_killed(folder: Path) -> list[str]:
    """What the restorer said before it died, at a random moment after a random number of lines."""
    command = [sys.executable, "-m", RESTORER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as restorer:
        assert restorer.stdout is not None
        lines = [restorer.stdout.readline() for _ in range(random.randint(1, 4))]
        with pytest.raises(subprocess.TimeoutExpired):
            restorer.wait(timeout=random.uniform(0, 0.06))
        restorer.kill()
        lines += restorer.stdout.readlines()
    return [line.strip() for line in lines]

"""Backups of an open store, and restores that happen whole or not at all."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ren_device.errors import StoreError
from ren_device.model import Alert, Routine, Say
from ren_device.store import Store, open_store
from ren_device.store.backup_file import check, write_durably
from ren_device.store.backups import KEPT, Backups
from tests.store.hostile_backups import HOSTILE, SEED, backup

NOON = datetime.fromisoformat("2026-06-25T12:00:00")
OTHER_SEED = b"cd" * 32 + b"\n"


class Kept:
    """A store with its backups, at a time that passes."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self.store = store
        self.identity = folder / "identity.key"
        self.times = 0
        self.standing = False  # time does not pass
        self.reloaded: list[str] = []
        self.backups = Backups(
            folder,
            store.database,
            name="Ren",
            now=self._now,
            identity_file=self.identity,
            reload=[self._first, self._second],
        )

    def _now(self) -> datetime:
        self.times += not self.standing
        return NOON + timedelta(seconds=self.times)

    async def _first(self) -> None:
        self.reloaded.append(f"first, with {await self.said()}")

    async def _second(self) -> None:
        self.reloaded.append("second")

    async def say(self, text: str) -> None:
        await self.store.remarks.add(1, [("user", text)], NOON)

    async def said(self) -> list[str]:
        return [remark.content for remark in await self.store.remarks.latest(1, 100)]

    async def backup(self, path: Path, *, identity: bool = False) -> Path:
        async with self.backups.made(identity=identity) as packed:
            write_durably(path, packed.pieces())
        return path

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Kept]:
    store = await open_store(folder, NOON)
    try:
        yield Kept(folder, store)
    finally:
        await store.close()


async def test_what_was_kept_comes_back_and_everybody_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        await kept.say("one")
        egg = Alert(1, "timer", "egg", NOON, NOON, 60.0)
        tea = Alert(2, "reminder", "tea", NOON, NOON)
        routine = Routine("Morning", (Say("hello"),))
        await kept.store.alerts.write([egg], tell=[egg])
        await kept.store.routines.put(routine)
        path = await kept.backup(tmp_path / "backup.tar")
        await kept.say("two")
        await kept.store.alerts.write([tea], remove=[egg.id], tell=[tea])
        await kept.store.alerts.mark_notified([egg])
        await kept.store.routines.remove("morning")
        restored = await kept.backups.restore(path)
        assert await kept.said() == ["one"]
        assert await kept.store.alerts.all() == await kept.store.alerts.unnotified() == [egg]
        assert await kept.store.alerts.last_id() == tea.id  # and it is never given again
        assert await kept.store.routines.all() == [routine]
        assert kept.reloaded == ["first, with ['one']", "second"]
        assert not restored.pending
        await kept.say("three")
    async with opened(tmp_path / "data") as kept:
        assert await kept.said() == ["one", "three"]


async def test_what_was_there_before_is_kept_three_times(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        await kept.say("first")
        path = await kept.backup(tmp_path / "backup.tar")
        automatic = []
        for number in range(KEPT + 2):
            await kept.say(f"more {number}")
            restored = await kept.backups.restore(path)
            assert restored.kept is not None
            automatic.append(restored.kept)
        there = sorted((tmp_path / "data" / "backups").iterdir())
        assert there == automatic[-KEPT:]
        assert stat.S_IMODE(there[0].stat().st_mode) == 0o600
        await kept.backups.restore(there[-1])
        assert await kept.said() == ["first", f"more {KEPT + 1}"]


async def test_two_within_a_second_are_both_kept(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        path = await kept.backup(tmp_path / "backup.tar")
        kept.standing = True
        one = await kept.backups.restore(path)
        two = await kept.backups.restore(path)
        assert one.kept != two.kept
        assert len(list((tmp_path / "data" / "backups").iterdir())) == 2


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_backup_that_is_refused_changes_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / "backup.tar"
    path.write_bytes(HOSTILE[name]())
    async with opened(tmp_path / "data") as kept:
        kept.identity.write_bytes(SEED)
        await kept.say("hello")
        before = kept.names()
        for identity in (False, True):
            with pytest.raises(StoreError):
                await kept.backups.restore(path, identity=identity)
        assert await kept.said() == ["hello"]
        assert kept.names() == before
        assert kept.identity.read_bytes() == SEED
        assert kept.reloaded == []


async def test_a_snapshot_that_is_none_changes_nothing(tmp_path: Path) -> None:
    """Its hash is right: whoever made it can count. The store itself refuses it."""
    path = tmp_path / "backup.tar"
    path.write_bytes(backup())
    async with opened(tmp_path / "data") as kept:
        await kept.say("hello")
        before = kept.names()
        with pytest.raises(StoreError):
            await kept.backups.restore(path)
        assert (await kept.said(), kept.names()) == (["hello"], before)


async def test_the_identity_is_left_alone_unless_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        kept.identity.write_bytes(SEED)
        without = await kept.backup(tmp_path / "without.tar")
        assert SEED.strip() not in without.read_bytes()
        assert not check(without).has_identity
        with_it = await kept.backup(tmp_path / "with.tar", identity=True)
        kept.identity.write_bytes(OTHER_SEED)
        await kept.backups.restore(with_it)
        assert kept.identity.read_bytes() == OTHER_SEED
        (automatic,) = (tmp_path / "data" / "backups").iterdir()
        assert OTHER_SEED.strip() not in automatic.read_bytes()
        with pytest.raises(StoreError, match="without the identity"):
            await kept.backups.restore(without, identity=True)


async def test_an_identity_comes_back_with_the_next_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with opened(data) as kept:
        kept.identity.write_bytes(SEED)
        await kept.say("old")
        path = await kept.backup(tmp_path / "backup.tar", identity=True)
        kept.identity.write_bytes(OTHER_SEED)
        restored = await kept.backups.restore(path, identity=True)
        assert restored.pending
        await kept.say("until the end")  # goes on as it was
        assert kept.identity.read_bytes() == OTHER_SEED
    async with opened(data) as kept:
        automatic = await kept.backups.begin()
        assert await kept.said() == ["old"]
        assert kept.identity.read_bytes() == SEED
        assert stat.S_IMODE(kept.identity.stat().st_mode) == 0o600
        assert automatic is not None
        assert check(automatic).has_identity
        assert kept.names() == {"store", "format", "ren.lock", "identity.key", "backups"}
    async with opened(data) as kept:
        assert await kept.backups.begin() is None  # once is enough
        await kept.backups.restore(automatic)
        assert await kept.said() == ["old", "until the end"]


async def test_a_later_restore_replaces_one_that_waits(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        kept.identity.write_bytes(SEED)
        await kept.say("one")
        first = await kept.backup(tmp_path / "first.tar", identity=True)
        await kept.say("two")
        second = await kept.backup(tmp_path / "second.tar")
        await kept.backups.restore(first, identity=True)
        await kept.backups.restore(second)
        assert await kept.backups.begin() is None
        assert await kept.said() == ["one", "two"]


async def test_what_failed_in_the_middle_is_done_again_by_the_next_start(tmp_path: Path) -> None:
    """What was already done is done once more, and what was kept first stays kept."""
    data = tmp_path / "data"
    async with opened(data) as kept:
        kept.identity.write_bytes(SEED)
        await kept.say("old")
        path = await kept.backup(tmp_path / "backup.tar", identity=True)
        await kept.say("new")
        kept.identity.write_bytes(OTHER_SEED)
        await kept.backups.restore(path, identity=True)
        in_the_way = data / ".identity.key.restored"
        in_the_way.mkdir()
        with pytest.raises(StoreError, match="identity"):
            await kept.backups.begin()
        assert await kept.said() == ["old"]
        assert kept.identity.read_bytes() == OTHER_SEED
    in_the_way.rmdir()
    async with opened(data) as kept:
        await kept.backups.begin()
        assert (await kept.said(), kept.identity.read_bytes()) == (["old"], SEED)
        assert len(list((data / "backups").iterdir())) == 1


async def test_what_a_kill_left_is_cleared_away(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        for name in ("backup.partial", "restore.partial", "restore.dropped"):
            (kept.folder / name).mkdir()
            (kept.folder / name / "half").write_text("x")
        kept.backups.new_upload().write_text("half")
        await kept.backups.begin()
        assert kept.names() == {"store", "format", "ren.lock"}


async def test_one_at_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:
        await kept.say("hello")
        path = await kept.backup(tmp_path / "backup.tar")
        await asyncio.gather(*(kept.backups.restore(path) for _ in range(4)))
        assert await kept.said() == ["hello"]
        assert len(kept.reloaded) == 8


async def test_a_backup_is_of_one_moment_while_others_write(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as kept:

        async def write() -> None:
            for number in range(60):
                await kept.store.remarks.add(1, [("user", f"{number}"), ("assistant", "yes")], NOON)

        writing = asyncio.create_task(write())
        paths = [await kept.backup(tmp_path / f"{number}.tar") for number in range(5)]
        await writing
        for path in paths:
            await kept.backups.restore(path)
            roles = [remark.role for remark in await kept.store.remarks.latest(1, 1000)]
            assert roles == ["user", "assistant"] * (len(roles) // 2)

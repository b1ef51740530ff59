from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

from ren_device.model import ApiKey
from ren_device.ports import ApiKeyStore
from ren_device.store import open_store

NOON = datetime.fromisoformat("2026-06-25T12:00:00.654321")
THURSDAY = date(2026, 6, 25)
DIGEST = "ab" * 32


@asynccontextmanager
async def kept(data_dir: Path) -> AsyncIterator[ApiKeyStore]:
    store = await open_store(data_dir, NOON)
    try:
        yield store.api_keys
    finally:
        await store.close()


async def test_keys_outlive_a_restart_oldest_first(tmp_path: Path) -> None:
    async with kept(tmp_path) as keys:
        assert await keys.all() == []
        made = [await keys.add(name, DIGEST, NOON) for name in ("laptop", "phöne")]
        assert made[0] == ApiKey(1, "laptop", DIGEST, NOON.replace(microsecond=0))
    async with kept(tmp_path) as keys:
        assert await keys.all() == made


async def test_the_day_of_use_is_kept(tmp_path: Path) -> None:
    async with kept(tmp_path) as keys:
        await keys.add("laptop", DIGEST, NOON)
        await keys.mark_used(1, THURSDAY)
        await keys.mark_used(7, THURSDAY)
    async with kept(tmp_path) as keys:
        assert [key.last_used for key in await keys.all()] == [THURSDAY]


async def test_a_removed_key_is_gone_and_its_id_is_not_given_again(tmp_path: Path) -> None:
    async with kept(tmp_path) as keys:
        made = await keys.add("laptop", DIGEST, NOON)
        assert await keys.remove(1) == made
        assert await keys.remove(1) is None
    async with kept(tmp_path) as keys:
        assert await keys.all() == []
        assert (await keys.add("phone", DIGEST, NOON)).id == 2


def test_a_digest_does_not_end_up_where_a_key_is_printed() -> None:
    assert DIGEST not in repr(ApiKey(1, "laptop", DIGEST, NOON))


async def test_a_restore_brings_no_revoked_key_back_and_takes_none_away(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "data", NOON)
    try:
        await store.api_keys.add("revoked", DIGEST, NOON)
        await store.facts.add("kept", NOON)
        await store.database.write_snapshot(tmp_path / "copy")
        await store.api_keys.remove(1)
        newer = await store.api_keys.add("newer", DIGEST, NOON)
        await store.facts.add("later", NOON)
        await store.database.replace_all(tmp_path / "copy")
        assert await store.api_keys.all() == [newer]
        assert [fact.text for fact in await store.facts.all()] == ["kept"]
        assert (await store.api_keys.add("next", DIGEST, NOON)).id == 3
        assert (await store.facts.add("next", NOON)).id == 3
    finally:
        await store.close()

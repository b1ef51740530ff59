"""Routines on disk."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from ren_device.model import Pause, Routine, RunTool, Say
from ren_device.store import Store, open_store

NOON = datetime.fromisoformat("2026-06-25T12:00:00")
MORNING = Routine(
    "Guten MORGEN, Straße",
    (
        Say("hello"),
        Pause(1.5),
        RunTool("set_device", {"name": "lamp", "values": {"on": True, "brightness": 40}}),
        RunTool("list_timers", {}),
        Pause(0.0),
        Say(""),
    ),
)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Store]:
    store = await open_store(data_dir, NOON)
    try:
        yield store
    finally:
        await store.close()


async def test_a_routine_is_kept_with_all_its_steps(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.routines.all() == []
        await store.routines.put(MORNING)
    async with opened(tmp_path) as store:
        assert await store.routines.all() == [MORNING]
        assert await store.routines.get(MORNING.name) == MORNING
        assert await store.routines.get("guten morgen") is None


async def test_a_name_is_the_same_whatever_its_letter_case(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.routines.put(MORNING)
        assert await store.routines.get("GUTEN morgen, STRASSE") == MORNING
        shorter = Routine("guten Morgen, straße", (Say("hi"),))
        await store.routines.put(shorter)
        assert await store.routines.all() == [shorter]
    async with opened(tmp_path) as store:
        assert await store.routines.remove("Guten Morgen, Strasse") == shorter
        assert await store.routines.remove(shorter.name) is None
        assert await store.routines.all() == []


async def test_they_come_in_alphabetical_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for name in ("evening", "Zoo", "Dinner", "morning"):
            await store.routines.put(Routine(name, ()))
        names = [routine.name for routine in await store.routines.all()]
        assert names == ["Dinner", "evening", "morning", "Zoo"]

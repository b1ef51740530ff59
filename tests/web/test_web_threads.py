from datetime import datetime
from typing import Any

import pytest

from ren_device.web.schemas import MOST_ROWS
from tests.web.web_house import NOW, MemoryRemarks, MemoryThreads, client_of, house

GENERAL = {
    "id": 1,
    "name": "General",
    "allow_dangerous": False,
    "created_at": "2026-06-01T09:00:00",
    "last_active_at": "2026-06-01T09:00:00",
}
NEW = {
    "id": 2,
    "name": "New thread",
    "allow_dangerous": False,
    "created_at": "2026-06-25T14:02:11",
    "last_active_at": "2026-06-25T14:02:11",
}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"data": b""}, "New thread"),
        ({"json": {}}, "New thread"),
        ({"json": {"name": None}}, "New thread"),
        ({"json": {"name": "  "}}, "New thread"),
        ({"json": {"name": " Küche ", "colour": "red"}}, "Küche"),
    ],
)
async def test_a_thread_is_made_with_or_without_a_name(sent: dict[str, Any], name: str) -> None:
    services, _ = house()
    async with client_of(services) as client, client.post("/threads", **sent) as response:
        assert response.status == 200
        assert await response.json() == {**NEW, "name": name}


async def test_threads_are_listed_most_recently_active_first() -> None:
    services, _ = house()
    async with client_of(services) as client:
        await client.post("/threads")
        async with client.get("/threads") as response:
            assert await response.json() == {"threads": [NEW, GENERAL]}
        async with client.get("/threads?limit=1") as response:
            assert await response.json() == {"threads": [NEW]}


async def test_one_thread_is_read_and_changed() -> None:
    services, _ = house()
    async with client_of(services) as client:
        async with client.get("/threads/1") as response:
            assert await response.json() == GENERAL
        async with client.patch("/threads/1", json={"allow_dangerous": True}) as response:
            assert response.status == 200
            assert await response.json() == {**GENERAL, "allow_dangerous": True}
        async with client.get("/threads/1") as response:
            assert (await response.json())["allow_dangerous"] is True


async def test_a_thread_that_is_not_there_is_404() -> None:
    services, _ = house()
    async with client_of(services) as client:
        for answer in (
            client.get("/threads/7"),
            client.get("/threads/-1"),
            client.patch("/threads/7", json={"allow_dangerous": True}),
        ):
            async with answer as response:
                assert response.status == 404
                assert isinstance((await response.json())["detail"], str)


@pytest.mark.parametrize("value", ["yes", 1, None, "true"])
async def test_a_permission_must_be_a_real_true_or_false(value: object) -> None:
    threads = MemoryThreads()
    services, _ = house(threads=threads)
    async with (
        client_of(services) as client,
        client.patch("/threads/1", json={"allow_dangerous": value}) as response,
    ):
        assert response.status == 422
        assert (await response.json())["detail"][0]["loc"] == ["body", "allow_dangerous"]
    assert not threads.kept[1].allow_dangerous


async def test_a_thread_number_that_is_none_is_422() -> None:
    services, _ = house()
    async with client_of(services) as client, client.get("/threads/first") as response:
        assert response.status == 422
        [detail] = (await response.json())["detail"]
        assert detail["loc"] == ["path", "id"]
        assert detail["type"] == "int_parsing"
        assert detail["input"] == "first"


async def test_memory_is_the_latest_of_a_thread_oldest_first() -> None:
    remarks = MemoryRemarks()
    at = datetime.fromisoformat("2026-06-25T14:02:13.000005")
    await remarks.add(1, [("user", "one"), ("assistant", "two")], at)
    await remarks.add(2, [("user", "three")], at)
    await remarks.add(1, [("user", "four")], at)
    services, _ = house(remarks=remarks)
    async with client_of(services) as client:
        async with client.get("/memory?limit=2") as response:
            turns = (await response.json())["turns"]
            assert [each["content"] for each in turns] == ["two", "four"]
            assert turns[0] == {
                "id": 2,
                "role": "assistant",
                "content": "two",
                "thread_id": 1,
                "created_at": "2026-06-25T14:02:13",
            }
        async with client.get("/memory?thread_id=2") as response:
            assert [each["id"] for each in (await response.json())["turns"]] == [3]
        async with client.get("/memory?thread_id=99") as response:
            assert response.status == 200
            assert await response.json() == {"turns": []}


async def test_memory_gives_20_by_default_and_never_more_than_the_most() -> None:
    remarks = MemoryRemarks()
    await remarks.add(1, [("user", "x")] * (MOST_ROWS + 1), NOW)
    services, _ = house(remarks=remarks)
    async with client_of(services) as client:
        async with client.get("/memory") as response:
            assert len((await response.json())["turns"]) == 20
        async with client.get("/memory?limit=5000") as response:
            assert len((await response.json())["turns"]) == MOST_ROWS


@pytest.mark.parametrize("path", ["/memory", "/threads"])
@pytest.mark.parametrize(
    ("limit", "kind"),
    [
        ("0", "greater_than_equal"),
        ("-3", "greater_than_equal"),
        ("", "int_parsing"),
        ("x", "int_parsing"),
    ],
)
async def test_a_limit_below_one_or_no_number_is_422(path: str, limit: str, kind: str) -> None:
    services, _ = house()
    async with client_of(services) as client, client.get(f"{path}?limit={limit}") as response:
        assert response.status == 422
        [detail] = (await response.json())["detail"]
        assert detail["loc"] == ["query", "limit"]
        assert detail["type"] == kind
        assert detail["input"] == limit
        assert detail["msg"]
        assert "url" not in detail


async def test_half_a_surrogate_pair_in_memory_is_still_json() -> None:
    remarks = MemoryRemarks()
    await remarks.add(1, [("assistant", "half \ud83d a pair")], NOW)
    services, _ = house(remarks=remarks)
    async with client_of(services) as client, client.get("/memory") as response:
        assert response.status == 200
        [turn] = (await response.json())["turns"]
        assert turn["content"] == "half \ud83d a pair"
        assert turn["created_at"] == "2026-06-25T14:02:11"

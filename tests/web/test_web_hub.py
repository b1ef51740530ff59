import pytest

from ren_device import VERSION
from tests.web.web_house import FixedClock, client_of, house


async def test_health_answers_with_nothing_configured() -> None:
    services, _ = house()
    async with client_of(services) as client, client.get("/health") as response:
        assert response.status == 200
        assert await response.json() == {"status": "ok", "version": VERSION, "has_api_key": False}


async def test_the_manifest_says_where_to_chat_and_to_talk() -> None:
    services, _ = house(voice_enabled=lambda: True)
    async with client_of(services) as client, client.get("/hub.json") as response:
        assert await response.json() == {
            "name": "Ren",
            "version": VERSION,
            "ws_audio": "/ws/audio",
            "chat": "/chat/stream",
            "voice_enabled": True,
        }


async def test_hub_health_tells_uptime_and_what_the_parts_report() -> None:
    clock = FixedClock()
    services, _ = house(clock=clock, health=lambda: {"voice": {"phase": "idle"}, "status": "no"})
    async with client_of(services) as client:
        clock.seconds = 42.54
        async with client.get("/hub/health") as response:
            assert await response.json() == {
                "voice": {"phase": "idle"},
                "status": "ok",
                "version": VERSION,
                "voice_enabled": False,
                "uptime_s": 2.5,
            }


@pytest.mark.parametrize("path", ["/health", "/hub.json", "/hub/health", "/threads", "/identity"])
async def test_head_is_answered_like_get_without_a_body(path: str) -> None:
    services, _ = house()
    async with client_of(services) as client, client.head(path) as response:
        assert response.status == 200
        assert await response.read() == b""

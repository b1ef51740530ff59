"""The real Ren in a virtual home: switched, edited, restarted."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.ren import Ren, running

pytestmark = pytest.mark.engine

EXAMPLE = Path(__file__).parents[2] / "ren_device" / "home" / "example.toml"
LAMP_ID = "virtual-bedroom-lamp"


def flat_in(folder: Path) -> Path:
    file = folder / "home.toml"
    shutil.copy(EXAMPLE, file)
    return file


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))


@asynccontextmanager
async def at_home(folder: Path, file: Path) -> AsyncIterator[Ren]:
    async with running(folder, REN_HOME_FILE=str(file)) as ren:
        await ren.until_up()
        async with ren.http.get("/home/devices") as response:
            assert len((await response.json())["devices"]) >= 15
        yield ren
        assert await ren.stop() == 0


@asynccontextmanager
async def changes(ren: Ren) -> AsyncIterator[AsyncIterator[tuple[str, object, object]]]:
    """What /home/events tells, as (char_key, previous, value)."""

    async def told(lines: Any) -> AsyncIterator[tuple[str, object, object]]:
        async for line in lines:
            if line.startswith(b"data: "):
                data = json.loads(line[6:])
                yield data["char_key"], data["previous"], data["value"]

    async with ren.http.get("/home/events?interval=0.5") as response, asyncio.timeout(20):
        assert response.status == 200
        yield told(response.content)


async def allow(ren: Ren) -> None:
    async with ren.http.patch("/threads/1", json={"allow_dangerous": True}) as response:
        assert response.status == 200


async def test_a_day_in_a_flat(tmp_path: Path) -> None:
    file = flat_in(tmp_path)
    async with at_home(tmp_path, file) as ren, changes(ren) as told:
        assert "I did not do that" in await ren.chat("turn on the bedroom lamp")
        await allow(ren)
        said = await ren.chat("dim the bedroom lamp to 40 percent")
        assert said == "Okay, the bedroom lamp is at 40 percent."
        assert [await anext(told), await anext(told)] == [
            ("on", False, True),
            ("brightness", 30, 40),
        ]
        assert await ren.chat("is the bedroom window open") == "The bedroom window is closed."
        edit(file, 'contact_sensor_state = "detected"', 'contact_sensor_state = "not_detected"')
        assert await anext(told) == ("contact_sensor_state", "detected", "not_detected")
        assert await ren.chat("is the bedroom window open") == "The bedroom window is open."
        edit(file, "current_temperature = 17.0", "current_temperature = warm")
        await ren.until_logged("the home stays as it was")
        said = await ren.chat("what's the temperature on the balcony")
        assert said == "The thermometer reads 17 degrees."
    async with at_home(tmp_path, flat_in(tmp_path)) as ren:
        assert await ren.chat("is the bedroom lamp on") == "The bedroom lamp is on at 40 percent."


async def test_a_home_with_a_mistake_stops_the_start_in_one_line(tmp_path: Path) -> None:
    file = flat_in(tmp_path)
    edit(file, "brightness = 30", "brightness = 300")
    async with running(tmp_path, REN_HOME_FILE=str(file)) as ren:
        async with asyncio.timeout(20):
            assert await ren.process.wait() != 0
        line = f"REN_HOME_FILE={file}: accessory 10 (Bedroom Lamp): brightness: "
        assert line in ren.log()
        assert "Traceback" not in ren.log()


async def test_without_a_home_ren_says_so(tmp_path: Path) -> None:
    async with running(tmp_path) as ren:
        await ren.until_up()
        assert await ren.get("/home/devices") == {"devices": []}
        said = await ren.chat("turn on the bedroom lamp")
        assert said == "No home is connected, so I can't do that."

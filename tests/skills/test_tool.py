"""Tools: what they take is checked without running them, and what they do decides the gate."""

from typing import Annotated

import pytest

from ren_device.errors import ToolError
from ren_device.skills.tool import between, length, tool
from tests.virtual_time import run

Level = Annotated[int, between(0, 100)]


class Lamp:
    """Remembers how bright it was made."""

    def __init__(self) -> None:
        self.levels: list[int] = []

    async def dim(self, level: Level, room: Annotated[str, length(0, 10)] = "") -> str:
        """Dim it."""
        self.levels.append(level)
        return f"{room} {level}"

    async def blinds(self, level: Level, **_: object) -> bool:
        return level > 90


def test_arguments_are_checked_without_a_call() -> None:
    lamp = Lamp()
    dim = tool(lamp.dim)
    dim.check({"level": 30, "room": "hall"})
    for wrong in ({}, {"level": 101}, {"level": "x"}, {"level": 1, "colour": "red"}):
        with pytest.raises(ToolError, match=r"^dim: ") as checked:
            dim.check(wrong)
        with pytest.raises(ToolError) as ran:
            run(dim.run(wrong))
        assert str(checked.value) == str(ran.value)
    assert lamp.levels == []


def test_the_arguments_may_decide_whether_it_is_dangerous() -> None:
    lamp = Lamp()
    for dangerous in (True, False):
        assert run(tool(lamp.dim, dangerous=dangerous).is_dangerous({"level": 5})) == dangerous
    dim = tool(lamp.dim, danger=lamp.blinds)
    assert run(dim.is_dangerous({"level": 95, "room": "hall"}))
    assert not run(dim.is_dangerous({"level": 90}))
    assert not run(dim.is_dangerous({"level": 101}))  # it will not be taken either
    assert lamp.levels == []

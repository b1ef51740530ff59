from datetime import datetime

import pytest

from ren_device.skills.clock import ClockSkill
from ren_device.skills.tool import Toolbox
from tests.fakes import FixedClock


@pytest.mark.parametrize(
    ("now", "time", "date"),
    [
        ("2026-06-25T14:02:11", "It's 2:02 PM.", "It's Thursday, June 25th, 2026."),
        ("2027-01-01T00:00:00", "It's 12:00 AM.", "It's Friday, January 1st, 2027."),
    ],
)
async def test_time_and_date(now: str, time: str, date: str) -> None:
    tools = Toolbox(ClockSkill(FixedClock(datetime.fromisoformat(now))).tools())
    answers = []
    for name in ("get_time", "get_date"):
        tool = tools.get(name)
        assert tool is not None
        assert not tool.dangerous
        answers.append(await tool.run({}))
    assert answers == [time, date]

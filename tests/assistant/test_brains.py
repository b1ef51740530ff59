"""Who answers the cloud tiers."""

import pytest

from ren_device.assistant.routing import ASTRA, BRAINS, CLAUDE
from ren_device.assistant.turn import TurnConfig
from ren_device.errors import CloudKeyMissing
from ren_device.settings import Settings
from tests.assistant.turn_house import read, says, turn_house


async def test_astra_answers_every_cloud_tier() -> None:
    house = turn_house(says("Hi."), brain=ASTRA)
    for message in ("hello", "plan it", "x" * 80):
        heard = await read(await house.assistant.begin(message))
        assert heard.reply.model == "astra"
    assert house.cloud is not None
    assert [request.model for request in house.cloud.requests] == ["astra"] * 3


async def test_without_a_key_the_right_variable_is_named() -> None:
    for brain in BRAINS.values():
        house = turn_house(brain=brain)
        with pytest.raises(CloudKeyMissing, match=brain.key_variable):
            await house.assistant.begin("hello")


def test_the_settings_choose_the_brain() -> None:
    assert TurnConfig.from_settings(Settings()).brain is CLAUDE
    astra = Settings.model_validate({"REN_BRAIN": "Astra", "REN_API_KEY": "ren_x"})
    assert TurnConfig.from_settings(astra).brain is ASTRA

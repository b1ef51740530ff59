"""What a turn is shown of the past."""

from ren_device.assistant.history import EARLIER, LEFT_OUT
from ren_device.model import MindRequest, Summary, Tier
from tests.assistant.turn_house import TurnHouse, read, says, texts_of, turn_house
from tests.fakes import NOON

LONG = "a long story about a kettle " * 100


async def asked(house: TurnHouse, tier: Tier = Tier.FAST) -> MindRequest:
    mind = house.local if tier is Tier.LOCAL else house.cloud
    assert mind is not None
    await read(await house.assistant.begin("and now?", tier=tier, thread_id=1))
    return mind.requests[-1]


async def test_facts_are_in_the_prompt_of_every_thread_and_tier() -> None:
    house = turn_house(says("Hello."))
    await house.facts.add("my sister is called Anna", NOON)
    other = await house.threads.create("Other", NOON)
    for thread in (1, other.id):
        for tier in (Tier.FAST, Tier.LOCAL):
            await read(await house.assistant.begin("hi", thread_id=thread, tier=tier))
    assert house.cloud is not None
    for request in house.cloud.requests + house.local.requests:
        assert '"my sister is called Anna"' in request.system
        assert request.facts == ("my sister is called Anna",)
        assert "Anna" not in request.context


async def test_the_prompt_stays_the_same_while_the_facts_do() -> None:
    house = turn_house(says("Hello."))
    await house.facts.add("my sister is called Anna", NOON)
    first, again = await asked(house), await asked(house)
    assert first.system == again.system
    await house.facts.replace(1, "my sister is called Ann")
    assert "Anna" not in (await asked(house)).system


async def test_without_facts_nothing_is_said_of_them() -> None:
    request = await asked(turn_house(says("Hello.")))
    assert "remember the following" not in request.system
    assert request.facts == ()


async def test_a_summary_comes_first_and_only_in_its_own_thread() -> None:
    house = turn_house(says("Hello."))
    for _ in range(12):
        await house.remarks.add(1, [("user", LONG), ("assistant", LONG)], NOON)
    assert texts_of(await asked(house))[0] == LEFT_OUT
    await house.summaries.put(Summary(2, 24, "Another thread."))
    assert texts_of(await asked(house))[0] == LEFT_OUT
    await house.summaries.put(Summary(1, 24, "A kettle."))
    assert texts_of(await asked(house))[0] == f"{EARLIER}\nA kettle."


async def test_the_offline_mind_is_shown_no_summary() -> None:
    house = turn_house(says("Hello."))
    for _ in range(12):
        await house.remarks.add(1, [("user", LONG), ("assistant", LONG)], NOON)
    await house.summaries.put(Summary(1, 24, "A kettle."))
    said = texts_of(await asked(house, Tier.LOCAL))
    assert not any(EARLIER in text for text in said)
    assert len(said) <= 4

from collections.abc import AsyncGenerator

import pytest

from ren_device.assistant.steps import MAX_STEPS, NOTHING_SAID
from ren_device.assistant.turn import TurnConfig
from ren_device.errors import (
    CloudKeyMissing,
    ThreadNotFound,
)
from ren_device.model import (
    MindPart,
    MindRequest,
    Reply,
    Text,
    TextDelta,
    Tier,
    ToolCall,
    ToolResult,
    ToolRun,
)
from ren_device.settings import Settings
from tests.assistant.turn_house import (
    call,
    read,
    results,
    says,
    turn_house,
)

# --- who answers -----------------------------------------------------------------------------


async def test_a_turn_streams_text_and_ends_with_the_reply() -> None:
    house = turn_house(says("Hello", " there. "))
    heard = await read(await house.assistant.begin("hello"))
    assert heard.parts == [
        TextDelta("Hello"),
        TextDelta(" there. "),
        Reply("Hello there.", "claude-haiku-4-5-20251001", Tier.FAST, 1),
    ]


async def test_the_mind_is_given_prompt_history_time_and_tools() -> None:
    house = turn_house(says("Hello."), name="Olive", timezone="Europe/London")
    await house.remarks.add(1, [("user", "hi"), ("assistant", "hey")], house.clock.now())
    await read(await house.assistant.begin("  what next?  ", tier=Tier.HARD))
    assert house.cloud is not None
    [request] = house.cloud.requests
    assert request.model == "claude-opus-4-8"
    assert "Olive" in request.system
    assert "12:00 local time (Europe/London)" in request.context
    assert [message.content for message in request.messages] == [
        (Text("hi"),),
        (Text("hey"),),
        (Text("what next?"),),
    ]
    assert [spec.name for spec in request.tools][-1] == "wait"
    assert not request.spoken


async def test_the_local_tier_needs_no_cloud() -> None:
    house = turn_house()
    heard = await read(await house.assistant.begin("hello", tier=Tier.LOCAL))
    assert heard.reply == Reply("Locally.", "local", Tier.LOCAL, 1)


async def test_a_missing_key_is_an_error_before_anything_streams() -> None:
    house = turn_house()
    with pytest.raises(CloudKeyMissing, match="ANTHROPIC_API_KEY"):
        await house.assistant.begin("hello")
    assert house.remarks.said() == []


async def test_a_missing_key_is_no_error_at_the_speaker() -> None:
    house = turn_house()
    heard = await read(await house.assistant.begin("hello", spoken=True))
    assert heard.reply.tier is Tier.LOCAL
    assert house.local.requests[0].spoken


async def test_an_unknown_thread_is_an_error_before_anything_streams() -> None:
    with pytest.raises(ThreadNotFound):
        await turn_house().assistant.begin("hello", thread_id=7, tier=Tier.LOCAL)


async def test_without_a_thread_the_most_recently_active_one_is_used() -> None:
    house = turn_house(says("Hello."))
    house.clock.move(10)
    second = await house.threads.create("Kitchen", house.clock.now())
    assert (await read(await house.assistant.begin("hello"))).reply.thread_id == second.id
    house.clock.move(10)
    await read(await house.assistant.begin("hello", thread_id=1))
    assert (await read(await house.assistant.begin("hello"))).reply.thread_id == 1


def test_the_config_comes_from_the_settings() -> None:
    settings = Settings(name="Olive", chat_timeout_s=5, offline_fallback=True)
    config = TurnConfig.from_settings(settings)
    assert config == TurnConfig(name="Olive", timeout_s=5, offline_fallback=True)


# --- tools -----------------------------------------------------------------------------------


async def test_a_tool_runs_and_its_result_goes_to_the_mind() -> None:
    house = turn_house(says("Sure.", call("set_timer", minutes=5)))
    heard = await read(await house.assistant.begin("five minutes"))
    assert heard.parts[:-1] == [
        TextDelta("Sure."),
        ToolRun("set_timer", "running"),
        ToolRun("set_timer", "done"),
        TextDelta("\n\nDone."),
    ]
    assert heard.reply.reply == "Sure.\n\nDone."
    assert house.cloud is not None
    asked, told = house.cloud.requests[1].messages[-2:]
    assert asked.role == "assistant"
    assert asked.content == (Text("Sure."), call("set_timer", minutes=5))
    assert told.role == "user"
    assert told.content == (ToolResult("c1", "set_timer", "Timer set for 5 minutes."),)


async def test_several_calls_of_one_step_run_in_order() -> None:
    calls = [call("set_timer", "c1", minutes=1), call("set_timer", "c2", minutes=2)]
    house = turn_house(says(*calls))
    heard = await read(await house.assistant.begin("two timers"))
    assert house.ran == ["set_timer 1", "set_timer 2"]
    assert [status for _, status in heard.runs] == ["running", "done"] * 2
    assert house.cloud is not None
    assert [each.call_id for each in results(house.cloud.requests[1])] == ["c1", "c2"]


async def test_text_on_both_sides_of_a_call_stays_apart() -> None:
    house = turn_house(says("One.", call("set_timer", minutes=5), "Two."))
    heard = await read(await house.assistant.begin("five minutes", spoken=True))
    assert heard.text == heard.reply.reply == "One. Two. Done."


async def test_a_spoken_reply_is_one_line() -> None:
    house = turn_house(says("Sure.", call("set_timer", minutes=5)))
    heard = await read(await house.assistant.begin("five minutes", spoken=True))
    assert heard.reply.reply == "Sure. Done."


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (call("cancel_timer"), "There is no timer."),
        (call("make_coffee"), "There is no tool called make_coffee."),
        (call("set_timer", minutes="soon"), "minutes"),
        (call("set_timer"), "minutes"),
        (call("cancel_timer", extra=1), "extra"),
        (call("play"), "REN_SPEAKER"),
    ],
)
async def test_a_tool_that_fails_is_told_to_the_mind(asked: ToolCall, why: str) -> None:
    house = turn_house(says(asked))
    heard = await read(await house.assistant.begin("go"))
    assert heard.runs == [(asked.name, "running"), (asked.name, "error")]
    assert heard.reply.reply == "Done."
    assert house.cloud is not None
    [result] = results(house.cloud.requests[1])
    assert result.is_error
    assert why in result.content


async def test_a_dangerous_tool_does_not_run_unasked() -> None:
    house = turn_house(says(call("set_power", device="lamp")))
    heard = await read(await house.assistant.begin("light"))
    assert house.ran == []
    assert heard.runs == [("set_power", "running"), ("set_power", "error")]
    assert house.cloud is not None
    [result] = results(house.cloud.requests[1])
    assert "I did not do that, because" in result.content


async def test_a_thread_can_allow_dangerous_tools_for_itself_only() -> None:
    house = turn_house(says(call("set_power", device="lamp")))
    other = await house.threads.create("Kitchen", house.clock.now())
    await house.threads.set_allow_dangerous(other.id, allow=True)
    await read(await house.assistant.begin("light", thread_id=1))
    assert house.ran == []
    await read(await house.assistant.begin("light", thread_id=other.id))
    assert house.ran == ["set_power lamp"]


async def test_a_setting_and_a_person_in_the_room_allow_dangerous_tools() -> None:
    everywhere = turn_house(says(call("set_power", device="lamp")), allow_dangerous=True)
    await read(await everywhere.assistant.begin("light"))
    assert everywhere.ran == ["set_power lamp"]
    room = turn_house(says(call("set_power", device="lamp")))
    await read(await room.assistant.begin("light", spoken=True))
    assert room.ran == ["set_power lamp"]


async def test_a_mind_that_calls_tools_for_ever_is_stopped() -> None:
    async def write(_: MindRequest) -> AsyncGenerator[MindPart, None]:
        yield call("set_timer", minutes=1)

    house = turn_house(write)
    heard = await read(await house.assistant.begin("go"))
    assert house.cloud is not None
    allowed = [request.may_call_tools for request in house.cloud.requests]
    assert allowed == [True] * (MAX_STEPS - 1) + [False]
    assert len(house.ran) == MAX_STEPS - 1
    assert "Timer set for 1 minutes." in heard.reply.reply


async def test_a_mind_without_words_leaves_them_to_the_tools() -> None:
    async def write(request: MindRequest) -> AsyncGenerator[MindPart, None]:
        if not results(request):
            yield call("set_timer", minutes=5)

    heard = await read(await turn_house(write).assistant.begin("go"))
    assert heard.text == heard.reply.reply == "Timer set for 5 minutes."


async def test_an_empty_reply_becomes_a_sentence() -> None:
    heard = await read(await turn_house(says(" ", "\n")).assistant.begin("go"))
    assert heard.text == heard.reply.reply == NOTHING_SAID

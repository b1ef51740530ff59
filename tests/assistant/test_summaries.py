"""Summaries in the background: when, of what, and what happens when there is trouble."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator

import pytest

from ren_device.assistant.history import EARLIER, LEFT_OUT
from ren_device.assistant.summaries import (
    BATCH_TOKENS,
    BATCHES,
    FIRST_REST_S,
    KEPT_TOKENS,
    REMARKS_ABOVE,
    SUMMARISE_ABOVE,
    SUMMARY_TOKENS,
    TIMEOUT_S,
    Summariser,
)
from ren_device.assistant.tokens import tokens_in
from ren_device.bus import Bus
from ren_device.errors import CloudUnreachable
from ren_device.model import (
    MindPart,
    MindRequest,
    Remark,
    Role,
    Text,
    TextDelta,
    ToolCall,
    TurnEnded,
)
from tests.assistant.turn_house import Write, never, read, says, texts_of, turn_house
from tests.fakes import NOON, FakeMind, FixedClock, MemoryRemarks, MemorySummaries, MemoryThreads
from tests.virtual_time import run, until

LONG = "We talked about the garden and the price of tomatoes. " * 30
"""Some four hundred tokens."""


def notes(text: str) -> Write:
    return says(f"Here you are.\n<summary>\n{text}\n</summary>")


class Study:
    """A summariser at work on threads in memory."""

    def __init__(self, write: Write) -> None:
        self.mind = FakeMind(write)
        self.threads = MemoryThreads()
        self.remarks = MemoryRemarks(self.threads)
        self.summaries = MemorySummaries()
        self.bus = Bus()
        self.summariser = Summariser(
            self.mind, "small-model", self.remarks, self.summaries, FixedClock(), self.bus
        )

    async def talk(self, turns: int, text: str = LONG) -> None:
        for _ in range(turns):
            number = len(self.remarks.kept)
            said: list[tuple[Role, str]] = [
                ("user", f"q{number} {text}"),
                ("assistant", f"a{number} {text}"),
            ]
            await self.remarks.add(1, said, NOON)

    async def look(self) -> None:
        await self.summariser.look_at(1)

    def given(self, request: int = -1) -> str:
        (part,) = self.mind.requests[request].messages[0].content
        assert isinstance(part, Text)
        return part.text

    @property
    def covered(self) -> int:
        return self.summaries.kept[1].up_to

    @property
    def rest(self) -> list[Remark]:
        return [each for each in self.remarks.kept if each.id > self.covered]


async def test_a_short_thread_is_left_alone() -> None:
    study = Study(notes("x"))
    await study.look()
    await study.talk(2)
    await study.look()
    assert study.mind.requests == []


async def test_the_older_part_of_a_long_thread_is_put_in_short() -> None:
    study = Study(notes("Tomatoes are dear."))
    await study.talk(8)
    await study.look()
    (request,) = study.mind.requests
    assert study.summaries.kept[1].text == "Tomatoes are dear."
    assert (request.model, request.tools, request.may_call_tools) == ("small-model", (), False)
    assert "q0" in study.given()
    kept = sum(tokens_in(each.content) for each in study.rest)
    assert 0 < kept <= KEPT_TOKENS
    assert study.rest[0].role == "user"
    assert not any(each.content in study.given() for each in study.rest)
    assert all(
        each.content in study.given() for each in study.remarks.kept if each.id <= study.covered
    )


async def test_what_stays_begins_with_the_person() -> None:
    study = Study(notes("x"))
    await study.talk(10, LONG[:1100])  # of which there is room for three remarks
    await study.look()
    assert [each.role for each in study.rest] == ["user", "assistant"]


async def test_the_next_summary_is_made_of_the_last_one_and_what_came_after() -> None:
    study = Study(notes("First notes."))
    await study.talk(8)
    await study.look()
    first = study.covered
    await study.look()
    assert len(study.mind.requests) == 1  # nothing new
    await study.talk(8)
    await study.look()
    assert "First notes." in study.given()
    assert study.remarks.kept[first].content in study.given()
    assert study.remarks.kept[first - 1].content not in study.given()
    assert study.covered > first


async def test_many_short_remarks_are_a_long_thread_too() -> None:
    study = Study(notes("Chat."))
    await study.talk(REMARKS_ABOVE // 2, "ok")
    await study.look()
    assert study.mind.requests == []
    await study.talk(1, "ok")
    await study.look()
    assert study.covered > REMARKS_ABOVE // 2


async def test_the_last_exchange_stays_however_long() -> None:
    study = Study(notes("x"))
    await study.talk(1, LONG * 20)
    await study.look()
    assert study.mind.requests == []
    await study.talk(1, LONG * 20)
    await study.look()
    assert study.covered == 2


async def test_a_huge_thread_is_worked_off_in_bounded_steps_and_oldest_first() -> None:
    study = Study(notes("So far."))
    await study.talk(200)
    await study.look()
    assert len(study.mind.requests) == BATCHES
    assert all(tokens_in(study.given(n)) < 1.1 * BATCH_TOKENS for n in range(BATCHES))
    assert "q0" in study.given(0)
    while len(study.rest) > 4:
        before = study.covered
        await study.look()
        assert study.covered > before


async def test_one_enormous_remark_does_not_break_the_bounds() -> None:
    study = Study(notes("Long."))
    await study.talk(1, LONG * 200)
    await study.talk(2)
    await study.look()
    assert study.covered >= 2
    assert all(tokens_in(study.given(n)) < 2.1 * BATCH_TOKENS for n in range(BATCHES - 1))


async def test_an_overlong_summary_is_bounded() -> None:
    study = Study(notes("more and more " * 1000))
    await study.talk(8)
    await study.look()
    assert tokens_in(study.summaries.kept[1].text) <= SUMMARY_TOKENS


# --- trouble ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write",
    [
        says(CloudUnreachable("No connection.")),
        says("I can't help with that."),
        says("<summary>half a su"),
        says("<summary></summary>"),
        says(ToolCall("1", "set_timer", {})),
        says("x" * 50_000),
    ],
)
async def test_a_failure_costs_nothing_but_the_summary(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    study = Study(write)
    await study.talk(8)
    with caplog.at_level(logging.DEBUG):
        await study.look()
        await study.look()
    assert study.summaries.kept == {}
    assert len(study.mind.requests) == 1  # it rests now
    (record,) = [each for each in caplog.records if each.name.startswith("ren_device")]
    assert record.levelname == "WARNING"
    assert "tomatoes" not in caplog.text


async def test_a_thread_that_fails_holds_no_other_up() -> None:
    written = iter([says(CloudUnreachable("no")), notes("Good.")])
    study = Study(lambda request: next(written)(request))
    other = await study.threads.create("Other", NOON)
    await study.talk(8)
    for remark in list(study.remarks.kept):
        await study.remarks.add(other.id, [(remark.role, remark.content)], NOON)
    await study.look()
    await study.summariser.look_at(other.id)
    assert list(study.summaries.kept) == [other.id]


def test_a_failure_is_tried_again_later() -> None:
    async def scene() -> None:
        written = iter([says(CloudUnreachable("no")), says(CloudUnreachable("no")), notes("Good.")])
        study = Study(lambda request: next(written)(request))
        await study.talk(8)
        await study.look()
        await asyncio.sleep(FIRST_REST_S + 1)
        await study.look()
        await asyncio.sleep(FIRST_REST_S + 1)
        await study.look()
        assert len(study.mind.requests) == 2  # the second rest is longer
        await asyncio.sleep(FIRST_REST_S)
        await study.look()
        assert study.summaries.kept[1].text == "Good."

    run(scene())


def test_a_mind_that_hangs_is_given_up() -> None:
    async def scene() -> None:
        study = Study(never)
        await study.talk(8)
        began = asyncio.get_running_loop().time()
        await study.look()
        assert asyncio.get_running_loop().time() - began == pytest.approx(TIMEOUT_S, abs=1)
        assert study.summaries.kept == {}

    run(scene())


async def test_a_full_disk_is_no_drama() -> None:
    study = Study(notes("x"))
    study.summaries.broken = True
    await study.talk(8)
    await study.look()
    assert study.summaries.kept == {}


async def test_nothing_of_a_conversation_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    study = Study(notes("Tomatoes are dear."))
    await study.talk(8)
    with caplog.at_level(logging.DEBUG):
        await study.look()
    assert "omatoes" not in caplog.text


async def test_a_backlog_of_years_does_not_hold_up_the_event_loop() -> None:
    study = Study(notes("So far."))
    await study.talk(20_000, LONG[:200])
    began = time.process_time()
    await study.look()
    assert time.process_time() - began < 1  # counting all of it takes some seconds
    assert len(study.mind.requests) == BATCHES


async def test_a_summary_of_what_a_backup_has_replaced_is_thrown_away() -> None:
    async def restored(request: MindRequest) -> AsyncGenerator[MindPart, None]:
        del study.remarks.kept[2:]
        async for part in notes("Tomatoes.")(request):
            yield part

    study = Study(restored)
    await study.talk(8)
    await study.look()
    assert study.summaries.kept == {}


# --- as a loop ----------------------------------------------------------------------------------


def test_it_works_when_turns_end_and_stops_when_told() -> None:
    async def scene() -> None:
        study = Study(notes("Done."))
        loop = asyncio.create_task(study.summariser.run())
        await study.talk(8)
        await asyncio.sleep(1)
        assert study.mind.requests == []
        study.bus.publish(TurnEnded(1, "replied"))
        await until(lambda: 1 in study.summaries.kept)
        loop.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loop

    run(scene())


def test_turns_go_on_while_a_summary_is_written() -> None:
    async def scene() -> None:
        release = asyncio.Event()

        async def slow(_: MindRequest) -> AsyncGenerator[MindPart, None]:
            await release.wait()
            yield TextDelta("<summary>Tomatoes.</summary>")

        house = turn_house(says("Hello."))
        summariser = Summariser(
            FakeMind(slow), "small", house.remarks, house.summaries, house.clock, house.bus
        )
        loop = asyncio.create_task(summariser.run())
        for number in range(12):
            await house.remarks.add(1, [("user", f"q{number} {LONG}"), ("assistant", LONG)], NOON)
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            assert (await read(await house.assistant.begin("hello"))).text == "Hello."
        assert asyncio.get_running_loop().time() - began < 1
        assert house.cloud is not None
        first = _first_text(house.cloud.requests[-1])
        assert first == LEFT_OUT  # honest until the summary is there
        release.set()
        await until(lambda: 1 in house.summaries.kept)
        await read(await house.assistant.begin("hello"))
        first = _first_text(house.cloud.requests[-1])
        assert first == f"{EARLIER}\nTomatoes."
        loop.cancel()
        await asyncio.wait([loop])

    run(scene())


def test_a_turn_that_shows_all_since_the_summary_leaves_nothing_out() -> None:
    """A whole long conversation: at no turn is anything missing that the summary does not cover."""

    async def scene() -> None:
        house = turn_house(says("Well. " + LONG))
        summariser = Summariser(
            FakeMind(notes("Notes.")),
            "small",
            house.remarks,
            house.summaries,
            house.clock,
            house.bus,
        )
        loop = asyncio.create_task(summariser.run())
        await asyncio.sleep(0)
        for number in range(60):
            turn = await house.assistant.begin(
                f"q{number} {LONG[: number * 29 % 900]}", spoken=True
            )
            assert (await read(turn)).error is None
            await asyncio.sleep(1)
        loop.cancel()
        await asyncio.wait([loop])
        assert house.cloud is not None
        assert any(EARLIER in _first_text(request) for request in house.cloud.requests)
        assert not any(LEFT_OUT in _first_text(request) for request in house.cloud.requests)
        sizes = [
            sum(
                tokens_in(p.text)
                for m in request.messages
                for p in m.content
                if isinstance(p, Text)
            )
            for request in house.cloud.requests
        ]
        assert max(sizes) <= SUMMARISE_ABOVE + 2000

    run(scene())


def _first_text(request: MindRequest) -> str:
    return texts_of(request)[0]

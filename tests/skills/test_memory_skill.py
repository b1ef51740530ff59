import asyncio

import pytest

from ren_device.errors import ToolError
from ren_device.skills.memory import MOST_FACTS, READ_OUT, MemorySkill
from ren_device.skills.tool import Toolbox
from tests.fakes import FixedClock, MemoryFacts

BIRTHDAY = "my sister's birthday is the third of May"


class Notebook:
    def __init__(self, *facts: str) -> None:
        self.facts = MemoryFacts(*facts)
        self.tools = Toolbox(MemorySkill(self.facts, FixedClock()).tools())

    async def ask(self, name: str, /, **arguments: object) -> str:
        tool = self.tools.get(name)
        assert tool is not None
        assert not tool.dangerous
        return await tool.run(arguments)


async def test_something_is_remembered_told_corrected_and_forgotten() -> None:
    book = Notebook()
    assert await book.ask("list_facts") == "You have not asked me to remember anything."
    assert await book.ask("remember_fact", text=BIRTHDAY) == (
        "Okay, I'll remember: your sister's birthday is the third of May."
    )
    assert await book.ask("list_facts") == "Your sister's birthday is the third of May."
    later = "my sister's birthday is the fourth of May"
    assert await book.ask("correct_fact", which="sister birthday", text=later) == (
        "Okay, I corrected that: your sister's birthday is the fourth of May."
    )
    assert book.facts.texts == [later]
    assert await book.ask("forget_fact", which="my sister's birthday") == (
        "Okay, I forgot this: your sister's birthday is the fourth of May."
    )
    assert book.facts.texts == []


async def test_the_same_thing_is_remembered_once() -> None:
    book = Notebook(BIRTHDAY)
    assert await book.ask(
        "remember_fact", text="My sister\u2019s birthday is the third of may."
    ) == ("I know that already: your sister\u2019s birthday is the third of may.")
    assert book.facts.texts == [BIRTHDAY]


async def test_what_is_kept_is_one_line_without_control_characters() -> None:
    book = Notebook()
    await book.ask("remember_fact", text=' "the code is\n\x00 12\u202834" . ')
    assert book.facts.texts == ["the code is 12 34"]


@pytest.mark.parametrize("text", ["", "  ", "...", "\n"])
async def test_nothing_is_not_remembered(text: str) -> None:
    with pytest.raises(ToolError, match="What should I remember"):
        await Notebook().ask("remember_fact", text=text)


async def test_too_much_at_once_is_refused_in_a_sentence() -> None:
    book = Notebook(BIRTHDAY)
    with pytest.raises(ToolError, match="more briefly"):
        await book.ask("remember_fact", text="very " * 60)
    with pytest.raises(ToolError, match="more briefly"):
        await book.ask("correct_fact", which="birthday", text="very " * 60)
    assert book.facts.texts == [BIRTHDAY]


async def test_when_there_is_no_room_that_is_said() -> None:
    book = Notebook(*(f"shelf {n} has box {n}" for n in range(MOST_FACTS)))
    with pytest.raises(ToolError, match="no room for more"):
        await book.ask("remember_fact", text=BIRTHDAY)
    await book.ask("forget_fact", which="shelf 7")
    await book.ask("remember_fact", text=BIRTHDAY)
    assert len(book.facts.kept) == MOST_FACTS


async def test_two_at_the_same_moment_are_one() -> None:
    book = Notebook()
    await asyncio.gather(*(book.ask("remember_fact", text=BIRTHDAY) for _ in range(5)))
    assert book.facts.texts == [BIRTHDAY]


# --- telling --------------------------------------------------------------------------------


async def test_what_is_told_can_be_asked_for_by_topic() -> None:
    book = Notebook(BIRTHDAY, "I am allergic to nuts", "the spare keys are under the pot")
    assert await book.ask("list_facts") == (
        "I remember 3 things. Your sister's birthday is the third of May. You are allergic to nuts."
        " The spare keys are under the pot."
    )
    assert await book.ask("list_facts", about="the key") == "The spare keys are under the pot."
    assert await book.ask("list_facts", about="my car") == "I remember nothing about your car."


async def test_of_very_many_the_latest_are_told() -> None:
    book = Notebook(*(f"shelf {n} is full" for n in range(30)))
    said = await book.ask("list_facts")
    assert said.startswith(f"I remember 30 things. The latest {READ_OUT} are: Shelf 18 is full.")
    assert said.endswith("Shelf 29 is full.")


# --- which one ------------------------------------------------------------------------------

CARS = ("my car is blue", "my car is in the garage", "my bike is red")


async def test_in_doubt_it_is_asked_which_one() -> None:
    book = Notebook(*CARS)
    asked = "about that. Your car is blue. Your car is in the garage. Which one should I forget\\?$"
    with pytest.raises(ToolError, match=asked):
        await book.ask("forget_fact", which="my car")
    with pytest.raises(ToolError, match="Which one should I correct"):
        await book.ask("correct_fact", which="car", text="my car is green")
    assert book.facts.texts == list(CARS)


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ("the first my car", [1, 2]),
        ("first car", [1, 2]),
        ("last car", [0, 2]),
        ("both the car", [2]),
        ("all of them my car", [2]),
        ("garage my car", [0, 2]),
        ("My car is blue.", [1, 2]),
    ],
)
async def test_the_answer_is_understood(which: str, left: list[int]) -> None:
    book = Notebook(*CARS)
    await book.ask("forget_fact", which=which.removeprefix("the "))
    assert book.facts.texts == [CARS[index] for index in left]


@pytest.mark.parametrize("which", ["third car", "boat", "", "all", "both", "first", "the", "it"])
async def test_what_is_not_there_is_not_forgotten(which: str) -> None:
    book = Notebook(*CARS)
    with pytest.raises(ToolError, match="nothing of that kind"):
        await book.ask("forget_fact", which=which)
    assert book.facts.texts == list(CARS)


async def test_several_are_not_corrected_into_one() -> None:
    book = Notebook(*CARS)
    with pytest.raises(ToolError):
        await book.ask("correct_fact", which="both car", text="my car is green")
    assert book.facts.texts == list(CARS)


async def test_a_correction_to_what_is_known_leaves_no_double() -> None:
    book = Notebook("my car is blue", "my car is red")
    await book.ask("correct_fact", which="blue", text="my car is red")
    assert book.facts.texts == ["my car is red"]


# --- everything -----------------------------------------------------------------------------


async def test_everything_is_forgotten_when_told_so() -> None:
    book = Notebook(*CARS)
    assert await book.ask("forget_fact", everything=True) == (
        "Okay, I forgot everything that you asked me to remember: 3 things."
    )
    assert book.facts.texts == []
    assert "nothing" in await book.ask("forget_fact", everything=True)

import pytest

from ren_device.errors import ToolError
from ren_device.skills.lists import ListSkill
from ren_device.skills.tool import Toolbox
from tests.skills.memory_lists import MemoryLists


class Kitchen:
    def __init__(self) -> None:
        self.store = MemoryLists()
        self.tools = Toolbox(ListSkill(self.store).tools())

    async def ask(self, name: str, /, **arguments: object) -> str:
        tool = self.tools.get(name)
        assert tool is not None
        assert not tool.dangerous
        return await tool.run(arguments)


async def test_a_shopping_list_is_filled_read_and_emptied() -> None:
    ask = Kitchen().ask
    assert await ask("show_list") == "Your shopping list is empty."
    assert await ask("add_to_list", items=["milk", "eggs", "bread"]) == (
        "Okay, I added milk, eggs and bread to your shopping list."
    )
    assert await ask("show_list") == "Your shopping list has milk, eggs and bread."
    assert await ask("remove_from_list", items=["Eggs"]) == (
        "Okay, I took eggs off your shopping list."
    )
    assert await ask("clear_list") == "Okay, I cleared your shopping list. It had 2 items."
    assert await ask("clear_list") == "Your shopping list is already empty."


async def test_the_lists_are_named() -> None:
    kitchen = Kitchen()
    assert await kitchen.ask("show_lists") == "You have nothing on any list."
    await kitchen.ask("add_to_list", items=["milk"])
    await kitchen.ask("add_to_list", items=["sunscreen"], list_name="packing")
    said = await kitchen.ask("show_lists")
    assert said == "You have a packing list and a shopping list."


async def test_what_is_there_already_is_said_and_not_added_again() -> None:
    kitchen = Kitchen()
    await kitchen.ask("add_to_list", items=["Milk"])
    assert await kitchen.ask("add_to_list", items=["the milk"]) == (
        "The milk is already on your shopping list."
    )
    assert await kitchen.ask("add_to_list", items=["MILK", "eggs", "Eggs"]) == (
        "Okay, I added eggs to your shopping list. MILK and Eggs are already there."
    )
    assert [item.text for item in kitchen.store.kept] == ["Milk", "eggs"]


async def test_what_is_not_there_is_said() -> None:
    ask = Kitchen().ask
    await ask("add_to_list", items=["milk"])
    assert await ask("remove_from_list", items=["milk", "soap", "tea", "soap"]) == (
        "Okay, I took milk off your shopping list. Soap and tea are not on your shopping list."
    )
    assert await ask("remove_from_list", items=["milk"]) == "Milk is not on your shopping list."


async def test_lists_have_names_in_which_case_and_the_word_list_do_not_matter() -> None:
    ask = Kitchen().ask
    assert await ask("add_to_list", items=["tent"], list_name="My Packing List") == (
        "Okay, I added tent to your packing list."
    )
    assert await ask("show_list", list_name="packing") == "Your packing list has tent."
    assert await ask("show_list") == "Your shopping list is empty. You do have a packing list."
    with pytest.raises(ToolError, match="Which list"):
        await ask("show_list", list_name=" the list ")


@pytest.mark.parametrize("items", [[], [""], ["  "], ["x"] * 51, ["x" * 201], "milk", [None]])
async def test_impossible_items_are_refused(items: object) -> None:
    kitchen = Kitchen()
    with pytest.raises(ToolError, match="items"):
        await kitchen.ask("add_to_list", items=items)
    assert kitchen.store.kept == []


async def test_one_thing_is_looked_for_without_reading_all_of_it() -> None:
    kitchen = Kitchen()
    await kitchen.ask("add_to_list", items=["oat milk", "eggs", "bread"])
    said = await kitchen.ask("find_on_list", items=["Milk", "eggs"])
    assert said == "Oat milk and eggs are on your shopping list."
    said = await kitchen.ask("find_on_list", items=["eggs", "butter"])
    assert said == "Eggs is on your shopping list. Butter is not on your shopping list."


async def test_a_list_is_counted() -> None:
    kitchen = Kitchen()
    assert await kitchen.ask("count_list") == "Your shopping list is empty."
    await kitchen.ask("add_to_list", items=["eggs"])
    assert await kitchen.ask("count_list") == "Your shopping list has 1 item."
    await kitchen.ask("add_to_list", items=["bread"])
    assert await kitchen.ask("count_list") == "Your shopping list has 2 items."


async def test_things_move_from_the_list_that_they_are_on() -> None:
    kitchen = Kitchen()
    await kitchen.ask("add_to_list", items=["screws", "milk"])
    await kitchen.ask("add_to_list", items=["tape"], list_name="packing")
    said = await kitchen.ask("move_to_list", items=["the screws", "tape"], to_list="hardware")
    assert said == "Okay, I moved screws and tape to your hardware list."
    assert await kitchen.ask("show_list", list_name="hardware") == (
        "Your hardware list has screws and tape."
    )
    assert await kitchen.ask("show_list") == "Your shopping list has milk."
    said = await kitchen.ask("move_to_list", items=["tape", "milk"], to_list="packing")
    assert said == "Okay, I moved tape and milk to your packing list."


async def test_what_is_not_there_is_not_moved() -> None:
    kitchen = Kitchen()
    await kitchen.ask("add_to_list", items=["milk"])
    said = await kitchen.ask(
        "move_to_list", items=["milk", "tea"], to_list="packing", from_list="shopping"
    )
    assert said == "Okay, I moved milk to your packing list. Tea is not there."
    assert await kitchen.ask("move_to_list", items=["tea"], to_list="packing") == (
        "Tea is not there."
    )
    again = await kitchen.ask("move_to_list", items=["milk"], to_list="packing")
    assert again == "Milk is not there."  # nowhere else
    assert await kitchen.ask("count_list", list_name="packing") == "Your packing list has 1 item."

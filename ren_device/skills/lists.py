"""Named lists, such as the shopping list. They are Ren's own notes."""

import re
from typing import Annotated

from ren_device.errors import ToolError
from ren_device.ports import ListStore
from ren_device.skills.speakable import capitalised, count, listing
from ren_device.skills.tool import Tool, length, tool

Items = Annotated[list[Annotated[str, length(1, 200)]], length(1, 50)]
ListName = Annotated[str, length(0, 60)]


class ListSkill:
    """Adds to, shows, and takes from lists. Letter case never matters."""

    def __init__(self, store: ListStore) -> None:
        """Keep the lists here."""
        self._store = store

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.add_to_list),
            tool(self.show_list),
            tool(self.show_lists),
            tool(self.remove_from_list),
            tool(self.clear_list),
        ]

    async def add_to_list(self, items: Items, list_name: ListName = "shopping") -> str:
        """Add one or more items to a named list; the list is made when it is new.

        Use it for "add milk and eggs to my shopping list" (items ["milk", "eggs"]) or "put
        sunscreen on the packing list" (list_name "packing"). One item per thing, with its amount
        if one was said: "two lemons". Without a name of a list it is "shopping".
        """
        name = _list_name(list_name)
        present = {_key(item.text) for item in await self._store.items(name)}
        new: list[str] = []
        already: list[str] = []
        for text in _clean(items):
            (already if _key(text) in present else new).append(text)
            present.add(_key(text))
        await self._store.add(name, new)
        if not new:
            return f"{_are(already)} already on your {name} list."
        answer = f"Okay, I added {listing(new)} to your {name} list."
        return f"{answer} {_are(already)} already there." if already else answer

    async def show_list(self, list_name: ListName = "shopping") -> str:
        """Read out a named list.

        Use it for "what's on my shopping list?". Without a name of a list it is "shopping".
        """
        name = _list_name(list_name)
        items = await self._store.items(name)
        if items:
            return f"Your {name} list has {listing([item.text for item in items])}."
        answer = f"Your {name} list is empty."
        others = [other for other in await self._store.names() if other != name]
        kept = listing([f"a {other} list" for other in others])
        return f"{answer} You do have {kept}." if others else answer

    async def show_lists(self) -> str:
        """Tell which lists there are. Use it for "what lists do I have?"."""
        names = await self._store.names()
        if not names:
            return "You have nothing on any list."
        return f"You have {listing([f'a {name} list' for name in names])}."

    async def remove_from_list(self, items: Items, list_name: ListName = "shopping") -> str:
        """Take one or more items off a named list.

        Use it for "take milk off the shopping list" or "I bought the eggs". Name each item as it
        stands on the list; show_list tells. Without a name of a list it is "shopping".
        """
        name = _list_name(list_name)
        present = await self._store.items(name)
        removed, missing = [], []
        ids: list[int] = []
        for key, text in {_key(text): text for text in _clean(items)}.items():
            same = [item for item in present if _key(item.text) == key]
            if same:
                removed.append(same[0].text)
                ids.extend(item.id for item in same)
            else:
                missing.append(text)
        if ids:
            await self._store.remove(ids)
        answers = []
        if removed:
            answers.append(f"Okay, I took {listing(removed)} off your {name} list.")
        if missing:
            answers.append(f"{_are(missing, negative=True)} on your {name} list.")
        return " ".join(answers)

    async def clear_list(self, list_name: ListName = "shopping") -> str:
        """Take everything off a named list.

        Use it only when the person asks for the whole list to be emptied: "clear my shopping
        list". Without a name of a list it is "shopping".
        """
        name = _list_name(list_name)
        items = await self._store.items(name)
        if not items:
            return f"Your {name} list is already empty."
        await self._store.remove([item.id for item in items])
        return f"Okay, I cleared your {name} list. It had {count(len(items), 'item')}."


def _list_name(said: str) -> str:
    """`My Shopping List` and `shopping` are the same list."""
    name = " ".join(said.casefold().split())
    name = re.sub(r"^(?:my|the|our|a)\s+", "", name)
    name = re.sub(r"\s*\blist$", "", name)
    if not name:
        raise ToolError("Which list? Give its name, such as shopping.")
    return name


def _clean(items: list[str]) -> list[str]:
    cleaned = [" ".join(text.split()) for text in items]
    if not all(cleaned):
        raise ToolError("One of the items has no name.")
    return cleaned


def _key(text: str) -> str:
    """Items with the same key are the same thing: `the Milk` and `milk`."""
    return re.sub(r"^(?:the|some|a|an)\s+", "", " ".join(text.casefold().split()))


def _are(items: list[str], *, negative: bool = False) -> str:
    verb = "is" if len(items) == 1 else "are"
    return f"{capitalised(listing(items))} {verb}{' not' if negative else ''}"

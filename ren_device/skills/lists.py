"""Named lists, such as the shopping list. They are Ren's own notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from ren_device.errors import ToolError
from ren_device.languages.tables import Pattern, table
from ren_device.ports import ListStore
from ren_device.skills.speakable import Speech, capitalised
from ren_device.skills.tool import Tool, length, tool

Items = Annotated[list[Annotated[str, length(1, 200)]], length(1, 50)]
ListName = Annotated[str, length(0, 60)]


@dataclass(frozen=True, slots=True)
class _Words:
    """The table [lists]; see languages/en/skills.toml for what each is."""

    before_name: Pattern
    after_name: Pattern
    same: tuple[tuple[str, str], ...]
    before_item: Pattern


@dataclass(frozen=True, slots=True)
class _Tables:
    lists: _Words


class ListSkill:
    """Adds to, shows, and takes from lists. Letter case never matters."""

    def __init__(self, store: ListStore, language: str = "en") -> None:
        """Keep the lists here; understand and answer in this language."""
        self._store = store
        self._speech = Speech(language)
        self._say = self._speech.say
        self._words = table(language, "skills", _Tables).lists

    def tools(self) -> list[Tool]:
        """All tools of this skill."""
        return [
            tool(self.add_to_list),
            tool(self.show_list, read_only=True),
            tool(self.find_on_list, read_only=True),
            tool(self.count_list, read_only=True),
            tool(self.show_lists, read_only=True),
            tool(self.move_to_list),
            tool(self.remove_from_list),
            tool(self.clear_list),
        ]

    async def add_to_list(self, items: Items, list_name: ListName = "shopping") -> str:
        """Add one or more items to a named list; the list is made when it is new.

        Use it for "add milk and eggs to my shopping list" (items ["milk", "eggs"]) or "put
        sunscreen on the packing list" (list_name "packing"). One item per thing, with its amount
        if one was said: "two lemons". Without a name of a list it is "shopping".
        """
        name = self._list_name(list_name)
        present = {self._key(item.text) for item in await self._store.items(name)}
        new: list[str] = []
        already: list[str] = []
        for text in self._clean(items):
            (already if self._key(text) in present else new).append(text)
            present.add(self._key(text))
        await self._store.add(name, new)
        if not new:
            return self._items("already", already, name)
        told, called = self._speech.listing(new), self._speech.list_name(name)
        added = self._say("lists.added", len(new), items=told, list=called)
        return f"{added} {self._items('already_there', already, name)}" if already else added

    async def show_list(self, list_name: ListName = "shopping") -> str:
        """Read out a named list.

        Use it for "what's on my shopping list?". Without a name of a list it is "shopping".
        """
        name = self._list_name(list_name)
        items = await self._store.items(name)
        if items:
            texts = self._speech.listing([item.text for item in items])
            return self._say("lists.has", list=self._speech.list_name(name), items=texts)
        empty = self._say("lists.empty", list=self._speech.list_name(name))
        others = [other for other in await self._store.names() if other != name]
        kept = self._say("lists.others", lists=self._lists(others))
        return f"{empty} {kept}" if others else empty

    async def show_lists(self) -> str:
        """Tell which lists there are. Use it for "what lists do I have?"."""
        names = await self._store.names()
        if not names:
            return self._say("lists.nothing")
        return self._say("lists.lists", lists=self._lists(names))

    async def find_on_list(self, items: Items, list_name: ListName = "shopping") -> str:
        """Tell whether items are on a named list, without reading all of it.

        Use it for "is milk on the list?" (items ["milk"]). Without a name of a list it is
        "shopping".
        """
        name = self._list_name(list_name)
        there = [item.text for item in await self._store.items(name)]
        found: list[str] = []
        missing: list[str] = []
        for text in self._clean(items):
            words = set(self._key(text).split())
            such = [each for each in there if words <= set(self._key(each).split())]
            found += such
            missing += [] if such else [text]
        answers = [self._items("present", list(dict.fromkeys(found)), name)] if found else []
        answers += [self._items("missing", missing, name)] if missing else []
        return " ".join(answers)

    async def count_list(self, list_name: ListName = "shopping") -> str:
        """Tell how many items are on a named list. Use it for "how long is my shopping list?"."""
        name = self._list_name(list_name)
        number = len(await self._store.items(name))
        called = self._speech.list_name(name)
        return self._say("lists.counted" if number else "lists.empty", number, list=called)

    async def move_to_list(self, items: Items, to_list: ListName, from_list: ListName = "") -> str:
        """Take items off one list and put them on another.

        Use it for "move the screws to the hardware list" (items ["screws"], to_list "hardware").
        Leave from_list empty when it was not said: then they are looked for on every list.
        """
        to = self._list_name(to_list)
        names = [self._list_name(from_list)] if from_list.strip() else await self._store.names()
        present = [item for name in names if name != to for item in await self._store.items(name)]
        wanted = {self._key(text): text for text in self._clean(items)}
        moved = [item for item in present if self._key(item.text) in wanted]
        written = {self._key(item.text): item.text for item in moved}
        texts = [written[key] for key in wanted if key in written]
        if moved:
            there = {self._key(item.text) for item in await self._store.items(to)}
            await self._store.add(to, [each for each in texts if self._key(each) not in there])
            await self._store.remove([item.id for item in moved])
        missing = [text for key, text in wanted.items() if key not in written]
        answers = []
        if moved:
            told, called = self._speech.listing(texts), self._speech.list_name(to)
            answers.append(self._say("lists.moved", items=told, list=called))
        if missing:
            told = capitalised(self._speech.listing(missing))
            answers.append(self._say("lists.nowhere", len(missing), items=told))
        return " ".join(answers)

    async def remove_from_list(self, items: Items, list_name: ListName = "shopping") -> str:
        """Take one or more items off a named list.

        Use it for "take milk off the shopping list" or "I bought the eggs". Name each item as it
        stands on the list; show_list tells. Without a name of a list it is "shopping".
        """
        name = self._list_name(list_name)
        present = await self._store.items(name)
        removed, missing = [], []
        ids: list[int] = []
        for key, text in {self._key(text): text for text in self._clean(items)}.items():
            same = [item for item in present if self._key(item.text) == key]
            if same:
                removed.append(same[0].text)
                ids.extend(item.id for item in same)
            else:
                missing.append(text)
        if ids:
            await self._store.remove(ids)
        answers = []
        if removed:
            taken = self._speech.listing(removed)
            called = self._speech.list_name(name)
            answers.append(self._say("lists.removed", items=taken, list=called))
        if missing:
            answers.append(self._items("missing", missing, name))
        return " ".join(answers)

    async def clear_list(self, list_name: ListName = "shopping") -> str:
        """Take everything off a named list.

        Use it only when the person asks for the whole list to be emptied: "clear my shopping
        list". Without a name of a list it is "shopping".
        """
        name = self._list_name(list_name)
        items = await self._store.items(name)
        if not items:
            return self._say("lists.already_empty", list=self._speech.list_name(name))
        await self._store.remove([item.id for item in items])
        return self._say("lists.cleared", len(items), list=self._speech.list_name(name))

    def _items(self, key: str, items: list[str], name: str) -> str:
        """What is said of some items: `Milk is already on your shopping list.`"""
        told = capitalised(self._speech.listing(items))
        called = self._speech.list_name(name)
        return self._say(f"lists.{key}", len(items), items=told, list=called)

    def _lists(self, names: Sequence[str]) -> str:
        called = [self._say("lists.a_list", list=self._speech.list_name(each)) for each in names]
        return self._speech.listing(called)

    def _list_name(self, said: str) -> str:
        """`My Shopping List` and `shopping` are the same list."""
        name = self._words.before_name.sub("", " ".join(said.casefold().split()))
        name = self._words.after_name.sub("", name)
        if not name:
            raise ToolError(self._say("lists.which"))
        return dict(self._words.same).get(name, name)

    def _clean(self, items: list[str]) -> list[str]:
        cleaned = [" ".join(text.split()) for text in items]
        if not all(cleaned):
            raise ToolError(self._say("lists.nameless"))
        return cleaned

    def _key(self, text: str) -> str:
        """Items with the same key are the same thing: `the Milk` and `milk`."""
        return self._words.before_item.sub("", " ".join(text.casefold().split()))

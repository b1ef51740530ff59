"""ports.ListStore in memory."""

from collections.abc import Sequence

from ren_device.model import ListItem


class MemoryLists:
    def __init__(self) -> None:
        self.kept: list[ListItem] = []
        self._last_id = 0

    async def add(self, list_name: str, texts: Sequence[str]) -> list[ListItem]:
        new = [ListItem(self._last_id + n, list_name, text) for n, text in enumerate(texts, 1)]
        self._last_id += len(new)
        self.kept += new
        return new

    async def items(self, list_name: str) -> list[ListItem]:
        return [item for item in self.kept if item.list_name == list_name]

    async def names(self) -> list[str]:
        return sorted({item.list_name for item in self.kept})

    async def remove(self, item_ids: Sequence[int]) -> None:
        self.kept = [item for item in self.kept if item.id not in item_ids]

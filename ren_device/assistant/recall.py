"""What a turn knows of the past: the thread's dialogue, and the facts it was asked to remember."""

from ren_device.assistant.history import REMARKS_SHOWN, budget, dialogue
from ren_device.model import Message, Tier
from ren_device.ports import FactStore, RemarkStore, SummaryStore


class Recall:
    """Reads what is kept."""

    def __init__(
        self, remarks: RemarkStore, summaries: SummaryStore | None, facts: FactStore | None
    ) -> None:
        """None where nothing of the kind is kept."""
        self._remarks = remarks
        self._summaries = summaries
        self._facts = facts

    async def dialogue(
        self, thread_id: int, message: str, tier: Tier, *, spoken: bool
    ) -> tuple[Message, ...]:
        """The thread so far as this tier is shown it, then `message`. Raises StoreError.

        The offline mind cannot read a summary, and is shown none.
        """
        summary = None
        if self._summaries is not None and tier is not Tier.LOCAL:
            summary = await self._summaries.get(thread_id)
        remarks = await self._remarks.latest(thread_id, REMARKS_SHOWN + 1)
        return dialogue(remarks, message, budget(tier, spoken=spoken), summary)

    async def facts(self) -> tuple[str, ...]:
        """What the person asked Ren to remember, oldest first. Raises StoreError."""
        if self._facts is None:
            return ()
        return tuple(fact.text for fact in await self._facts.all())

"""Stand-ins for what the core needs from outside: stores in memory, a clock, a mind."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ren_device.errors import StoreError, ThreadNotFound
from ren_device.model import Fact, MindPart, MindRequest, Remark, Role, Summary, Thread

NOON = datetime.fromisoformat("2026-06-25T12:00:00")


class FixedClock:
    """A wall clock that stands still until it is moved; durations are the event loop's."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class MemoryThreads:
    """A ThreadStore; thread 1, "General", is there from the start."""

    def __init__(self, at: datetime = NOON) -> None:
        self.kept = {1: Thread(1, "General", False, at, at)}

    async def create(self, name: str, at: datetime) -> Thread:
        thread = Thread(max(self.kept) + 1, name, False, at, at)
        self.kept[thread.id] = thread
        return thread

    async def get(self, thread_id: int) -> Thread:
        try:
            return self.kept[thread_id]
        except KeyError:
            raise ThreadNotFound(f"There is no thread {thread_id}.") from None

    async def recent(self, limit: int) -> list[Thread]:
        newest = sorted(self.kept.values(), key=lambda t: (t.last_active_at, t.id), reverse=True)
        return newest[:limit]

    async def set_allow_dangerous(self, thread_id: int, allow: bool) -> Thread:
        thread = replace(await self.get(thread_id), allow_dangerous=allow)
        self.kept[thread_id] = thread
        return thread

    def touch(self, thread_id: int, at: datetime) -> None:
        self.kept[thread_id] = replace(self.kept[thread_id], last_active_at=at)


class MemoryRemarks:
    """A RemarkStore. `gate` holds every write up; a `broken` one fails it."""

    def __init__(self, threads: MemoryThreads) -> None:
        self.kept: list[Remark] = []
        self.broken = False
        self.writing = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self._threads = threads

    async def add(self, thread_id: int, said: Sequence[tuple[Role, str]], at: datetime) -> None:
        self.writing.set()
        await self.gate.wait()
        if self.broken:
            raise StoreError("The disk is full.")
        for role, content in said:
            self.kept.append(Remark(len(self.kept) + 1, role, content, thread_id, at))
        self._threads.touch(thread_id, at)

    async def latest(self, thread_id: int, limit: int) -> list[Remark]:
        return [each for each in self.kept if each.thread_id == thread_id][-limit:]

    async def after(self, thread_id: int, remark_id: int) -> list[Remark]:
        return [each for each in await self.latest(thread_id, 10**9) if each.id > remark_id]

    def said(self, thread_id: int = 1) -> list[tuple[Role, str]]:
        """What a test wants to see of a thread."""
        return [(each.role, each.content) for each in self.kept if each.thread_id == thread_id]


class MemorySummaries:
    """A SummaryStore; a `broken` one fails every write."""

    def __init__(self) -> None:
        self.kept: dict[int, Summary] = {}
        self.broken = False

    async def get(self, thread_id: int) -> Summary | None:
        return self.kept.get(thread_id)

    async def put(self, summary: Summary) -> None:
        if self.broken:
            raise StoreError("The disk is full.")
        self.kept[summary.thread_id] = summary


class MemoryFacts:
    """A FactStore."""

    def __init__(self, *texts: str) -> None:
        self.kept = {number: Fact(number, text, NOON) for number, text in enumerate(texts, 1)}

    async def add(self, text: str, at: datetime) -> Fact:
        await asyncio.sleep(0)  # others come in between, as they do with a disk
        fact = Fact(max(self.kept, default=0) + 1, text, at)
        self.kept[fact.id] = fact
        return fact

    async def all(self) -> list[Fact]:
        return list(self.kept.values())

    async def replace(self, fact_id: int, text: str) -> Fact | None:
        if fact_id not in self.kept:
            return None
        self.kept[fact_id] = replace(self.kept[fact_id], text=text)
        return self.kept[fact_id]

    async def remove(self, fact_ids: Sequence[int]) -> None:
        for fact_id in fact_ids:
            self.kept.pop(fact_id, None)

    @property
    def texts(self) -> list[str]:
        """What a test wants to see."""
        return [fact.text for fact in self.kept.values()]


class FakeMind:
    """A mind that is a plain async generator function, one call of it a step."""

    def __init__(self, write: Callable[[MindRequest], AsyncGenerator[MindPart, None]]) -> None:
        self.requests: list[MindRequest] = []
        self._write = write

    def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        self.requests.append(request)
        return self._write(request)

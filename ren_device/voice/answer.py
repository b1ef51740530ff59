"""One answer, from the words that were understood to the last sound of the reply.

It may be begun as a head start, while the person has perhaps not finished: then nothing leaves it
before `commit`, and cancelling it leaves no trace.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from ren_device.errors import RenError
from ren_device.model import Reply, ReplyPart, TextDelta, Tier
from ren_device.ports import TextToSpeech
from ren_device.voice.clauses import ClauseCutter
from ren_device.voice.mouth import Mouth
from ren_device.voice.roles import Client, SpokenLanguage, TurnTaker
from ren_device.voice.trace import LatencyTrace

_log = logging.getLogger(__name__)
_PARTS_HELD = 1000  # of a reply that nobody may see yet, or that a slow client has not taken
_FILLER_AFTER_S = 1.0  # what a tool may take before Ren says that it is at work


class Answer:
    """To one question. `run` it once, in a task; `commit` lets it out."""

    def __init__(
        self,
        question: str,
        tts: TextToSpeech,
        language: SpokenLanguage,
        client: Client,
        trace: LatencyTrace,
        on_first_sound: Callable[[], None],
    ) -> None:
        """`on_first_sound` is called just before the first sound."""
        self.question = question
        self.trace = trace
        self.acted = False
        """Whether a tool was asked for."""
        self.text = ""
        """Of the reply, as far as it was written."""
        self._language = language
        self._client = client
        self._certain = asyncio.Event()
        self._parts: asyncio.Queue[ReplyPart | RenError | None] = asyncio.Queue(_PARTS_HELD)
        self._mouth = Mouth(tts, client.voice, language.speakable, on_first_sound, trace)
        self._finished = False

    @property
    def committed(self) -> bool:
        """Whether the person had really finished."""
        return self._certain.is_set()

    @property
    def sounding(self) -> bool:
        """Whether its first sound was made."""
        return self._mouth.sounding

    @property
    def heard_s(self) -> float:
        """How much of it was heard, in seconds, about."""
        return self._mouth.heard_s

    def commit(self) -> None:
        """The person has finished: let it out."""
        self._certain.set()
        self._mouth.release()

    def take_back(self) -> None:
        """The person goes on after all: whoever cancels it now leaves no trace of it."""
        self._certain.clear()

    async def pause(self) -> None:
        """Silence, now."""
        await self._mouth.pause()

    def resume(self) -> None:
        """Go on where it was paused."""
        self._mouth.resume()

    async def say(self, text: str) -> None:
        """Only speak this, and tell the client that it is the reply to the question."""
        self.text = text
        async with asyncio.TaskGroup() as group:
            self._mouth.start(group)
            self._mouth.say(text)
            self._mouth.end()

    async def run(self, assistant: TurnTaker, tier: Tier | None = None) -> None:
        """Think and speak until it is over. A turn that fails is apologised for."""
        reply: Reply | None = None
        async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            group.create_task(self._deliver(), name="deliver")
            self._mouth.start(group)
            try:
                parts = await assistant.begin(
                    self.question, spoken=True, tier=tier, heard=self._heard, certain=self._certain
                )
                # Closed when all was heard: only then it is known what the thread is to keep.
                await stack.enter_async_context(aclosing(parts))
                reply = await self._read(parts)
            except RenError as error:
                # The sentence may quote the service or the person: it stays out of the log.
                _log.warning("the turn failed: %s", type(error).__name__)
                self.trace.outcome = "failed"
                await self._parts.put(error)
                self._mouth.say(self._language.apology, counts=False)
            finally:
                self._mouth.end()
            await self._parts.put(None)
        self._finished = True
        if reply is not None:
            await self._client.part(reply)

    def _heard(self) -> str:
        return self.text if self._finished else self._mouth.heard()

    async def _read(self, parts: AsyncGenerator[ReplyPart, None]) -> Reply | None:
        cutter = ClauseCutter(self._language.code)
        reply: Reply | None = None
        filler: asyncio.TimerHandle | None = None
        try:
            async for part in parts:
                if filler is not None:
                    filler.cancel()
                    filler = None
                if isinstance(part, Reply):
                    reply = part
                    self.trace.tier = part.tier
                    break
                if isinstance(part, TextDelta):
                    self.trace.mark("first_text")
                    self.text += part.text
                    self._say(cutter.feed(part.text))
                elif part.status == "running":
                    self.acted = True
                    self._say(cutter.flush())
                    loop = asyncio.get_running_loop()
                    filler = loop.call_later(_FILLER_AFTER_S, self._fill)
                await self._parts.put(part)
        finally:
            if filler is not None:
                filler.cancel()
        self._say(cutter.flush())
        return reply

    def _say(self, clauses: list[str]) -> None:
        for clause in clauses:
            self.trace.mark("first_clause")
            self._mouth.say(clause)

    def _fill(self) -> None:
        if self._mouth.at_rest and self.committed:
            self._mouth.say(self._language.filler(), counts=False)

    async def _deliver(self) -> None:
        """Pass on what the client may see, in order, once the turn is certain."""
        await self._certain.wait()
        await self._client.transcript(self.question)
        while (part := await self._parts.get()) is not None:
            if isinstance(part, RenError):
                await self._client.trouble(part)
            else:
                await self._client.part(part)

"""One turn: a message in, a stream of reply parts out, and both kept in the thread."""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from weakref import WeakValueDictionary

from ren_device.assistant.prompt import moment, system_prompt
from ren_device.assistant.recall import Recall
from ren_device.assistant.routing import BRAINS, CLAUDE, Brain, route
from ren_device.assistant.steps import Answer, Limits, Steps
from ren_device.assistant.to_the_end import to_the_end
from ren_device.bus import Bus
from ren_device.errors import (
    CloudError,
    CloudKeyMissing,
    CloudUnreachable,
    RenError,
    StoreError,
    TurnTimeout,
)
from ren_device.languages.replies import Replies
from ren_device.model import (
    MindRequest,
    Outcome,
    Reply,
    ReplyPart,
    Role,
    TextDelta,
    Tier,
    ToolRun,
    TurnEnded,
    TurnStarted,
)
from ren_device.ports import Clock, FactStore, Mind, RemarkStore, SummaryStore, ThreadStore
from ren_device.settings import Settings
from ren_device.skills.tool import Toolbox

log = logging.getLogger(__name__)

_SPOKEN_WAIT_S = 1.0  # how long a person in the room waits for a turn that somebody else began

Heard = Callable[[], str]
"""Which part of the reply has really been heard so far."""


@dataclass(frozen=True, slots=True)
class TurnConfig:
    """What the settings say about turns."""

    name: str = "Ren"
    timezone: str = ""
    default_tier: Tier = Tier.DEFAULT
    timeout_s: float = 60.0
    allow_dangerous: bool = False
    offline_fallback: bool = False
    brain: Brain = CLAUDE
    language: str = "en"
    patience_s: float = 8.0
    """How long a person at the speaker waits for the cloud to begin before Ren helps itself."""

    @classmethod
    def from_settings(cls, settings: Settings) -> "TurnConfig":
        """The part of the settings that turns read."""
        return cls(
            name=settings.name,
            timezone=settings.timezone,
            default_tier=settings.default_tier,
            timeout_s=settings.chat_timeout_s,
            allow_dangerous=settings.allow_dangerous,
            offline_fallback=settings.offline_fallback,
            brain=BRAINS[settings.brain],
            language=settings.language,
        )


@dataclass(frozen=True, slots=True)
class _Ask:
    message: str
    thread_id: int
    tier: Tier
    spoken: bool
    heard: Heard | None
    certain: asyncio.Event | None
    deadline: float

    @property
    def dropped(self) -> bool:
        """Whether it must leave no trace: nobody ever said that this was a turn."""
        return self.certain is not None and not self.certain.is_set()


@dataclass(slots=True)
class _Result:
    """Who answered in the end, with what, and since when (on the event loop's clock)."""

    tier: Tier
    answer: Answer
    first_text_at: float | None = None


def _unheard(answer: Answer) -> str:
    """For the thread, when nothing of the answer was heard: what was done all the same."""
    done = " ".join(result.content for result in answer.results) or answer.text
    return f"[Done, but not said: {done.strip()}]" if answer.acted and done.strip() else ""


class Assistant:
    """Answers messages, one at a time in each thread."""

    def __init__(
        self,
        *,
        cloud: Mind | None,
        local: Mind,
        toolbox: Toolbox,
        threads: ThreadStore,
        remarks: RemarkStore,
        clock: Clock,
        bus: Bus,
        config: TurnConfig,
        summaries: SummaryStore | None = None,
        facts: FactStore | None = None,
    ) -> None:
        """`cloud` is None where no key is set."""
        self._cloud = cloud
        self._local = local
        self._toolbox = toolbox
        self._threads = threads
        self._remarks = remarks
        self._recall = Recall(remarks, summaries, facts)
        self._clock = clock
        self._bus = bus
        self._config = config
        self._replies = Replies(config.language)
        # A lock lives for as long as some turn holds on to it.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def begin(
        self,
        message: str,
        *,
        thread_id: int | None = None,
        tier: Tier | None = None,
        spoken: bool = False,
        heard: Heard | None = None,
        certain: asyncio.Event | None = None,
    ) -> AsyncGenerator[ReplyPart, None]:
        """Check the request and return the turn; nothing runs until it is iterated.

        The turn yields TextDelta and ToolRun, then one Reply, and must be closed (`aclose`) when
        it is not read to its end: that cancels the work upstream. Without `thread_id` it goes to
        the most recently active thread. `spoken` means a person in the room: dangerous tools may
        run, and where the cloud fails before a word was said, the local tier answers.

        Both remarks are on disk before the Reply is yielded, unless a tool has run and the disk
        fails after that. With `heard` they are kept when the
        turn is closed instead, so that a caller who is still speaking can close it early; then
        the thread keeps only what `heard` returns.

        With `certain` it is a head start: until that event is set nothing is kept and no tool runs
        that changes anything, and a turn that is closed before then leaves no trace.

        Raises ThreadNotFound and CloudKeyMissing here; while iterated CloudError (502),
        TurnTimeout and StoreError.
        """
        deadline = asyncio.get_running_loop().time() + self._config.timeout_s
        if thread_id is None:
            thread_id = (await self._threads.recent(1))[0].id
        else:
            await self._threads.get(thread_id)
        message = message.strip()
        tier = route(message, tier, self._config.default_tier)
        if tier is not Tier.LOCAL and self._cloud is None:
            if not spoken:
                raise CloudKeyMissing(self._config.brain.no_key)
            tier = Tier.LOCAL
        return self._turn(_Ask(message, thread_id, tier, spoken, heard, certain, deadline))

    async def _turn(self, ask: _Ask) -> AsyncGenerator[ReplyPart, None]:
        lock = self._locks.setdefault(ask.thread_id, asyncio.Lock())
        held = await self._wait_for_turn(ask, lock)
        try:
            async with aclosing(self._told(ask)) as parts:
                async for part in parts:
                    if held and isinstance(part, Reply):
                        lock.release()  # who speaks it may take minutes
                        held = False
                    yield part
        finally:
            if held:
                lock.release()

    async def _wait_for_turn(self, ask: _Ask, lock: asyncio.Lock) -> bool:
        """Whether the thread's lock is held now.

        A cloud turn may take a minute. Whoever says "stop", or asks the device itself, must not
        wait for it: at worst their remarks come before those of the turn that is still going on.
        """
        if ask.tier is Tier.LOCAL:
            return False
        patience = asyncio.get_running_loop().time() + _SPOKEN_WAIT_S if ask.spoken else math.inf
        try:
            async with asyncio.timeout_at(min(ask.deadline, patience)):
                await lock.acquire()
        except TimeoutError:
            if ask.spoken:
                return False
            raise TurnTimeout(
                f"Another turn in this thread took longer than {self._config.timeout_s:g} seconds."
            ) from None
        return True

    async def _told(self, ask: _Ask) -> AsyncGenerator[ReplyPart, None]:
        """The turn, with its traces: events on the bus and remarks in the thread."""
        self._bus.publish(TurnStarted(ask.thread_id, ask.tier))
        result = _Result(ask.tier, Answer())
        outcome: Outcome = "failed"
        kept = interrupted = False
        try:
            async with aclosing(self._answered(ask, result)) as parts:
                async for part in parts:
                    if result.first_text_at is None and isinstance(part, TextDelta):
                        result.first_text_at = asyncio.get_running_loop().time()
                    yield part
            text = result.answer.text.strip()
            if ask.heard is None:
                if ask.certain is not None:
                    await ask.certain.wait()
                kept = True
                await to_the_end(self._keep(ask, text, acted=result.answer.acted))
            outcome = "replied"
            model = self._config.brain.model_of(result.tier)
            yield Reply(text, model, result.tier, ask.thread_id)
        except RenError:
            if ask.certain is not None:
                await ask.certain.wait()  # only a turn can fail: a head start may still be dropped
            raise
        except (GeneratorExit, asyncio.CancelledError):
            interrupted = True
            if outcome != "replied" or ask.dropped:
                outcome = "dropped" if ask.dropped else "cancelled"
            raise
        finally:
            try:
                if ask.dropped:
                    outcome = "dropped"
                elif not kept:
                    said = result.answer.text
                    if interrupted and ask.heard:
                        said = ask.heard() or _unheard(result.answer)
                    acted = result.answer.acted
                    await to_the_end(self._keep(ask, said.strip(), acted=acted))
            except StoreError as error:
                # The turn is over, and how it ended matters more to the caller.
                log.warning("a turn in thread %d was not kept: %s", ask.thread_id, error)
            finally:
                self._bus.publish(self._ended(ask, result, outcome))

    def _ended(self, ask: _Ask, result: _Result, outcome: Outcome) -> TurnEnded:
        began = ask.deadline - self._config.timeout_s
        took_s = asyncio.get_running_loop().time() - began
        first_s = None if result.first_text_at is None else result.first_text_at - began
        return TurnEnded(ask.thread_id, outcome, result.tier, took_s, first_s)

    async def _answered(
        self, ask: _Ask, result: _Result
    ) -> AsyncGenerator[TextDelta | ToolRun, None]:
        """The answer of the tier that was chosen, or of the local one in its stead."""
        if self._cloud is not None and ask.tier is not Tier.LOCAL:
            steps = self._steps(ask, result)
            request = await self._request(ask, ask.tier)
            try:
                async with aclosing(steps.run(self._cloud, request)) as parts:
                    async for part in parts:
                        yield part
            except (CloudError, CloudKeyMissing) as error:
                answer = result.answer
                if ask.spoken and answer.acted and answer.results:
                    # What the tools did is done: say that rather than do it twice.
                    if delta := steps.last_words(spoken=True):
                        yield delta
                    return
                if answer.acted or answer.text.strip() or not self._may_fall_back(ask, error):
                    raise
                log.warning("the cloud tier failed (%s): answering locally", type(error).__name__)
            else:
                return
        result.tier = Tier.LOCAL
        result.answer = Answer()
        steps = self._steps(ask, result)
        request = await self._request(ask, Tier.LOCAL)
        async with aclosing(steps.run(self._local, request)) as parts:
            async for part in parts:
                yield part

    def _may_fall_back(self, ask: _Ask, error: Exception) -> bool:
        if ask.spoken:
            return True
        return self._config.offline_fallback and isinstance(error, CloudUnreachable)

    def _steps(self, ask: _Ask, result: _Result) -> Steps:
        async def may_run_dangerous() -> bool:
            if ask.spoken or self._config.allow_dangerous:
                return True
            return (await self._threads.get(ask.thread_id)).allow_dangerous

        timeout_s = self._config.timeout_s
        waits = ask.spoken and result.tier is not Tier.LOCAL
        patience_s = min(self._config.patience_s, timeout_s / 2) if waits else None
        limits = Limits(ask.deadline, timeout_s, patience_s)
        return Steps(
            self._toolbox,
            may_run_dangerous,
            limits,
            result.answer,
            refusal=self._replies.say("turn.refused"),
            nothing_said=self._replies.say("turn.nothing_said"),
            certain=ask.certain,
        )

    async def _request(self, ask: _Ask, tier: Tier) -> MindRequest:
        spoken = ask.spoken
        facts = await self._recall.facts()
        return MindRequest(
            model=self._config.brain.model_of(tier),
            system=system_prompt(
                self._config.name, spoken=spoken, facts=facts, language=self._config.language
            ),
            context=moment(self._clock.now(), self._config.timezone),
            messages=await self._recall.dialogue(ask.thread_id, ask.message, tier, spoken=spoken),
            tools=self._toolbox.specs,
            spoken=spoken,
            facts=facts,
        )

    async def _keep(self, ask: _Ask, reply: str, *, acted: bool) -> None:
        said: list[tuple[Role, str]] = [("user", ask.message)]
        if reply:
            said.append(("assistant", reply))
        try:
            await self._remarks.add(ask.thread_id, said, self._clock.now())
        except StoreError as error:
            if not (ask.spoken or acted):
                raise
            # Who asked aloud has heard the answer, and what tools did is done: an apology after it
            # would say that it is wrong.
            log.warning("a turn in thread %d was not kept: %s", ask.thread_id, error)

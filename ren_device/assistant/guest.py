"""A turn of somebody else's conversation: a program asks with its own history, nothing is kept.

The minds, the prompt and the tools are those of any turn. A caller who brings tools is different:
then those are the only ones, Ren's stay out of it, and what the mind asks for is handed back. So
nothing can be done twice, by Ren and by the caller, or by a Ren that cannot remember having done
it.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from ren_device.assistant.metered import Metered
from ren_device.assistant.prompt import moment, system_prompt
from ren_device.assistant.routing import route
from ren_device.assistant.steps import Answer, Limits, Steps
from ren_device.assistant.turn import TurnConfig
from ren_device.errors import CloudKeyMissing, CloudUnreachable
from ren_device.model import (
    Message,
    MindRequest,
    Spent,
    Text,
    TextDelta,
    Tier,
    ToolCall,
    ToolRun,
    ToolSpec,
)
from ren_device.ports import Clock, FactStore, Mind
from ren_device.skills.tool import Toolbox

log = logging.getLogger(__name__)

_CALLER = "You are asked through a program, not at the speaker. Its own instructions to you:"
_REFUSAL = (
    "I did not do that, because it acts on the home and programs may not do that here. The setting"
    " REN_ALLOW_DANGEROUS allows it."
)


@dataclass(frozen=True, slots=True)
class GuestAsk:
    """What a program asks: a dialogue that ends with its side, and how it wants the answer."""

    messages: tuple[Message, ...]
    system: str = ""
    tools: tuple[ToolSpec, ...] = ()
    may_call_tools: bool = True
    tier: Tier | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class GuestStart:
    """The answer begins, and this tier gives it; the first part."""

    tier: Tier


@dataclass(frozen=True, slots=True)
class GuestReply:
    """How the turn ended; its last part."""

    stop_reason: Literal["end_turn", "max_tokens", "tool_use"]
    spent: Spent
    """Of all steps together; an estimate where the mind did not say."""


GuestPart = GuestStart | TextDelta | ToolRun | ToolCall | GuestReply


class Guest:
    """Answers programs. Any number of turns may run at the same time."""

    def __init__(
        self,
        *,
        cloud: Mind | None,
        local: Mind,
        toolbox: Toolbox,
        clock: Clock,
        config: TurnConfig,
        facts: FactStore | None = None,
    ) -> None:
        """`cloud` is None where no key is set, `facts` where none are kept."""
        self._cloud = None if cloud is None else Metered(cloud)
        self._local = Metered(local, cuts=True)
        self._toolbox = toolbox
        self._clock = clock
        self._config = config
        self._facts = facts

    def begin(self, ask: GuestAsk) -> AsyncGenerator[GuestPart, None]:
        """Return the turn; nothing runs until it is iterated. Closing it cancels the work upstream.

        The turn yields GuestStart, then TextDelta, ToolRun for Ren's own tools or ToolCall for the
        caller's, and one GuestReply. Raises CloudKeyMissing here; while iterated what a turn of
        Assistant does.
        """
        deadline = asyncio.get_running_loop().time() + self._config.timeout_s
        tier = route(_last_words(ask.messages), ask.tier, self._config.default_tier)
        if tier is not Tier.LOCAL and self._cloud is None:
            raise CloudKeyMissing(self._config.brain.no_key)
        return self._turn(ask, tier, Limits(deadline, self._config.timeout_s))

    async def _turn(
        self, ask: GuestAsk, tier: Tier, limits: Limits
    ) -> AsyncGenerator[GuestPart, None]:
        answer = Answer()
        started = False
        try:
            async with aclosing(self._answered(ask, tier, limits, answer)) as parts:
                async for part in parts:
                    if not started:
                        yield GuestStart(tier)
                        started = True
                    yield part
        except CloudUnreachable:
            if started or not self._config.offline_fallback:
                raise
            log.warning("the cloud tier cannot be reached: answering locally")
            tier, answer = Tier.LOCAL, Answer()
            async with aclosing(self._answered(ask, tier, limits, answer)) as parts:
                yield GuestStart(tier)
                started = True
                async for part in parts:
                    yield part
        if not started:
            yield GuestStart(tier)
        yield GuestReply(_stop_reason(ask, answer), answer.spent)

    async def _answered(
        self, ask: GuestAsk, tier: Tier, limits: Limits, answer: Answer
    ) -> AsyncGenerator[TextDelta | ToolRun | ToolCall, None]:
        mind = self._local if tier is Tier.LOCAL or self._cloud is None else self._cloud
        request = await self._request(ask, tier)
        if ask.tools:
            async with aclosing(_one_step(mind, request, limits, answer)) as given:
                async for part in given:
                    yield part
            return
        steps = Steps(self._toolbox, self._may_run_dangerous, limits, answer, _REFUSAL)
        async with aclosing(steps.run(mind, request)) as taken:
            async for step_part in taken:
                yield step_part

    async def _request(self, ask: GuestAsk, tier: Tier) -> MindRequest:
        known = await self._facts.all() if self._facts else []
        facts = tuple(fact.text for fact in known)
        system = system_prompt(
            self._config.name, spoken=False, facts=facts, language=self._config.language
        )
        if ask.system.strip():
            system = f"{system}\n\n{_CALLER}\n\n{ask.system.strip()}"
        return MindRequest(
            model=self._config.brain.model_of(tier),
            system=system,
            context=moment(self._clock.now(), self._config.timezone),
            messages=ask.messages,
            tools=ask.tools or self._toolbox.specs,
            may_call_tools=ask.may_call_tools,
            facts=facts,
            max_tokens=ask.max_tokens,
            accounts=True,
        )

    async def _may_run_dangerous(self) -> bool:
        return self._config.allow_dangerous


async def _one_step(
    mind: Mind, request: MindRequest, limits: Limits, answer: Answer
) -> AsyncGenerator[TextDelta | ToolCall, None]:
    """What the mind writes and asks of the caller; a call that was cut short is not passed on."""
    calls: list[ToolCall] = []
    async with aclosing(mind.step(request)) as parts:
        while (part := await limits.next_of(parts)) is not None:
            if isinstance(part, Spent):
                answer.add(part)
            elif isinstance(part, ToolCall):
                calls.append(part)
            elif part.text:
                answer.text += part.text
                yield part
    if not answer.spent.cut:
        for call in calls:
            answer.acted = True
            # The offline mind numbers its calls anew in each turn, and a dialogue has many turns.
            yield replace(call, id=f"toolu_{secrets.token_hex(12)}")


def _stop_reason(ask: GuestAsk, answer: Answer) -> Literal["end_turn", "max_tokens", "tool_use"]:
    if answer.spent.cut:
        return "max_tokens"
    return "tool_use" if ask.tools and answer.acted else "end_turn"


def _last_words(messages: tuple[Message, ...]) -> str:
    """The last text of the caller's side: results of tools do not change who answers."""
    for message in reversed(messages):
        texts = [part.text for part in message.content if isinstance(part, Text)]
        if message.role == "user" and texts:
            return texts[-1].strip()
    return ""

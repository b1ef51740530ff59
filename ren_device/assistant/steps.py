"""The steps of one turn: the mind writes, asks for tools, is told the results, writes on."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ren_device.errors import CloudError, RenError, ToolError, ToolRefused, TurnTimeout
from ren_device.model import (
    Message,
    MindPart,
    MindRequest,
    Spent,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
    ToolRun,
)
from ren_device.ports import Mind
from ren_device.skills.tool import Tool, Toolbox

_T = TypeVar("_T")

log = logging.getLogger(__name__)

MAX_STEPS = 8
"""How often a mind is asked within one turn; the last time without tools."""

NOTHING_SAID = "Sorry, I have no answer to that."
"""Said when a mind ends without a word and without a tool."""

_REFUSAL = (
    "I did not do that, because it acts on the home or an account and this thread does not allow"
    " that. It can be allowed in the thread's settings, or asked for aloud at the speaker."
)


@dataclass(slots=True)
class Answer:
    """What the person has been given so far in this turn."""

    text: str = ""
    results: tuple[ToolResult, ...] = ()
    """Of the tools that ran since text was last written."""
    acted: bool = False
    """Whether any tool was called."""
    spent: Spent = field(default_factory=Spent)
    """What the steps cost together, as far as the mind says."""

    def add(self, spent: Spent) -> None:
        """Another step has ended."""
        self.spent = Spent(
            self.spent.input_tokens + spent.input_tokens,
            self.spent.output_tokens + spent.output_tokens,
            cut=spent.cut,
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop waiting, in seconds. `deadline` is on the event loop's clock."""

    deadline: float
    timeout_s: float
    patience_s: float | None = None
    """How long a step's first part may take, if there is something better to do then."""

    async def next_of(
        self, parts: AsyncGenerator[MindPart, None], patience_s: float | None = None
    ) -> MindPart | None:
        """The next part, or None at the end. Raises TurnTimeout, and CloudError out of patience."""
        give_up = self.deadline
        if patience_s is not None:
            give_up = min(self.deadline, asyncio.get_running_loop().time() + patience_s)
        try:
            return await _by(give_up, anext(parts, None))
        except _TooLateError:
            if patience_s is not None and give_up < self.deadline:
                raise CloudError(f"No answer began within {patience_s:g} seconds.") from None
            raise self.passed() from None

    def passed(self) -> TurnTimeout:
        """The deadline is over."""
        return TurnTimeout(f"The turn took longer than {self.timeout_s:g} seconds.")


@dataclass(frozen=True, slots=True)
class Steps:
    """Runs a request through a mind and the tools it asks for."""

    toolbox: Toolbox
    may_run_dangerous: Callable[[], Awaitable[bool]]
    limits: Limits
    answer: Answer = field(default_factory=Answer)
    refusal: str = _REFUSAL
    """What the mind is told of a dangerous tool that may not run, after the tool's name."""
    nothing_said: str = NOTHING_SAID
    """Said when a mind ends without a word and without a tool."""
    certain: asyncio.Event | None = None
    """Tools that change something wait for this; None if there is nothing to wait for."""

    async def run(
        self, mind: Mind, request: MindRequest
    ) -> AsyncGenerator[TextDelta | ToolRun, None]:
        """Yield text and tool runs until the mind is done; `answer` holds what was yielded.

        Raises what the mind raises, and TurnTimeout. Tools that fail raise nothing: the mind is
        told. `max_tokens` counts for all steps together; when they are spent the turn is over,
        and tools that were asked for in the end do not run.
        """
        budget = request.max_tokens
        for step in range(1, MAX_STEPS + 1):
            request = replace(request, may_call_tools=step < MAX_STEPS)
            if budget is not None:
                request = replace(request, max_tokens=budget - self.answer.spent.output_tokens)
            texts: list[str] = []
            calls: list[ToolCall] = []
            apart = True
            async with aclosing(mind.step(request)) as parts:
                patience_s = self.limits.patience_s
                # One time limit per part: a limit that spanned a yield would cancel the reader.
                while (part := await self.limits.next_of(parts, patience_s)) is not None:
                    patience_s = None
                    if isinstance(part, ToolCall):
                        calls.append(part)
                        apart = True
                    elif isinstance(part, Spent):
                        self.answer.add(part)
                    elif delta := self._written(part.text, apart=apart, spoken=request.spoken):
                        texts.append(delta.text)
                        apart = False
                        yield delta
            if self.answer.spent.cut:
                return
            if not calls or not request.may_call_tools:
                break
            results: list[ToolResult] = []
            for call in calls:
                yield ToolRun(call.name, "running")
                result = await self._call(call)
                results.append(result)
                self.answer.results += (result,)
                yield ToolRun(call.name, "error" if result.is_error else "done")
            request = replace(request, messages=(*request.messages, *_told(texts, calls, results)))
            if budget is not None and self.answer.spent.output_tokens >= budget:
                self.answer.spent = replace(self.answer.spent, cut=True)
                return
        if delta := self.last_words(spoken=request.spoken):
            yield delta

    def last_words(self, *, spoken: bool) -> TextDelta | None:
        """Words for a turn that would end without them: what the tools answered."""
        said = " ".join(result.content for result in self.answer.results)
        if self.answer.text.strip() and not said:
            return None
        return self._written(said or self.nothing_said, apart=True, spoken=spoken)

    def _written(self, text: str, *, apart: bool, spoken: bool) -> TextDelta | None:
        """Add to the answer; `apart` from what was written before, as tools ran in between."""
        if apart:
            text = text.lstrip()
        if not text:
            return None
        if apart and self.answer.text:
            text = (" " if spoken else "\n\n") + text
        self.answer.text += text
        self.answer.results = ()
        return TextDelta(text)

    async def _call(self, call: ToolCall) -> ToolResult:
        self.answer.acted = True
        try:
            text = await _by(self.limits.deadline, self._run_tool(call))
        except _TooLateError:
            raise self.limits.passed() from None
        except RenError as error:
            # A name that is not ours is the mind's words, which stay out of the log.
            name = call.name if self.toolbox.get(call.name) else "that is not there"
            log.info("tool %s failed: %s", name, type(error).__name__)
            return ToolResult(call.id, call.name, str(error), is_error=True)
        return ToolResult(call.id, call.name, text)

    async def _run_tool(self, call: ToolCall) -> str:
        tool = self.toolbox.get(call.name)
        if tool is None:
            raise ToolError(f"There is no tool called {call.name}.")
        await self._gate(tool, call)
        if self.certain is not None and not tool.read_only:
            await self.certain.wait()
        return await tool.run(call.arguments)

    async def _gate(self, tool: Tool, call: ToolCall) -> None:
        if await tool.is_dangerous(call.arguments) and not await self.may_run_dangerous():
            raise ToolRefused(self.refusal)


class _TooLateError(Exception):
    """The time was up: not to be confused with a TimeoutError out of a tool, which is a bug."""


async def _by(when: float, awaitable: Awaitable[_T]) -> _T:
    try:
        async with asyncio.timeout_at(when) as limit:
            return await awaitable
    except TimeoutError:
        if limit.expired():
            raise _TooLateError from None
        raise


def _told(
    texts: list[str], calls: list[ToolCall], results: list[ToolResult]
) -> tuple[Message, Message]:
    """The step that ended, as the mind is shown it in the next."""
    text = "".join(texts).strip()
    wrote = (Text(text),) if text else ()
    return Message("assistant", (*wrote, *calls)), Message("user", tuple(results))

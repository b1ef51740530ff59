"""A mind whose steps all end with what they cost, estimated where the mind does not say."""

import json
from bisect import bisect_right
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from ren_device.assistant.tokens import tokens_in
from ren_device.model import MindPart, MindRequest, Spent, Text, TextDelta, ToolCall
from ren_device.ports import Mind


class Metered:
    """Implements ports.Mind with another mind. `cuts` is for one that knows no `max_tokens`.

    Its text then ends where it would, by our estimate, be longer than that. What it calls costs
    nothing.
    """

    def __init__(self, mind: Mind, *, cuts: bool = False) -> None:
        """Ask `mind`."""
        self._mind = mind
        self._cuts = cuts

    async def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        """See ports.Mind; the last part is a Spent."""
        most = request.max_tokens if self._cuts else None
        written = ""
        cut = False
        async with aclosing(self._mind.step(request)) as parts:
            async for part in parts:
                if isinstance(part, Spent):
                    yield part
                    return
                if isinstance(part, TextDelta):
                    text = part.text if most is None else _fitting(written, part.text, most)
                    written += text
                    yield TextDelta(text)
                    if cut := len(text) < len(part.text):
                        break
                else:
                    yield part
        yield Spent(sum(map(tokens_in, _texts(request))), tokens_in(written), cut)


def _fitting(written: str, text: str, most_tokens: int) -> str:
    """As much of `text` as there is room for after what was written."""

    def size(length: int) -> int:
        return tokens_in(written + text[:length])

    if size(len(text)) <= most_tokens:
        return text
    return text[: bisect_right(range(len(text)), most_tokens, key=size) - 1]


def _texts(request: MindRequest) -> Iterator[str]:
    """Everything that the mind is given."""
    yield from (request.system, request.context)
    for tool in request.tools:
        yield from (tool.name, tool.description, json.dumps(tool.schema))
    for message in request.messages:
        for part in message.content:
            if isinstance(part, Text):
                yield part.text
            elif isinstance(part, ToolCall):
                yield from (part.name, json.dumps(dict(part.arguments)))
            else:
                yield part.content

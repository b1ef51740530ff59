"""A household with routines and the offline mind; `say` gives what Ren answers."""

from ren_device.assistant.local_mind import LocalMind
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.errors import ToolError
from ren_device.model import Message, MindRequest, Text, TextDelta, ToolCall
from tests.skills.routine_house import RoutineHouse


class RoutineFlat(RoutineHouse):
    """One conversation."""

    def __init__(self, matcher: HassilMatcher, language: str = "en") -> None:
        super().__init__(language=language)
        self._mind = LocalMind(matcher, self.clock, language)
        self._said: list[Message] = []

    async def say(self, text: str) -> str:
        self._said.append(Message("user", (Text(text),)))
        answers: list[str] = []
        request = MindRequest("local", "", tuple(self._said), self.toolbox.specs)
        async for part in self._mind.step(request):
            if isinstance(part, TextDelta):
                answers.append(part.text)
            if isinstance(part, ToolCall):
                answers.append(await self._answer(part))
        answer = " ".join(answers)
        self._said.append(Message("assistant", (Text(answer),)))
        return answer

    async def _answer(self, call: ToolCall) -> str:
        try:
            return await self.run_tool(call.name, **call.arguments)
        except ToolError as error:
            return str(error)

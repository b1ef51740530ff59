"""A German household: the offline mind with all its tools, in memory."""

from collections.abc import Mapping
from typing import Any

from ren_device.assistant.local_mind import LocalMind
from ren_device.engines.hassil_intents import HassilMatcher
from ren_device.errors import ToolError
from ren_device.model import (
    Accessory,
    Characteristic,
    Message,
    MindRequest,
    Text,
    TextDelta,
    ToolCall,
)
from ren_device.skills.alerts import AlertSkill
from ren_device.skills.clock import ClockSkill
from ren_device.skills.device import DeviceSkill
from ren_device.skills.home import HomeSkill
from ren_device.skills.lists import ListSkill
from ren_device.skills.memory import MemorySkill
from ren_device.skills.tool import Toolbox
from tests.alerts.house import House
from tests.fakes import MemoryFacts
from tests.home.homes import FakeHome, accessory, house_of, level, light
from tests.skills.memory_lists import MemoryLists
from tests.skills.test_device_skill import Knobs

DEVICES: tuple[Accessory, ...] = (
    light("Deckenlicht", "Küche", brightness=50),
    light("Stehlampe", "Wohnzimmer", brightness=80, hue=0, saturation=0),
    light("Nachttischlampe", "Schlafzimmer", brightness=30),
    accessory("Kaffeemaschine", "Küche", "outlet", on=Characteristic(False, True)),
    accessory(
        "Rollos",
        "Wohnzimmer",
        "window_covering",
        target_position=level(100),
        current_position=Characteristic(100),
    ),
    accessory(
        "Heizung",
        "Wohnzimmer",
        "thermostat",
        current_temperature=Characteristic(20.5),
        target_temperature=Characteristic(21.0, True, 10, 30),
        target_heating_cooling_state=Characteristic("heat", True, choices=("off", "heat")),
    ),
    accessory(
        "Haustür",
        "Flur",
        "lock",
        lock_target_state=Characteristic("secured", True, choices=("secured", "unsecured")),
        lock_current_state=Characteristic("secured"),
    ),
)


class Flat(House):
    """One conversation; `say` gives what was called and what Ren answers."""

    def __init__(self, matcher: HassilMatcher, language: str = "de") -> None:
        super().__init__()
        self.home = FakeHome(*DEVICES)
        self.knobs = Knobs(40)
        self.facts = MemoryFacts()
        skills = (
            AlertSkill(self.kernel, self.clock, language),
            ListSkill(MemoryLists(), language),
            MemorySkill(self.facts, self.clock, language),
            ClockSkill(self.clock, language),
            DeviceSkill(self.knobs, language),
            HomeSkill(house_of(self.home), language),
        )
        self._tools = Toolbox(tool for skill in skills for tool in skill.tools())
        self._mind = LocalMind(matcher, self.clock, language)
        self._said: list[Message] = []

    async def say(self, text: str) -> tuple[list[tuple[str, dict[str, Any]]], str]:
        """The calls, and all that is said."""
        self._said.append(Message("user", (Text(text),)))
        request = MindRequest(
            "local", "", tuple(self._said), self._tools.specs, facts=tuple(self.facts.texts)
        )
        calls: list[tuple[str, dict[str, Any]]] = []
        answers: list[str] = []
        async for part in self._mind.step(request):
            if isinstance(part, TextDelta):
                answers.append(part.text)
            if isinstance(part, ToolCall):
                calls.append((part.name, dict(part.arguments)))
                answers.append(await self._run(part.name, part.arguments))
        answer = " ".join(answers)
        self._said.append(Message("assistant", (Text(answer),)))
        return calls, answer

    async def _run(self, name: str, arguments: Mapping[str, object]) -> str:
        tool = self._tools.get(name)
        assert tool is not None
        try:
            return await tool.run(arguments)
        except ToolError as error:
            return str(error)

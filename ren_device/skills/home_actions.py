"""How one wish is done to the devices that were meant: all of them, or nothing and a question."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ren_device.errors import HomeError, ToolError
from ren_device.home.house import House
from ren_device.home.names import Found, Names
from ren_device.model import Accessory
from ren_device.skills.home_words import Does, HomeSpeech, Values, alike
from ren_device.skills.speakable import capitalised

_NAMED_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done to an accessory.

    `can` says whether it is `able` to: a key of [able] in replies.toml. `plan` is what to write,
    may be empty, and raises ToolError for a value that this one cannot take. `does` is how it then
    is.
    """

    can: Callable[[Accessory], bool]
    able: str
    plan: Callable[[Accessory], Values]
    does: Callable[[Accessory], Does]
    sweeping: Callable[[Accessory], bool] = lambda each: "on" in each.characteristics
    """Who is meant by "everything": not the heating, and for some wishes fewer still."""


class Actions:
    """Finds who was meant in a house, and acts."""

    def __init__(self, house: House, speech: HomeSpeech, names: Names) -> None:
        """Act on the devices of this house, in this language."""
        self._house = house
        self._speech = speech
        self._say = speech.say
        self._find = names.find

    async def meant(self, device: str) -> Found:
        """The devices that `device` may mean, as they are now. Raises ToolError when none fits."""
        await self._house.look()
        there = self._house.accessories
        found = self._find(there, device)
        if not found.accessories:
            raise ToolError(self._unknown(device, there))
        return found

    async def act(self, device: str, action: Action) -> str:
        """Do it and say so; or ask which one was meant. Raises ToolError, and then did nothing.

        Devices that do not answer are named; it is an error only when none answers.
        """
        found = await self._able(device, action)
        there = self._house.accessories
        if found.unclear:
            return self._say(
                "home.which_one", devices=self._speech.labels(found.accessories, there)
            )
        # All of them first: a value that one cannot take is said before anything is done.
        plans = [(each, action.plan(each)) for each in found.accessories]
        async with asyncio.TaskGroup() as group:
            writes = [(each, group.create_task(self._write(each, plan))) for each, plan in plans]
        silent = [each for each, write in writes if write.result() is None]
        missing = self._say(
            "home.no_answer",
            self._speech.number(silent),
            devices=capitalised(self._speech.together(silent, there)),
        )
        done = [now for _, write in writes if (now := write.result()) is not None]
        if not done:
            raise ToolError(missing)
        answer = self._say("home.done", done=self._told(done, action))
        return f"{answer} {missing}" if silent else answer

    async def _able(self, device: str, action: Action) -> Found:
        """Those that were meant and can do it."""
        await self._house.look()
        there = self._house.accessories
        found = self._find([each for each in there if action.can(each)], device)
        if not found.exact:
            anything = self._find(there, device)
            if not anything.accessories and not found.accessories:
                raise ToolError(self._unknown(device, there))
            if not found.accessories or anything.exact:
                raise ToolError(self._unable(anything.accessories, there, action))
        if found.universal:
            meant = tuple(each for each in found.accessories if action.sweeping(each))
            return Found(meant or found.accessories, plural=True)
        if found.whole_room:  # "turn off the kitchen" is not the fridge
            lights = tuple(each for each in found.accessories if each.service_type == "lightbulb")
            return Found(lights or found.accessories, plural=True)
        return found

    async def _write(self, accessory: Accessory, values: Values) -> Accessory | None:
        if not values:
            return accessory
        try:
            return await self._house.set(accessory.id, values)
        except HomeError:
            return None

    def _told(self, done: Sequence[Accessory], action: Action) -> str:
        """`the ceiling light is on`, those that do alike together."""
        told = [
            self._speech.tell(does, group, self._speech.together(group, self._house.accessories))
            for does, group in alike(done, action.does)
        ]
        return self._speech.speech.listing(told)

    def _unable(
        self, meant: Sequence[Accessory], there: Sequence[Accessory], action: Action
    ) -> str:
        able = self._say(f"able.{action.able}")
        if len(meant) > 3:
            return self._say("home.none_can", len(meant), able=able)
        devices = capitalised(self._speech.together(meant, there))
        return self._say("home.cannot", self._speech.number(meant), devices=devices, able=able)

    def _unknown(self, device: str, there: Sequence[Accessory]) -> str:
        if not there:
            return self._say("home.no_devices")
        if len(there) > _NAMED_AT_MOST:
            return self._say("home.unknown_of_many", device=device)
        known = self._speech.labels(there, there)
        return self._say("home.unknown", device=device, devices=known)

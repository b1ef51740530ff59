"""The house: all accessories of all drivers, what they looked like last, and who listens."""

import asyncio
import logging
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from ren_device.bus import Bus
from ren_device.errors import HomeError
from ren_device.home.changes import Changes, differences
from ren_device.model import Accessory, DeviceChange, HomeValue
from ren_device.ports import HomeDriver

LOOK_TIMEOUT_S = 5.0
SET_TIMEOUT_S = 5.0
LONGEST_PAUSE_S = 30.0
"""How long the house goes without a look when nobody listens, or nobody is in a hurry."""
SHORTEST_PAUSE_S = 0.25
LONGEST_RETRY_S = 60.0

_log = logging.getLogger(__name__)


class House:
    """Merges the drivers. A look is shared by all who wait for one; every change is published.

    A driver that fails keeps its accessories as they were last seen, is tried again after 1 s, then
    2 s, up to a minute, and holds nobody else up for longer than LOOK_TIMEOUT_S.
    """

    def __init__(self, drivers: Sequence[HomeDriver], bus: Bus) -> None:
        """Nothing is known before the first `look`."""
        self._drivers = tuple(_Watched(driver) for driver in drivers)
        self._bus = bus
        self._looking = asyncio.Lock()
        self._begun = self._ended = 0  # looks
        self._listeners: dict[Changes, float] = {}
        self._hurry = asyncio.Event()

    async def run(self) -> None:
        """Look as often as the least patient listener wants, until cancelled."""
        looked_at_s = -math.inf
        while True:
            try:
                async with asyncio.timeout_at(looked_at_s + self._pause_s()):
                    self._hurry.clear()
                    await self._hurry.wait()
            except TimeoutError:
                await self.look()
                looked_at_s = asyncio.get_running_loop().time()

    async def look(self) -> None:
        """Look at every driver, once, after this call; all who call meanwhile share one look."""
        begun_before = self._begun
        async with self._looking:
            if self._ended > begun_before:
                return
            self._begun += 1
            async with asyncio.TaskGroup() as group:
                for watched in self._drivers:
                    group.create_task(self._look_at(watched), name=watched.driver.name)
            self._ended = self._begun

    @property
    def is_connected(self) -> bool:
        """Whether there is any driver."""
        return bool(self._drivers)

    @property
    def accessories(self) -> tuple[Accessory, ...]:
        """Everything as it was last seen, driver by driver."""
        return tuple(each for watched in self._drivers for each in watched.seen.values())

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms that have accessories, in their order."""
        return tuple(dict.fromkeys(each.room for each in self.accessories if each.room))

    async def set(self, accessory_id: str, values: Mapping[str, HomeValue]) -> Accessory:
        """Write characteristics; the accessory as it then is. Raises HomeError."""
        watched = next((each for each in self._drivers if accessory_id in each.seen), None)
        if watched is None:
            raise HomeError(f"There is no {accessory_id} any more.")
        watched.written.add(accessory_id)
        try:
            async with asyncio.timeout(SET_TIMEOUT_S) as limit:
                accessory = await watched.driver.set(accessory_id, values)
        except TimeoutError:
            if not limit.expired():
                raise
            raise HomeError(f"{accessory_id} did not answer in {SET_TIMEOUT_S:g} s.") from None
        finally:
            watched.written.add(accessory_id)  # a look that began meanwhile has cleared it
        self._take(watched, {**watched.seen, accessory_id: accessory})
        return accessory

    @contextmanager
    def listen(self, interval_s: float) -> Iterator[Changes]:
        """Every change from now until the block ends; drivers are looked at every `interval_s`.

        Changes that are made through Ren come at once. Call `look` before, so that now is now.
        """
        changes = Changes()
        if interval_s < self._pause_s():
            self._hurry.set()
        self._listeners[changes] = interval_s
        try:
            yield changes
        finally:
            del self._listeners[changes]

    def health(self) -> Mapping[str, object]:
        """How the drivers are, by name, fit for JSON."""
        return {
            each.driver.name: {
                "state": "ok" if not each.problem else "failing",
                "accessories": len(each.seen),
                **({"problem": each.problem} if each.problem else {}),
            }
            for each in self._drivers
        }

    def _pause_s(self) -> float:
        wanted = min(self._listeners.values(), default=LONGEST_PAUSE_S)
        return min(max(wanted, SHORTEST_PAUSE_S), LONGEST_PAUSE_S)

    async def _look_at(self, watched: "_Watched") -> None:
        now = asyncio.get_running_loop().time
        if now() < watched.retry_at_s:
            return
        watched.written.clear()
        try:
            async with asyncio.timeout(LOOK_TIMEOUT_S) as limit:
                seen = await watched.driver.look()
        except TimeoutError:
            if not limit.expired():
                raise
            watched.failed(f"It did not answer in {LOOK_TIMEOUT_S:g} s.", now())
        except HomeError as error:
            watched.failed(str(error), now())
        else:
            watched.recovered()
            self._take(watched, self._merged(watched, seen))

    def _merged(self, watched: "_Watched", seen: Sequence[Accessory]) -> dict[str, Accessory]:
        """What was seen, but for what was written meanwhile: that is newer."""
        others = {key for each in self._drivers if each is not watched for key in each.seen}
        merged = {each.id: each for each in seen if each.id not in others}
        for written in watched.written & watched.seen.keys():
            merged[written] = watched.seen[written]
        return merged

    def _take(self, watched: "_Watched", seen: Mapping[str, Accessory]) -> None:
        before, watched.seen = watched.seen, dict(seen)
        for change in differences(before, watched.seen):
            self._tell(change)

    def _tell(self, change: DeviceChange) -> None:
        self._bus.publish(change)
        for listener in self._listeners:
            listener.put(change)


class _Watched:
    """One driver, what it showed last, and whether it works."""

    def __init__(self, driver: HomeDriver) -> None:
        self.driver = driver
        self.seen: dict[str, Accessory] = {}
        self.written: set[str] = set()
        """Accessories that were written while a look went on."""
        self.problem = ""
        self.retry_at_s = 0.0
        self._pause_s = 0.0

    def failed(self, problem: str, now_s: float) -> None:
        """Leave it alone for a while. Said once, not at every try."""
        if not self.problem:
            _log.warning("the home's driver %s fails: %s", self.driver.name, problem)
        self.problem = problem
        self._pause_s = min(max(1.0, 2 * self._pause_s), LONGEST_RETRY_S)
        self.retry_at_s = now_s + self._pause_s * random.uniform(0.8, 1.2)  # noqa: S311  only jitter

    def recovered(self) -> None:
        """It works."""
        if self.problem:
            _log.info("the home's driver %s works again", self.driver.name)
        self.problem = ""
        self._pause_s = 0.0
        self.retry_at_s = 0.0

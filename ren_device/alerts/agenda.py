"""What comes next, of many: looking costs the same for one alert as for ten thousand."""

import heapq
from datetime import datetime
from typing import Generic, TypeVar

Moment = TypeVar("Moment", float, datetime)

_SPARE = 64
"""So many entries that were moved or dropped may lie about before the heap is made anew."""


class Agenda(Generic[Moment]):
    """Ids by their moments on one clock."""

    def __init__(self) -> None:
        """Nothing comes."""
        self._moments: dict[int, Moment] = {}
        self._heap: list[tuple[Moment, int]] = []

    def __len__(self) -> int:
        """How many ids there are."""
        return len(self._moments)

    def ids(self) -> list[int]:
        """All ids, in no order."""
        return list(self._moments)

    def moment(self, alert_id: int) -> Moment | None:
        """When this one comes, or None."""
        return self._moments.get(alert_id)

    def put(self, alert_id: int, moment: Moment) -> None:
        """It comes then, and not when it was to come before."""
        self._moments[alert_id] = moment
        heapq.heappush(self._heap, (moment, alert_id))
        if len(self._heap) > 2 * len(self._moments) + _SPARE:
            self._heap = [(each, number) for number, each in self._moments.items()]
            heapq.heapify(self._heap)

    def drop(self, alert_id: int) -> None:
        """It does not come."""
        self._moments.pop(alert_id, None)

    def next(self) -> Moment | None:
        """When the next one comes; None when none does."""
        while self._heap:
            moment, alert_id = self._heap[0]
            if self._moments.get(alert_id) == moment:
                return moment
            heapq.heappop(self._heap)
        return None

    def take_until(self, moment: Moment) -> list[int]:
        """The ids that have come by then, in order; they are no longer here."""
        taken: list[int] = []
        while (first := self.next()) is not None and not moment < first:
            _, alert_id = heapq.heappop(self._heap)
            del self._moments[alert_id]
            taken.append(alert_id)
        return taken

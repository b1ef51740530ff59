"""Contacts bounce: for one press many edges come. The first counts at once, and none is lost."""

from ren_device.model import Control, Edge

SETTLE_S = 0.02
"""How long a contact may bounce. What comes of it meanwhile is remembered and does not count."""


class Debounce:
    """One line: from what its contact does to what the finger did. Time comes from outside.

    Whatever gets lost on the way, a press is never taken for longer than it surely was.
    """

    def __init__(self, control: Control, *, down: bool, now: float) -> None:
        """`down` is what the line says now; it is looked at again, for what comes just then."""
        self.down = down
        """What the finger does, as far as is known."""
        self.look_at: float | None = now + SETTLE_S
        """When `look` has to be called; None: not before there is another edge."""
        self._control: Control = control
        self._deaf_until = now
        self._latest = Edge(control, down, now)  # that counted or not
        self._seen_at = now  # when the line last was as `down` says, for certain

    def edge(self, edge: Edge) -> list[Edge]:
        """Take an edge of the line, in order of time; returns those that count."""
        counted = []
        while self.look_at is not None and edge.at >= self.look_at:
            # Nobody has looked in time, and now the line tells nothing of then.
            counted += self._settle(self._latest.down, self.look_at)
        self._latest = edge
        if edge.at < self._deaf_until:
            return counted
        if edge.down == self.down:
            if not edge.down:
                self.look_at = edge.at + SETTLE_S
                return counted
            counted.append(self._count(Edge(self._control, False, self._seen_at), edge.at))
        counted.append(self._count(edge, edge.at))
        return counted

    def look(self, down: bool, now: float) -> list[Edge]:
        """What the line says at or after `look_at`; returns the edge that counts, if any."""
        return self._settle(down, now)

    def agrees(self, down: bool, now: float) -> bool:
        """Whether the line is still as `self.down` says.

        If not, an edge is on its way, or was lost: `look_at` is soon.
        """
        if down == self.down:
            self._seen_at = now
            return True
        if self.look_at is None:
            self.look_at = now + SETTLE_S
        return False

    def _settle(self, down: bool, now: float) -> list[Edge]:
        self.look_at = None
        if down == self.down:
            self._seen_at = now
            return []
        edge = self._latest
        if edge.down != down:  # it was lost: pressed as late, or let go as early, as can be
            edge = Edge(self._control, down, now if down else self._seen_at)
        return [self._count(edge, now)]

    def _count(self, edge: Edge, now: float) -> Edge:
        self.down = edge.down
        self._seen_at = edge.at
        self._deaf_until = self.look_at = now + SETTLE_S
        return edge

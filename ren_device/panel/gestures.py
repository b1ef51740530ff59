"""From presses to what they mean. A pure state machine: time comes from outside, with the edges.

The talk button: what a tap and a hold begin with is the same, and done at once.

    down: talk_down
    ├─ up: a tap. Down again within 0.35 s: repeat, in place of talk_down
    └─ 0.35 s: talk_held
       ├─ up: talk_up
       └─ 10 s: stop; a warning rises
          ├─ up: nothing
          └─ 15 s: the warning is at its top
             ├─ up: factory_reset
             └─ 25 s: it is stuck, and means nothing until it is up
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ren_device.model import Control, Edge

HOLD_S = 0.35
"""A press that is shorter is a tap."""
TWICE_S = 0.35
"""A second press so soon after a tap makes it a double tap."""
WARN_S = 10.0
"""Held for so long, the warning of the factory reset begins."""
RESET_S = 15.0
"""Held for so long, letting go resets."""
STUCK_S = 25.0
"""Held for so long, it is no finger: the button is stuck and means nothing until it is up."""
WARN_STEPS = 50
VOLUME_PERCENT = 10
VOLUME_AGAIN_S, VOLUME_EVERY_S = 0.6, 0.25

TalkDeed = Literal["talk_down", "talk_held", "talk_up", "repeat", "stop", "factory_reset"]


@dataclass(frozen=True, slots=True)
class Talk:
    """The talk button means this; see Deeds."""

    deed: TalkDeed


@dataclass(frozen=True, slots=True)
class Warn:
    """How near the factory reset is, 0 to 1; None: no more."""

    progress: float | None


@dataclass(frozen=True, slots=True)
class VolumeBy:
    """Louder, or quieter."""

    percent: int


@dataclass(frozen=True, slots=True)
class Mute:
    """The mute button was pressed."""


@dataclass(frozen=True, slots=True)
class MuteLine:
    """What the mute switch says now."""

    down: bool


Gesture = Talk | Warn | VolumeBy | Mute | MuteLine


@dataclass(slots=True)
class _Press:
    """A button that is down.

    `new`, `held`, `warning` and `armed` are of the talk button, `volume` is what it says. One that
    is `spent` was pressed together with another. An `idle` one has nothing to do with the others:
    it was down at the start, or mutes.
    """

    at: float
    stage: Literal["new", "held", "warning", "armed", "volume", "spent", "idle", "stuck"]
    next_at: float
    percent: int = 0
    second: bool = False
    warned: int = 0

    def rest(self, stage: Literal["spent", "idle"]) -> None:
        """Nothing more happens, unless it is never let go."""
        self.stage = stage
        self.next_at = self.at + STUCK_S


class Gestures:
    """All buttons of a panel. Edges are clean, and in order for each button."""

    def __init__(self, *, mute_is_switch: bool) -> None:
        """Nothing is down."""
        self._mute_is_switch = mute_is_switch
        self._presses: dict[Control, _Press] = {}
        self._tapped_at = float("-inf")

    @property
    def due(self) -> float:
        """When `advance` has to be called; inf: not before there is another edge."""
        return min((press.next_at for press in self._presses.values()), default=float("inf"))

    @property
    def pressed(self) -> Iterable[Control]:
        """The buttons that are down."""
        return tuple(self._presses)

    @property
    def stuck(self) -> Control | None:
        """A button that has been down for so long that it can be no finger."""
        for control, press in self._presses.items():
            if press.stage == "stuck":
                return control
        return None

    def edge(self, edge: Edge) -> list[Gesture]:
        """A button went down or up, or the mute switch was moved."""
        if edge.control == "mute" and self._mute_is_switch:
            return [MuteLine(edge.down), *self._end_warning()]
        meant = self.advance(edge.at)
        return meant + (self._down(edge) if edge.down else self._up(edge))

    def ignore(self, edge: Edge) -> None:
        """A button is down and means nothing until it is let go, as at the start."""
        press = self._presses[edge.control] = _Press(edge.at, "idle", 0)
        press.rest("idle")

    def advance(self, now: float) -> list[Gesture]:
        """What comes of time alone, up to and with `now`."""
        meant: list[Gesture] = []
        while self.due <= now:
            meant += self._go_on(min(self._presses.values(), key=lambda press: press.next_at))
        return meant

    def _down(self, edge: Edge) -> list[Gesture]:
        at, tapped_at, self._tapped_at = edge.at, self._tapped_at, float("-inf")
        others = [each for each in self._presses.values() if each.stage not in {"idle", "stuck"}]
        press = self._presses[edge.control] = _Press(at, "idle", 0)
        press.rest("idle")
        if edge.control == "mute":
            return [Mute(), *self._end_warning()]
        if others:
            press.rest("spent")
            return [gesture for each in others for gesture in self._cancel(each)]
        if edge.control == "talk":
            press.stage, press.next_at = "new", at + HOLD_S
            press.second = at - tapped_at <= TWICE_S
            return [Talk("repeat" if press.second else "talk_down")]
        press.stage, press.next_at = "volume", at + VOLUME_AGAIN_S
        press.percent = VOLUME_PERCENT if edge.control == "volume_up" else -VOLUME_PERCENT
        return [VolumeBy(press.percent)]

    def _up(self, edge: Edge) -> list[Gesture]:
        press = self._presses.pop(edge.control, None)
        match press:
            case _Press(stage="new", second=False):
                self._tapped_at = edge.at
            case _Press(stage="held"):
                return [Talk("talk_up")]
            case _Press(stage="warning"):
                return [Warn(None)]
            case _Press(stage="armed"):
                # Its time may be from before: an edge comes late when the loop was busy.
                sure = RESET_S <= edge.at - press.at < STUCK_S
                return [Warn(None), *([Talk("factory_reset")] if sure else [])]
        return []

    def _cancel(self, press: _Press) -> list[Gesture]:
        stage = press.stage
        press.rest("spent")
        if stage == "held":
            return [Talk("stop")]
        return [Warn(None)] if stage in {"warning", "armed"} else []

    def _end_warning(self) -> list[Gesture]:
        """Whoever reaches for the mute in it does not mean to erase everything."""
        warning = [each for each in self._presses.values() if each.stage in {"warning", "armed"}]
        return [gesture for each in warning for gesture in self._cancel(each)]

    def _go_on(self, press: _Press) -> list[Gesture]:
        """The next moment of this press has come."""
        match press.stage:
            case "new":
                press.stage, press.next_at = "held", press.at + WARN_S
                held: list[Gesture] = [Talk("talk_held")]
                # After a tap, a hold is a hold: what repeats is stopped first.
                return [Talk("talk_down"), *held] if press.second else held
            case "held":
                press.stage = "warning"
                return [Talk("stop"), *self._warn(press)]
            case "warning":
                return self._warn(press)
            case "volume" if press.next_at < press.at + STUCK_S:
                press.next_at = min(press.next_at + VOLUME_EVERY_S, press.at + STUCK_S)
                return [VolumeBy(press.percent)]
        armed = press.stage == "armed"
        press.stage, press.next_at = "stuck", float("inf")
        return [Warn(None)] if armed else []

    def _warn(self, press: _Press) -> list[Gesture]:
        progress = press.warned / WARN_STEPS
        press.warned += 1
        press.next_at = press.at + WARN_S + (RESET_S - WARN_S) * press.warned / WARN_STEPS
        if progress == 1.0:
            press.stage, press.next_at = "armed", press.at + STUCK_S
        return [Warn(progress)]

"""Says what is so at this moment, by asking the parts themselves."""

from collections.abc import Callable
from typing import Protocol

from ren_device.model import Alert, AlertKind, VoicePhase
from ren_device.panel.hands import Hands
from ren_device.panel.mute import Mute
from ren_device.panel.truth import Truth
from ren_device.ports import Clock, Host
from ren_device.voice.volume import Volume


class Voice(Protocol):
    """The voice of the room; see voice.service.VoiceService."""

    @property
    def phase(self) -> VoicePhase:
        """What it does now."""

    @property
    def level(self) -> float:
        """How loud the room is, 0 to 1."""


class Alerts(Protocol):
    """See alerts.kernel.AlertKernel."""

    @property
    def revision(self) -> int:
        """Another one whenever anything has changed."""

    def ringing(self) -> tuple[Alert, ...]:
        """What is due and not acknowledged."""

    def pending(self, kind: AlertKind | None = None) -> tuple[Alert, ...]:
        """What is set and not yet due, soonest first; paused timers last."""

    def remaining_s(self, alert: Alert) -> float:
        """Until it is due."""


class Witness:
    """Cheap enough to be asked 25 times a second."""

    def __init__(
        self,
        voice: Voice | None,
        alerts: Alerts,
        mute: Mute,
        volume: Volume,
        hands: Hands,
        host: Host,
        clock: Clock,
        faults: Callable[[], str | None],
    ) -> None:
        """`faults`: what else is broken that a person has to see to."""
        self._voice = voice
        self._alerts = alerts
        self._mute = mute
        self._volume = volume
        self._hands = hands
        self._host = host
        self._clock = clock
        self._faults = faults
        self._revision = -1
        self._timer: Alert | None = None

    def truth(self) -> Truth:
        """What is so now."""
        turned = self._volume.turned or self._volume.voice
        return Truth(
            phase=self._voice.phase if self._voice is not None else "off",
            level=self._voice.level if self._voice is not None else 0.0,
            muted=self._mute.muted,
            ringing=bool(self._alerts.ringing()),
            timer_left=self._timer_left(),
            volume_percent=turned.heard_percent,
            volume_changed_at=self._volume.turned_at,
            refused_at=self._hands.refused_at,
            reset_progress=self._hands.reset_progress,
            setting_up=self._host.setting_up(),
            updating=self._host.updating(),
            online=self._host.online(),
            fault=self._faults(),
        )

    def _timer_left(self) -> float | None:
        """Of the running timer that is due next; looked for only when an alert has changed."""
        if self._revision != self._alerts.revision:
            self._revision = self._alerts.revision
            running = (each for each in self._alerts.pending("timer") if each.state == "pending")
            self._timer = next(running, None)
        timer = self._timer
        if timer is None or not timer.duration_s:
            return None
        return min(1.0, max(0.0, self._alerts.remaining_s(timer) / timer.duration_s))

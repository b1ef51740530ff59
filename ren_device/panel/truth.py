"""What is so at this moment: all that the lights are made of."""

from dataclasses import dataclass

from ren_device.model import VoicePhase


@dataclass(frozen=True, slots=True)
class Truth:
    """A snapshot of Ren, taken from the parts themselves whenever a light is chosen.

    Moments are on the monotonic clock, -inf for "never".
    """

    phase: VoicePhase = "idle"
    """What the voice of the room does. A phone that talks to Ren is no business of the lights."""
    level: float = 0.0
    """How loud the room is, 0 to 1, while it is listened to."""
    muted: bool = False
    ringing: bool = False
    timer_left: float | None = None
    """How much of the timer that is due next is left, 0 to 1; None: no timer runs."""
    volume_percent: int = 0
    volume_changed_at: float = float("-inf")
    refused_at: float = float("-inf")
    """When the talk button was last pressed in vain, because the microphone is off."""
    reset_progress: float | None = None
    """How near the factory reset is while the button is held for very long: 0 to 1; at 1 letting
    go does it. None: it is not held."""
    setting_up: bool = False
    updating: bool = False
    online: bool = True
    """Whether there is a network."""
    fault: str | None = None
    """What is broken that a person has to see to, in one sentence; or None."""

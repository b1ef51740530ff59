"""What the lights have to say: of all that is so, the most important. Pure."""

from typing import Literal

from ren_device.panel.truth import Truth

LightState = Literal[
    "reset_warning",
    "ringing",
    "refused",
    "volume",
    "listening",
    "thinking",
    "speaking",
    "fault",
    "muted",
    "updating",
    "setup",
    "starting",
    "no_network",
    "timer",
    "idle",
]
"""The most important first."""

REFUSED_S = 1.0
"""For how long a press in vain is answered."""
VOLUME_S = 1.5
"""For how long a new volume is shown."""


def scene(truth: Truth, now: float) -> LightState:
    """What is shown; `now` is on the monotonic clock."""
    if truth.reset_progress is not None:
        return "reset_warning"
    if truth.ringing:
        return "ringing"
    heeded = truth.phase == "listening" and not truth.muted  # it was pressed again, and heard
    # Summed as in `passes_in_s`: rounded otherwise, an end can be over there, and not yet here.
    if now < truth.refused_at + REFUSED_S and not heeded:
        return "refused"
    if now < truth.volume_changed_at + VOLUME_S:
        return "volume"
    match truth.phase:
        case "listening":
            # With the microphone off nobody is listened to, whatever the voice believes.
            return "muted" if truth.muted else "listening"
        case "thinking" | "speaking" as busy:
            return busy
        case _:
            return _at_rest(truth)


def _at_rest(truth: Truth) -> LightState:
    lasting: tuple[tuple[bool, LightState], ...] = (
        (truth.fault is not None or truth.phase == "fault", "fault"),
        (truth.muted, "muted"),
        (truth.updating, "updating"),
        (truth.setting_up, "setup"),
        (truth.phase == "starting", "starting"),
        (not truth.online, "no_network"),
        (truth.timer_left is not None, "timer"),
    )
    return next((state for holds, state in lasting if holds), "idle")


def passes_in_s(truth: Truth, now: float) -> float:
    """How long until the scene changes by time alone; inf: it does not."""
    ends = (truth.refused_at + REFUSED_S, truth.volume_changed_at + VOLUME_S)
    return min((end - now for end in ends if end > now), default=float("inf"))


def value(state: LightState, truth: Truth) -> float:
    """What the light of this state measures, 0 to 1: a level, a volume, what is left; else 1."""
    measured: float | None = {
        "reset_warning": truth.reset_progress,
        "volume": truth.volume_percent / 100,
        "listening": truth.level,
        "timer": truth.timer_left,
    }.get(state)
    return 1.0 if measured is None else min(max(measured, 0.0), 1.0)

"""Where the time goes between a person's last word and Ren's first sound."""

from dataclasses import dataclass, field

from ren_device.model import TurnTimed
from ren_device.ports import Clock

_STAGES = ("endpoint", "transcript", "first_text", "first_clause", "first_speech", "first_sound")


@dataclass(slots=True)
class LatencyTrace:
    """Marks of one spoken turn on the monotonic clock; each stage is marked once."""

    clock: Clock
    speech_end: float
    marks: dict[str, float] = field(default_factory=dict)

    def mark(self, stage: str, *, later_s: float = 0.0) -> None:
        """Note that this stage is reached now, or will be `later_s` from now."""
        self.marks.setdefault(stage, self.clock.monotonic() + later_s)

    def summary(self) -> TurnTimed | None:
        """Milliseconds that each stage took; None while there was no sound."""
        if "first_sound" not in self.marks:
            return None
        stages: dict[str, int] = {}
        previous = self.speech_end
        for stage in _STAGES:
            if stage in self.marks:
                stages[stage] = round((self.marks[stage] - previous) * 1000)
                previous = self.marks[stage]
        total = round((self.marks["first_sound"] - self.speech_end) * 1000)
        return TurnTimed(total_ms=total, stages_ms=stages)

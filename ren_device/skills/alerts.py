"""The tools for timers, alarms and reminders, and for what rings of them."""

from collections.abc import Awaitable, Callable, Sequence

from ren_device.alerts.kernel import AlertKernel
from ren_device.ports import Clock
from ren_device.skills.alarms import AlarmSkill
from ren_device.skills.alert_desk import AlertDesk
from ren_device.skills.reminders import ReminderSkill
from ren_device.skills.ringing import RingingSkill
from ren_device.skills.timers import TimerSkill
from ren_device.skills.tool import Tool


class AlertSkill:
    """All of them at one desk."""

    def __init__(
        self,
        kernel: AlertKernel,
        clock: Clock,
        language: str = "en",
        *,
        stop_also: Callable[[], Sequence[str]] = tuple,
        routine_is_dangerous: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        """Set alerts here, by this clock; understand and answer in this language.

        `stop_also` ends routines that run when somebody says stop, and gives their names.
        """
        desk = AlertDesk(kernel, clock, language)
        self._skills = (
            TimerSkill(desk),
            AlarmSkill(desk, routine_is_dangerous),
            ReminderSkill(desk),
            RingingSkill(desk, stop_also),
        )

    def tools(self) -> list[Tool]:
        """All tools of these skills."""
        return [tool for skill in self._skills for tool in skill.tools()]

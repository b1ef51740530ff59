"""Whether the people of the home need Ren just now: what rings, what is due, who talks."""

from collections.abc import Callable, Mapping

BEFORE_WRITING_S = 120.0
BEFORE_REBOOT_S = 600.0

Ask = Callable[[str], Mapping[str, object] | None]
"""The JSON object that the Ren that runs answers at this path; None when none runs. Blocks."""

_TALKS = ("listening", "thinking", "speaking")


def occupied(ask: Ask, within_s: float) -> str | None:
    """What is to be waited for, in words, or None. Blocks.

    `within_s` is how soon an alert has to be due to be waited for.
    """
    kept = ask("/alerts")
    alerts = kept.get("alerts") if kept else None
    for alert in alerts if isinstance(alerts, list) else ():
        if alert.get("state") == "due":
            return "an alert rings"
        left_s = alert.get("remaining_s")
        waits = alert.get("state") == "pending" and isinstance(left_s, int | float)
        if waits and left_s <= within_s:
            return f"an alert is due in {max(0, round(left_s))} s"
    voice = (ask("/hub/health") or {}).get("voice")
    if isinstance(voice, dict) and voice.get("state") in _TALKS:
        return "somebody talks with Ren"
    return None

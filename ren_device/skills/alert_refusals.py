"""What an alert cannot do, as a person is told."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ren_device.alerts.recurrence import checked
from ren_device.errors import AlertError, ToolError

_TOO_OFTEN = re.compile(r"FREQ=(?:SECONDLY|MINUTELY)\b")


@contextmanager
def refusals(say: Callable[..., str], rule: str = "", otherwise: str = "other") -> Iterator[None]:
    """What an alert cannot do is a ToolError, in a sentence that can be spoken.

    It is about the `rule` if there is one, else the reply `otherwise` of [refused].
    """
    try:
        yield
    except AlertError:
        raise ToolError(say(f"refused.{_what_is_wrong(rule) or otherwise}")) from None


def _what_is_wrong(rule: str) -> str:
    """The reply about a rule; empty for none. A rule in order does not come from then on."""
    if not rule:
        return ""
    try:
        checked(rule)
    except AlertError:
        return "often" if _TOO_OFTEN.search(rule.upper()) else "rule"
    return "rule"

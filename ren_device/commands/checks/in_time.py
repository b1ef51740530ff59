"""Keeps a check that hangs, as on a broken device, from hanging the doctor."""

import threading
import time
from collections.abc import Iterable, Iterator
from queue import Empty, Queue

from ren_device.commands.checks.finding import Finding

LIMIT_S = 6.0
"""The longest that a check may take."""

SOUND_LIMIT_S = 15.0
"""The longest of one that opens devices, perhaps twice: some take seconds to begin."""

_WAITING = 64  # findings; no check has half as many


def in_time(group: str, findings: Iterable[Finding], limit_s: float = LIMIT_S) -> Iterator[Finding]:
    """These findings as they come, from a thread; what comes later than `limit_s` is let go.

    A thread that hangs ends with the process. A bug in the check is raised here.
    """
    found: Queue[Finding | BaseException | None] = Queue(_WAITING)

    def look() -> None:
        try:
            for each in findings:
                found.put(each)
        except BaseException as error:  # noqa: BLE001  it is raised below
            found.put(error)
        else:
            found.put(None)

    threading.Thread(target=look, name=f"check {group}", daemon=True).start()
    until = time.monotonic() + limit_s
    while True:
        try:
            each = found.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            text = f"no answer within {limit_s:.0f} s"
            advice = "Restart the machine; if this comes again, a driver or a device is broken."
            yield Finding(group, "answer", "wrong", text, advice)
            return
        if each is None:
            return
        if isinstance(each, BaseException):
            raise each
        yield each

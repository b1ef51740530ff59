"""Lets the calling thread go before all others, where the system permits it: for sound only.

A Pi that recognises speech is busy on all its cores; the thread that feeds the loudspeaker needs
little, but at once. `LimitRTPRIO=` of `ren-device.service` permits it.
"""

import logging
import os
import threading

PRIORITY = 10
"""Of 1 to 99: before everything ordinary, behind the kernel's own threads at 50."""

_log = logging.getLogger(__name__)


def hurry(what: str) -> bool:
    """Make the calling thread SCHED_RR, but none that it starts. Says so at debug; never fails.

    Whether it was permitted; never for the main thread, where the event loop runs.
    """
    if threading.current_thread() is threading.main_thread():
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(PRIORITY))
    except OSError as error:
        _log.debug("%s runs like everything else: %s", what, error.strerror)
        return False
    _log.debug("%s goes before everything else (SCHED_RR, %d)", what, PRIORITY)
    return True

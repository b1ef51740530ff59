"""Tells the service manager whether Ren is well, and why not.

That the event loop runs is shown by this running on it; what else must move has a vital sign.
Nothing here repairs anything: a Ren that is not well goes quiet, is killed, and comes back from
what is on the disk.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from ren_device.ports import Clock, Supervisor

_log = logging.getLogger(__name__)

Vitals = Mapping[str, Callable[[], str | None]]
"""By the part's name: None while it is well, else what is frozen, in a few words."""

LOADING_S = 60.0
"""How long Ren may be silent while engines load, which can hold up everything else."""

_FOR_NOBODY_S = 5.0  # without a watchdog the log still tells what is frozen


async def supervise(
    supervisor: Supervisor,
    vitals: Vitals,
    clock: Clock,
    loading: Callable[[], bool] = lambda: False,
    status: Callable[[], str] = lambda: "",
) -> None:
    """Until cancelled, say `alive` at a third of the watchdog's time while all vitals are None.

    What freezes is logged once, and once when it is well again. `status` is one line for people.
    While `loading`, more patience is asked for.
    """
    watchdog_s = supervisor.watchdog_s
    frozen: dict[str, float] = {}
    was_loading, shown = False, ""
    while True:
        if watchdog_s is not None and loading() != was_loading:
            was_loading = not was_loading
            supervisor.patience(max(LOADING_S, watchdog_s) if was_loading else watchdog_s)
        now_s = clock.monotonic()
        troubles = {part: what for part, look in vitals.items() if (what := look()) is not None}
        for part, what in troubles.items():
            if part not in frozen:
                frozen[part] = now_s
                _log.error("%s is frozen: %s", part, what)
        for part in frozen.keys() - troubles.keys():
            _log.warning("%s moves again after %.0f s", part, now_s - frozen.pop(part))
        if not troubles:
            supervisor.alive()
        line = "; ".join(f"{part} is frozen" for part in troubles) or status()
        if line != shown:
            supervisor.status(line)
            shown = line
        await asyncio.sleep((watchdog_s or 3 * _FOR_NOBODY_S) / 3)

"""Which routines may be kept, run or set for a time over HTTP."""

from aiohttp import web

from ren_device.model import Routine
from ren_device.ports import RoutineStore
from ren_device.skills.routine_steps import StepRules
from ren_device.web.errors import ApiError
from ren_device.web.keys import SERVICES


class RoutineGate:
    """A routine needs the permissions of the tools in it, as if they were asked for in /chat."""

    def __init__(self, store: RoutineStore, rules: StepRules, *, allow_dangerous: bool) -> None:
        """`rules` know which steps are dangerous; `allow_dangerous` is REN_ALLOW_DANGEROUS."""
        self._store = store
        self._rules = rules
        self._allow_dangerous = allow_dangerous

    async def named(self, name: str) -> Routine:
        """The routine of this name. Raises ApiError 404."""
        routine = await self._store.get(name)
        if routine is None:
            raise ApiError(404, "There is no routine of this name.")
        return routine

    async def admit(
        self, request: web.Request, routine: Routine, thread_id: int | None = None
    ) -> None:
        """Return when it may run in this thread; without one, in the most recently active.

        Raises ApiError 403, and ThreadNotFound.
        """
        if self._allow_dangerous or not await self._rules.is_dangerous(routine.steps):
            return
        threads = request.app[SERVICES].threads
        if thread_id is None:
            (thread,) = await threads.recent(1)
        else:
            thread = await threads.get(thread_id)
        if not thread.allow_dangerous:
            raise ApiError(
                403,
                "This routine acts on the home or on accounts: set allow_dangerous of conversation "
                f"{thread.id} (PATCH /threads/{thread.id}), or REN_ALLOW_DANGEROUS.",
            )

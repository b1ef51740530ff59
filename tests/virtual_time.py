"""Virtual time: an event loop whose clock jumps to the next timer when nothing is left to do."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

T = TypeVar("T")


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for a timeout, moves the clock on by it."""

    now_s = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, Any]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing is going to happen")
        self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """For code that sleeps; not for code that waits for threads or sockets."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    def jump(self, seconds: float) -> None:
        """See `stand_still`."""
        self._jumping.now_s += seconds


def stand_still(seconds: float) -> None:
    """Time passes in which nobody gets a turn, as when the machine is busy."""
    cast("VirtualLoop", asyncio.get_running_loop()).jump(seconds)


def run(scene: Coroutine[Any, Any, T]) -> T:
    """Run `scene` to its end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(scene)


async def until(holds: Callable[[], bool], within_s: float = 30.0) -> float:
    """Wait until something holds; returns the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while not holds():
        if loop.time() - began > within_s:
            raise AssertionError(f"still not so after {within_s} s")
        await asyncio.sleep(0.02)
    return loop.time() - began

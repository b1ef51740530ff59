"""How this process gives memory back.

glibc's allocator learns from the first large block that is freed to keep the next ones, up to
32 MB, for good. Speech engines take and free blocks of many sizes for every sentence, so what they
do not use grew to 100 MB and more. Told a fixed size, it maps each larger block by itself and
unmaps it when it is freed. And each of the many threads had an arena of its own, with gaps of its
own: two for all are 5 to 9 MB less.
"""

import ctypes

_TRIM_THRESHOLD = -1  # the names that malloc.h has for them
_MMAP_THRESHOLD = -3
_ARENA_MAX = -8
_LARGE_BYTES = 128 * 1024  # glibc's own first values, which setting them keeps from changing


def tune() -> None:
    """Call it once, before anything is loaded. Without glibc nothing happens."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_TRIM_THRESHOLD, _LARGE_BYTES)
        mallopt(_ARENA_MAX, 2)

import subprocess
import sys

import pytest

_PROBE = """
import ctypes
from ren_device import allocator

class Figures(ctypes.Structure):
    _fields_ = [(str(number), ctypes.c_size_t) for number in range(10)]

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
libc.mallinfo2.restype = Figures
{tune}
libc.free(libc.malloc(30_000_000))
before = getattr(libc.mallinfo2(), "4")  # bytes in blocks that are mapped by themselves
libc.malloc(1_000_000)
print(getattr(libc.mallinfo2(), "4") - before)
"""


@pytest.mark.parametrize(
    ("tune", "mapped"), [("allocator.tune()", True), ("", False)], ids=["tuned", "as it is"]
)
def test_a_large_block_is_still_mapped_after_a_larger_one_was_freed(
    tune: str, mapped: bool
) -> None:
    probe = _PROBE.format(tune=tune)
    printed = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True).stdout
    assert (int(printed) >= 1_000_000) is mapped

"""Write the boot state of a new card to standard output: slot A, which counts as proved."""

import sys
from dataclasses import replace

from ren_device.updates.boot_state import FRESH, encode

if __name__ == "__main__":
    sys.stdout.buffer.write(encode(replace(FRESH, serial=1)))

"""Print what a build says of itself, for /usr/lib/ren/image.json: `about.py VERSION BUILD`."""

import json
import sys

DATA_FORMAT = 1
BOOT_FORMAT = 1
"""Raised when a system needs a newer boot partition, which an update never writes."""

HARDWARE = (
    "raspberrypi,3-model-b",
    "raspberrypi,3-model-b-plus",
    "raspberrypi,3-model-a-plus",
    "raspberrypi,3-compute-module",
    "raspberrypi,model-zero-2-w",
    "raspberrypi,4-model-b",
    "raspberrypi,400",
    "raspberrypi,4-compute-module",
    "linux,dummy-virt",
)
"""The first words of a machine's `compatible` in its device tree; the last is QEMU's `virt`."""

if __name__ == "__main__":
    version, build = sys.argv[1:]
    print(
        json.dumps(
            {
                "version": version,
                "build": build,
                "data_format": DATA_FORMAT,
                "boot_format": BOOT_FORMAT,
                "hardware": HARDWARE,
            },
            indent=2,
        )
    )

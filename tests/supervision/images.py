"""Systems made of files, as the initrd of an image and an update leave them."""

import json
from pathlib import Path


def started(root: Path, data: str = "clean", *, trial: bool = False) -> Path:
    """A system under `root` that was started from slot a."""
    files = {
        "run/ren-image/slot": "a\n",
        "run/ren-image/disk": "/dev/mmcblk0\n",
        "run/ren-image/data": f"{data}\n",
        "usr/share/ren/release.pub": f"{'0' * 64}\n",
        "proc/device-tree/compatible": "raspberrypi,4-model-b\0brcm,bcm2711\0",
        "usr/lib/ren/image.json": json.dumps(
            {"version": "1.1.0", "build": "20261121", "data_format": 1, "boot_format": 1}
        ),
    }
    if trial:
        files["run/ren-image/trial"] = "yes\n"
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "data/log").mkdir(parents=True, exist_ok=True)
    return root


def updated(root: Path, state: str, why: str = "", at: str = "2026-11-21T03:00:00+00:00") -> None:
    """The last update went like this."""
    fields = {
        "state": state,
        "from": "1.0.0",
        "to": "1.1.0",
        "build": "20261121",
        "slot": "a",
        "why": why,
        "at": at,
        "before": {},
    }
    (root / "data/update").mkdir(parents=True, exist_ok=True)
    (root / "data/update/last.json").write_text(json.dumps(fields))

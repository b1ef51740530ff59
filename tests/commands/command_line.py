"""Runs `ren-device` as people do, in a process of its own, with the settings that a test gives."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(**settings: str) -> dict[str, str]:
    """The outside's, without any setting of Ren's but these."""
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("REN_", "WREN_", "ANTH"))}
    return outside | {"PYTHONPATH": str(ROOT)} | settings


def ren_device(
    folder: Path, *arguments: str, stdin: bytes | None = None, **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """`ren-device ARGUMENTS` in `folder`, where its .env is looked for; data in `folder`/data."""
    settings = {"REN_DATA_DIR": str(folder / "data"), "REN_MDNS_ENABLED": "false"} | settings
    return subprocess.run(
        [sys.executable, "-m", "ren_device", *arguments],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        check=False,
        timeout=60,
        cwd=folder,
        env=environment(**settings),
    )

"""What Raspberry Pi Imager reads of a release: a repository's list with one system in it.

The fields are those of doc/json-schema/os-list-schema.json in raspberrypi/rpi-imager, and of its
list v4.
"""

from datetime import UTC, datetime
from typing import Any

DEVICES = ("pi4-64bit", "pi3-64bit")
"""Imager's words for models.

The Zero 2 W is a `pi3-64bit` there, the 400 and the CM4 are `pi4-64bit`.
"""


def os_list(
    *,
    version: str,
    url: str,
    file: str,
    card_bytes: int,
    card_sha256: str,
    file_bytes: int,
    file_sha256: str,
    epoch: int,
) -> dict[str, Any]:
    """The list. `url` is the folder that has the files, or empty: then they are beside the list."""
    base = f"{url.rstrip('/')}/" if url else ""
    entry = {
        "name": f"Ren {version}",
        "description": "A smart speaker: flash it, plug it in, talk",
        "icon": f"{base}ren.svg",
        "url": f"{base}{file}",
        "extract_size": card_bytes,
        "extract_sha256": card_sha256,
        "image_download_size": file_bytes,
        "image_download_sha256": file_sha256,
        "release_date": f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d}",
        # Imager then writes user-data and network-config to the boot partition; all its versions
        # know this one.
        "init_format": "cloudinit",
        "devices": list(DEVICES),
        "architecture": "armv8",
        "capabilities": [],
    }
    return {"os_list": [entry]}

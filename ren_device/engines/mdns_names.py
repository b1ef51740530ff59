"""What a speaker is called on the network; apart, because the web room's guard needs it, too."""

import re
import unicodedata

LABEL_BYTES = 63
"""DNS allows no longer label."""


def host_name(name: str, number: int) -> str:
    """The name as machines see it, "ren.local." or "ren-2.local."."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    suffix = f"-{number}" if number > 1 else ""
    label = re.sub(r"[^a-z0-9]+", "-", ascii_only)[: LABEL_BYTES - len(suffix)].strip("-")
    return f"{label or 'ren'}{suffix}.local."

"""Lines of `ren.env`, as systemd reads an EnvironmentFile: set some, keep all others."""

import re
from collections.abc import Mapping

_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=")


def quoted(value: str) -> str:
    """A value in quotes, in which systemd expands nothing."""
    return '"' + re.sub(r'(["\\`$])', r"\\\1", value) + '"'


def assignments(text: str) -> dict[str, str]:
    """The lines that set something, by name; the last one wins."""
    lines = (line.strip() for line in text.splitlines())
    return {found[1]: line for line in lines if (found := _ASSIGNMENT.match(line))}


def with_lines(text: str, new: Mapping[str, str]) -> str:
    """The text with these lines, each where the name was set before, else at the end."""
    left = dict(new)
    kept: list[str] = []
    for line in text.splitlines():
        found = _ASSIGNMENT.match(line)
        if not found or found[1] not in new:
            kept.append(line)
        elif found[1] in left:
            kept.append(left.pop(found[1]))
    return "".join(f"{line}\n" for line in (*kept, *left.values()))

"""`ren.toml` as a person's text: read whatever an editor made of it, and freed of its secrets.

TOML has no parser here that keeps comments, so the text is cut into statements: each is the
fewest lines that tomllib takes for one.
"""

import codecs
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Statement:
    """Some lines of the file that belong together."""

    first_line: int
    """Counted from 1."""
    text: str
    """With its line ends."""
    path: tuple[str, ...]
    """The key with its table; empty for comments and empty lines."""
    value: Any = None
    """What the key is set to; None for a table's header."""


def decoded(content: bytes) -> str:
    """The text in UTF-8, or in what an editor marks at the start; raises UnicodeError."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    return content.decode(encoding)


def statements(text: str) -> Iterator[Statement]:
    """The pieces of a text that is TOML; together they are the text."""
    table: tuple[str, ...] = ()
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    at = 0
    while at < len(lines):
        end, found = next(
            (end, found)
            for end in range(at + 1, len(lines) + 1)
            if (found := _parsed("".join(lines[at:end]))) is not None
        )
        piece = "".join(lines[at:end])
        if piece.lstrip().startswith("["):
            table = tuple(_descend(found)[0])
            yield Statement(at + 1, piece, table)
        elif found:
            path, value = _descend(found)
            yield Statement(at + 1, piece, (*table, *path), value)
        else:
            yield Statement(at + 1, piece, ())
        at = end


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _descend(found: Any) -> tuple[list[str], Any]:
    """A dotted key comes as tables within tables."""
    path = []
    while isinstance(found, dict) and len(found) == 1:
        ((key, found),) = found.items()
        path.append(key)
    return path, found


def without_secrets(text: str, secrets: Sequence[str], note: str) -> str:
    """The text with a comment wherever a secret was, and nothing else lost.

    With a network's password gone, the rest of `[wifi]` becomes comments too: otherwise the file
    would ask for an open network of that name when it is applied again. `note` has a {key}.
    """
    pieces = list(statements(text))
    wifi_has_secret = any(_is_wifi(each) and _holds(each, secrets) for each in pieces)
    return "".join(_without(each, secrets, note, wifi=wifi_has_secret) for each in pieces)


def _without(piece: Statement, secrets: Sequence[str], note: str, *, wifi: bool) -> str:
    if _holds(piece, secrets):
        end = re.search(r"\r?\n?\Z", piece.text)
        key = piece.path[-1] if piece.path else "…"
        return f"# {note.format(key=key)}{end.group() if end else ''}"
    if wifi and _is_wifi(piece):
        return re.sub(r"(?m)^(?=.)", "# ", piece.text)
    return piece.text


def _is_wifi(piece: Statement) -> bool:
    return piece.path[:1] == ("wifi",)


def _holds(piece: Statement, secrets: Sequence[str]) -> bool:
    """Also in a comment, and however it is written in quotes."""
    return any(secret in piece.text or secret in _texts(piece.value) for secret in secrets)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)

"""What a mind is shown of the thread so far."""

from collections.abc import Sequence

from ren_device.model import Message, Remark, Role, Text

REMARKS_KEPT = 20
"""How many of the latest remarks are looked at."""

CHARS_KEPT = 12_000
"""How much text of them is shown; about three thousand tokens."""


def dialogue(remarks: Sequence[Remark], message: str) -> tuple[Message, ...]:
    """The latest remarks (oldest first), then `message`: user first, roles alternating.

    Older remarks are left out whole once the text would pass CHARS_KEPT. Remarks of one role in a
    row (a turn that failed has no answer) become one message of several texts.
    """
    merged: list[tuple[Role, list[Text]]] = []
    for role, content in [*_newest(remarks), ("user", message)]:
        if not content.strip() or (not merged and role != "user"):
            continue
        if merged and merged[-1][0] == role:
            merged[-1][1].append(Text(content))
        else:
            merged.append((role, [Text(content)]))
    return tuple(Message(role, tuple(texts)) for role, texts in merged)


def _newest(remarks: Sequence[Remark]) -> list[tuple[Role, str]]:
    chars = 0
    kept: list[tuple[Role, str]] = []
    for remark in reversed(remarks):
        chars += len(remark.content)
        if chars > CHARS_KEPT:
            break
        kept.append((remark.role, remark.content))
    return kept[::-1]

"""What a mind is shown of the thread so far: a summary of its beginning, and its newest remarks.

Together they cover all that was said. Where they do not (there is no summary yet, or the last
exchange alone is too long), the mind is told that something is missing.
"""

from collections.abc import Sequence

from ren_device.assistant.tokens import shortened, tokens_in
from ren_device.model import Message, Remark, Role, Summary, Text, Tier

_TYPED_TOKENS = {Tier.FAST: 6_000, Tier.DEFAULT: 8_000, Tier.HARD: 16_000, Tier.LOCAL: 1_000}
_SPOKEN_TOKENS = 5_000
"""A person who waits in the room is better served by a short prompt."""

REMARKS_SHOWN = 200
"""How many remarks are looked at, at most, however short they are."""

LONGEST_MESSAGE = 100_000
"""Tokens of a new message that are shown: half of what the models can read at all."""

_LEAST_PIECE = 200  # tokens; less than that of a long remark says nothing

EARLIER = "What was said earlier in this conversation, in short:"
UNANSWERED = "(This was not answered: the turn failed or was stopped. It is over and done with.)"
"""Without it a mind might do, at the next hello, what was asked for and given up on."""
LEFT_OUT = "(An earlier part of this conversation is not shown here.)"


def budget(tier: Tier, *, spoken: bool) -> int:
    """How many tokens of the newest remarks a turn shows, about."""
    typed = _TYPED_TOKENS[tier]
    return min(typed, _SPOKEN_TOKENS) if spoken else typed


def dialogue(
    remarks: Sequence[Remark], message: str, tokens: int, summary: Summary | None = None
) -> tuple[Message, ...]:
    """What was said, then `message`: user first, roles alternating.

    `remarks` are the latest REMARKS_SHOWN + 1, oldest first. The newest that fit into `tokens` are
    shown whole; only of a remark that is alone larger than that, the middle is left out. What is
    older is told by `summary`, as the first thing that the mind reads. A turn that failed has no
    answer; UNANSWERED stands there instead. Other remarks of one role in a row become one message
    of several texts.
    """
    spoken = [remark for remark in remarks if remark.content.strip()]
    newest = _newest(spoken[-REMARKS_SHOWN:], tokens)
    older = spoken[: len(spoken) - len(newest)]
    said = _with_gaps_told([*newest, ("user", shortened(message, LONGEST_MESSAGE))])
    if older:
        said.insert(0, ("user", _lead(summary, older[-1].id)))
    merged: list[tuple[Role, list[Text]]] = []
    for role, text in said:
        if not merged and role != "user":
            continue
        if merged and merged[-1][0] == role:
            merged[-1][1].append(Text(text))
        else:
            merged.append((role, [Text(text)]))
    return tuple(Message(role, tuple(texts)) for role, texts in merged)


def _with_gaps_told(said: Sequence[tuple[Role, str]]) -> list[tuple[Role, str]]:
    """The same, and between two remarks of the person what became of the first."""
    told: list[tuple[Role, str]] = []
    for role, text in said:
        if role == "user" and told and told[-1][0] == "user":
            told.append(("assistant", UNANSWERED))
        told.append((role, text))
    return told


def _lead(summary: Summary | None, up_to: int) -> str:
    """What stands for the remarks up to the id `up_to`, which are not shown."""
    if summary is None:
        return LEFT_OUT
    told = f"{EARLIER}\n{summary.text}"
    return told if summary.up_to >= up_to else f"{told}\n\n{LEFT_OUT}"


def _newest(remarks: Sequence[Remark], tokens: int) -> list[tuple[Role, str]]:
    """The newest remarks that fit, oldest first."""
    room = tokens
    kept: list[tuple[Role, str]] = []
    for remark in reversed(remarks):
        text = remark.content
        size = tokens_in(text)
        if size > tokens and room >= _LEAST_PIECE:
            text, size = shortened(text, room), room
        if size > room:
            break
        room -= size
        kept.append((remark.role, text))
    return kept[::-1]

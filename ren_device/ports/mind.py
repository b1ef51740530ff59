"""Who answers."""

from collections.abc import AsyncGenerator
from typing import Protocol

from ren_device.model import Intent, MindPart, MindRequest


class Mind(Protocol):
    """Writes the next piece of a reply."""

    def step(self, request: MindRequest) -> AsyncGenerator[MindPart, None]:
        """Stream text and tool calls until the mind has nothing to add or wants tool results.

        Closing the iterator cancels the work upstream. Raises CloudKeyMissing, CloudError and
        CloudUnreachable (a cloud mind only).
        """


class IntentMatcher(Protocol):
    """Understands a fixed set of sentences, offline."""

    vocabulary: frozenset[str]
    """Every word of its sentences, in lower case."""

    def match(self, text: str) -> Intent | None:
        """The intent of this sentence, or None when nothing fits well enough. Milliseconds."""

"""Which tier answers a message: pinned, else hard words, else short, else the default."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ren_device.model import Tier

LOCAL_MODEL = "local"
"""What a turn answered on the device calls its model."""


@dataclass(frozen=True, slots=True)
class Brain:
    """Who answers the cloud tiers: the model of each, and the variable that holds the key."""

    models: Mapping[Tier, str]
    key_variable: str

    def model_of(self, tier: Tier) -> str:
        """The name of the model behind a tier."""
        return self.models.get(tier, LOCAL_MODEL)

    @property
    def no_key(self) -> str:
        """What a cloud tier answers without a key."""
        return f"{self.key_variable} is not set."


CLAUDE = Brain(
    {
        Tier.FAST: "claude-haiku-4-5-20251001",
        Tier.DEFAULT: "claude-sonnet-4-6",
        Tier.HARD: "claude-opus-4-8",
    },
    "ANTHROPIC_API_KEY",
)
ASTRA = Brain(dict.fromkeys((Tier.FAST, Tier.DEFAULT, Tier.HARD), "astra"), "REN_API_KEY")
BRAINS = {"claude": CLAUDE, "astra": ASTRA}
"""By what REN_BRAIN says."""

SHORT_CHARS = 80
"""A message of fewer characters is a short ask."""

# Whole words of planning and debugging, with their inflections and the nouns made from them:
# "plant", "airplane" and "improve" only look alike.
_HARD_WORDS = re.compile(
    r"""\b(?:
        plan(?:s|ned|ning)?
      | architect(?:s|ed|ing|ure|ures)?
      | prov(?:e|es|ed|en|ing)
      | debug(?:s|ged|ging)?
      | analy[sz](?:e|es|ed|ing)
      | analysis
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def route(message: str, pinned: Tier | None, default: Tier) -> Tier:
    """The tier for this message.

    `pinned` is what the request asked for and always wins. A `default` of `local` turns routing
    off; any other default serves the messages that are neither hard nor short.
    """
    if pinned is not None:
        return pinned
    if default is Tier.LOCAL:
        return Tier.LOCAL
    if _HARD_WORDS.search(message):
        return Tier.HARD
    if len(message) < SHORT_CHARS:
        return Tier.FAST
    return default

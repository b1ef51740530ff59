"""What recognisers write for the commonest commands of a speaker, put right; for spoken turns only.

"Set a timer for five minutes" comes out as "Santa timer 45 minutes": people who speak put a "for"
between "timer" and a number, so a number from 41 to 49 without it is taken for "for one" to "for
nine", and fourteen for "for ten". Whoever types means what they typed. The confirmation says what
was understood. The patterns are in mind.toml of each language.
"""

from dataclasses import dataclass

from ren_device.languages.tables import Rewrites, rewritten


@dataclass(frozen=True, slots=True)
class MisheardWords:
    """The table [misheard]."""

    put_right: Rewrites


def put_right(transcript: str, words: MisheardWords) -> str:
    """The transcript as it was most likely said."""
    return rewritten(transcript, words.put_right)

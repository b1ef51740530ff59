"""What recognisers write for the commonest commands of a speaker, put right; for spoken turns only.

"Set a timer for five minutes" comes out as "Santa timer 45 minutes": people who speak put a "for"
between "timer" and a number, so a number from 41 to 49 without it is taken for "for one" to "for
nine", and fourteen for "for ten". Whoever types means what they typed. The confirmation says what
was understood.
"""

import re

_SET_A = re.compile(
    r"^\W*(?:santa|said a|sat a|sent a)\s+(?=(?:\w+\s+)?(?:timer|alarm|reminder)\b)", re.IGNORECASE
)
_FOR_UNITS = re.compile(
    r"\btimer\s+(?:forty[-\s]?|four[-\s]|4)"
    r"(?P<number>[1-9]|one|two|three|four|five|six|seven|eight|nine)(?=[-\s]+(?:second|minute|hour))",
    re.IGNORECASE,
)
_FOR_TEN = re.compile(r"\btimer\s+(?:fourteen|14)(?=[-\s]+(?:second|minute|hour))", re.IGNORECASE)


def put_right(transcript: str) -> str:
    """The transcript as it was most likely said."""
    text = _SET_A.sub("Set a ", transcript)
    text = _FOR_UNITS.sub(r"timer for \g<number>", text)
    return _FOR_TEN.sub("timer for ten", text)

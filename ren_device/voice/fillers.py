"""What is said while a tool takes its time."""

from itertools import cycle

from ren_device import languages


class Fillers:
    """Those of a language, in turn: `[fillers]` in its voice.toml."""

    def __init__(self, language: str) -> None:
        """The first one first."""
        self._sentences = cycle(languages.read(language, "voice")["fillers"]["sentences"])

    def next(self) -> str:
        """A short sentence, not the one before."""
        return str(next(self._sentences))

"""What the conversation knows of the person's language; the words are in `languages/`."""

from collections.abc import Sequence

from ren_device import languages
from ren_device.voice.fillers import Fillers
from ren_device.voice.reflexes import Reflex, Reflexes
from ren_device.voice.speakable import Speakable
from ren_device.voice.words import without_wake_phrase


class VoiceLanguage:
    """Implements roles.SpokenLanguage."""

    def __init__(self, code: str, wake_phrases: Sequence[str]) -> None:
        """`code` as in REN_LANGUAGE."""
        self.code = code
        self.apology: str = languages.read(code, "voice")["sentences"]["apology"]
        self._wake_phrases = tuple(wake_phrases)
        self._speakable = Speakable(code)
        self._reflexes = Reflexes(code)
        self._fillers = Fillers(code)

    def speakable(self, text: str) -> str:
        """See roles.SpokenLanguage."""
        return self._speakable(text)

    def reflex(self, transcript: str, *, nearly: bool = False) -> Reflex | None:
        """See roles.SpokenLanguage."""
        return self._reflexes.nearly(transcript) if nearly else self._reflexes.of(transcript)

    def snooze_minutes(self, transcript: str) -> float | None:
        """See roles.SpokenLanguage."""
        return self._reflexes.snooze_minutes(transcript)

    def filler(self) -> str:
        """See roles.SpokenLanguage."""
        return self._fillers.next()

    def without_wake_phrase(self, transcript: str) -> str:
        """See roles.SpokenLanguage."""
        return without_wake_phrase(transcript, self._wake_phrases)

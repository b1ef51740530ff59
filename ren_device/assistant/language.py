"""One language, for the offline mind: how it is understood, and what is replied."""

from ren_device.assistant.corrections import Corrections
from ren_device.assistant.durations import Durations
from ren_device.assistant.heard import Hearing
from ren_device.assistant.mind_words import MindWords
from ren_device.assistant.when import Moments
from ren_device.languages.numbers import Numbers
from ren_device.languages.tables import table
from ren_device.skills.fact_words import Facts
from ren_device.skills.speakable import Speech


class Language:
    """The parts that understand one language, all of the same files."""

    def __init__(self, code: str = "en") -> None:
        """Read languages/`code`. Raises ValueError that says what is wrong with a file of it."""
        self.words = table(code, "mind", MindWords)
        self.numbers = Numbers(self.words.numbers)
        self.durations = Durations(self.numbers, self.words.durations)
        self.moments = Moments(
            self.words.moments, self.words.recurrences, self.numbers, self.durations
        )
        self.corrections = Corrections(self.words.corrections, self.numbers, self.moments)
        self.hearing = Hearing(self.words.hearing)
        self.speech = Speech(code)
        self.facts = Facts(self.speech)
        self.say = self.speech.say

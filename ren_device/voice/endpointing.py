"""Endpointing: when did the person begin to speak, and when had they finished?

Pure logic over VAD probabilities; time is counted in sound, so it is the same at any speed. Two
stages: a short silence is reported as a pause, so that a transcript can be made while the person
is perhaps only breathing; the turn ends a little later if the words so far sound complete, and
much later if they do not.
"""

from dataclasses import dataclass
from enum import Enum, auto


@dataclass(frozen=True, slots=True)
class EndpointingPolicy:
    """Thresholds are VAD probabilities, times are seconds of sound."""

    start_threshold: float = 0.5
    stop_threshold: float = 0.35
    start_s: float = 0.09  # this much speech begins an utterance: longer than a click
    pause_s: float = 0.15  # this much silence is worth a transcript
    complete_s: float = 0.35  # silence that ends words that sound complete
    incomplete_s: float = 1.2  # silence that ends any words
    no_speech_s: float = 6.0  # nobody says anything
    longest_s: float = 25.0  # of an utterance: nobody asks a kitchen speaker anything longer


class Signal(Enum):
    """What the endpointer noticed in a chunk."""

    STARTED = auto()
    PAUSED = auto()
    RESUMED = auto()
    ENDED = auto()
    NO_SPEECH = auto()


class Endpointer:
    """One utterance, from the moment of listening to its end. Use a new one for the next."""

    def __init__(self, policy: EndpointingPolicy, chunk_s: float) -> None:
        """`chunk_s` is how much sound each probability stands for."""
        self._policy = policy
        self._chunk_s = chunk_s
        self._heard_s = 0.0
        self._speech_s = 0.0
        self._silence_s = 0.0
        self._paused = False
        self.started = False
        self.sounds_complete = False
        """Set by whoever reads the transcript of the words up to the present pause."""

    @property
    def silence_s(self) -> float:
        """Silence since the last speech."""
        return self._silence_s

    def feed(self, probability: float) -> Signal | None:
        """Take the next chunk's speech probability."""
        self._heard_s += self._chunk_s
        if not self.started:
            return self._wait_for_speech(probability)
        if probability >= self._policy.stop_threshold:
            return self._speech()
        return self._silence()

    def _wait_for_speech(self, probability: float) -> Signal | None:
        policy = self._policy
        if probability >= policy.start_threshold:
            self._speech_s += self._chunk_s
            if self._speech_s >= policy.start_s:
                self.started = True
                self._heard_s = 0.0  # from here on it is the utterance that must not be endless
                return Signal.STARTED
            return None
        self._speech_s = 0.0
        return Signal.NO_SPEECH if self._heard_s >= policy.no_speech_s else None

    def _speech(self) -> Signal | None:
        self._silence_s = 0.0
        if self._heard_s >= self._policy.longest_s:
            return Signal.ENDED
        if self._paused:
            self._paused = False
            self.sounds_complete = False
            return Signal.RESUMED
        return None

    def _silence(self) -> Signal | None:
        policy = self._policy
        self._silence_s += self._chunk_s
        enough = policy.complete_s if self.sounds_complete else policy.incomplete_s
        if self._silence_s >= enough:
            return Signal.ENDED
        if not self._paused and self._silence_s >= policy.pause_s:
            self._paused = True
            return Signal.PAUSED
        return None

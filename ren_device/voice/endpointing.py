"""Endpointing: when did the person begin to speak, and when had they finished?

Pure logic over VAD probabilities; time is counted in sound, so it is the same at any speed. Two
stages: a short silence is reported as a pause, so that whoever listens can ask what it means, the
recogniser for the words so far and the end-of-turn model for the sound of them. From their opinion
follows how much silence ends the turn: little if both find it finished, a breath more if one of
them doubts it, and up to a cap if both do. `ren_device/engines/README.md` has the figures.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto

from ren_device.voice.words import Unfinished, sounds_complete


@dataclass(frozen=True, slots=True)
class EndpointingPolicy:
    """Thresholds are probabilities, times are seconds of sound."""

    start_threshold: float = 0.5
    stop_threshold: float = 0.35
    start_s: float = 0.09  # this much speech begins an utterance: longer than a click
    ask_s: float = 0.12  # silence after which it is asked what it means; later answers are worse
    sure: float = 0.9  # the model's probability from which on words that sound complete are over
    likely: float = 0.5  # and from which on they probably are
    # A third of the pauses inside human sentences sounds sure, too ("your call is now first in
    # line | and will be answered"), so less than this would cut off nearly all of them.
    sure_s: float = 0.6
    complete_s: float = 0.8  # silence that ends what is probably over
    doubtful_s: float = 1.1  # silence that ends what words and sound do not agree on
    incomplete_s: float = 1.8  # silence that ends anything
    no_speech_s: float = 6.0  # nobody says anything
    longest_s: float = 25.0  # of an utterance: nobody asks a kitchen speaker anything longer
    unfinished: Unfinished = field(default_factory=Unfinished.of)


class Signal(Enum):
    """What the endpointer noticed in a chunk."""

    STARTED = auto()
    PAUSED = auto()
    """The person is silent: say what that means with `Endpointer.judge`."""
    RESUMED = auto()
    ENDED = auto()
    NO_SPEECH = auto()


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is known of the present pause.

    `words` are the utterance's so far, without a wake phrase; `probability` that the turn is over
    by the sound of it, None without a model.
    """

    words: str
    probability: float | None = None


class Habits:
    """How long a person is silent inside their utterances; lives as long as there is a person.

    Asked where no model tells a breath from an end. The latest 20 pauses count.
    """

    _ENOUGH = 3  # pauses that make a habit
    _MARGIN = 1.25

    def __init__(self) -> None:
        """Of somebody unknown."""
        self._pauses_s: deque[float] = deque(maxlen=20)

    def paused(self, silence_s: float) -> None:
        """The person went on after a pause of this length."""
        self._pauses_s.append(silence_s)

    def patience_s(self, least_s: float, most_s: float) -> float:
        """Silence that is longer than nine of ten of this person's pauses, within these bounds."""
        if len(self._pauses_s) < self._ENOUGH:
            return least_s
        ordered = sorted(self._pauses_s)
        usual = ordered[(len(ordered) - 1) * 9 // 10]
        return min(max(usual * self._MARGIN, least_s), most_s)


class Endpointer:
    """One utterance, from the moment of listening to its end. Use a new one for the next."""

    def __init__(
        self, policy: EndpointingPolicy, chunk_s: float, habits: Habits | None = None
    ) -> None:
        """`chunk_s` is how much sound each probability stands for."""
        self._policy = policy
        self._chunk_s = chunk_s
        self._habits = habits or Habits()
        self._heard_s = 0.0
        self._speech_s = 0.0
        self._silence_s = 0.0
        self._paused = False
        self._enough_s = policy.incomplete_s
        self.started = False
        self.likely_over = False
        """Whether the present pause may be the end: an answer can be prepared."""
        self.held = False
        """Whether a button is held down: then only letting go ends it, and no silence does."""

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

    def judge(self, opinion: Opinion) -> None:
        """Say what the present pause means. Without a pause nothing is changed."""
        if not self._paused:
            return
        policy = self._policy
        complete = sounds_complete(opinion.words, policy.unfinished)
        sound = opinion.probability
        if sound is None:
            least_s = policy.complete_s if complete else policy.incomplete_s
            self._enough_s = self._habits.patience_s(least_s, policy.incomplete_s)
            self.likely_over = complete
        elif complete and sound >= policy.sure:
            self._enough_s, self.likely_over = policy.sure_s, True
        elif complete and sound >= policy.likely:
            self._enough_s, self.likely_over = policy.complete_s, True
        elif complete or sound >= policy.sure:
            self._enough_s, self.likely_over = policy.doubtful_s, complete
        else:
            self._enough_s, self.likely_over = policy.incomplete_s, False

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
        given_up = self._heard_s >= policy.no_speech_s and not self.held
        return Signal.NO_SPEECH if given_up else None

    def _speech(self) -> Signal | None:
        silence_s, self._silence_s = self._silence_s, 0.0
        if self._heard_s >= self._policy.longest_s and not self.held:
            return Signal.ENDED
        if not self._paused:
            return None
        self._paused = False
        self._enough_s = self._policy.incomplete_s
        self.likely_over = False
        self._habits.paused(silence_s)
        return Signal.RESUMED

    def _silence(self) -> Signal | None:
        policy = self._policy
        self._silence_s += self._chunk_s
        if self._silence_s >= self._enough_s and not self.held:
            return Signal.ENDED
        if not self._paused and self._silence_s >= policy.ask_s:
            self._paused = True
            return Signal.PAUSED
        return None

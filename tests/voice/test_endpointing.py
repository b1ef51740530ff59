"""When a person begins to speak, and when they have finished."""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ren_device.voice.endpointing import Endpointer, EndpointingPolicy, Habits, Opinion, Signal

CHUNK_S = 0.032
POLICY = EndpointingPolicy()
OVER = Opinion("What time is it?", 0.99)
LIKELY = Opinion("What time is it?", (POLICY.likely + POLICY.sure) / 2)
DOUBTFUL = Opinion("What time is it?", 0.1)
GOES_ON = Opinion("Set a timer for.", 0.1)
BY_THE_WORDS = Opinion("What time is it?")


class Talk:
    """Feeds an endpointer stretches of (probability, seconds) and answers each pause."""

    def __init__(self, *opinions: Opinion, habits: Habits | None = None) -> None:
        self.endpointer = Endpointer(POLICY, CHUNK_S, habits)
        self.heard: list[tuple[Signal, float]] = []
        self.at_s = 0.0
        self._opinions = list(opinions)

    def hear(self, *stretches: tuple[float, float]) -> "Talk":
        for probability, length_s in stretches:
            for _ in range(round(length_s / CHUNK_S)):
                if self.ended:
                    return self
                self.at_s += CHUNK_S
                signal = self.endpointer.feed(probability)
                if signal is not None:
                    self.heard.append((signal, self.at_s))
                if signal is Signal.PAUSED and self._opinions:
                    self.endpointer.judge(self._opinions.pop(0))
        return self

    @property
    def signals(self) -> list[Signal]:
        return [signal for signal, _ in self.heard]

    @property
    def ended(self) -> bool:
        return bool(self.heard) and self.heard[-1][0] in {Signal.ENDED, Signal.NO_SPEECH}


def waited_s(*opinions: Opinion, habits: Habits | None = None) -> float:
    """The silence after a second of speech, up to the end."""
    talk = Talk(*opinions, habits=habits).hear((0.9, 0.96), (0.0, 5.0))
    assert talk.signals[-1] is Signal.ENDED
    return talk.at_s - 0.96


def about(silence_s: float, expected_s: float) -> bool:
    return -1e-6 <= silence_s - expected_s <= CHUNK_S


def test_the_surer_the_sooner() -> None:
    assert about(waited_s(OVER), POLICY.sure_s)
    assert about(waited_s(LIKELY), POLICY.complete_s)
    assert about(waited_s(DOUBTFUL), POLICY.doubtful_s)
    assert about(waited_s(GOES_ON), POLICY.incomplete_s)
    assert about(waited_s(), POLICY.incomplete_s)


def test_words_and_sound_must_agree() -> None:
    assert about(waited_s(Opinion("Set a timer for.", 0.99)), POLICY.doubtful_s)
    assert about(waited_s(Opinion("Set a timer for.", 0.6)), POLICY.incomplete_s)


def test_without_a_model_the_words_decide() -> None:
    assert about(waited_s(BY_THE_WORDS), POLICY.complete_s)
    assert about(waited_s(Opinion("Set a timer for.")), POLICY.incomplete_s)


def test_it_is_asked_once_in_each_pause_and_soon() -> None:
    talk = Talk(GOES_ON, OVER).hear((0.9, 0.96), (0.0, 1.28), (0.9, 0.96), (0.0, 5.0))
    asked_s = [at_s for signal, at_s in talk.heard if signal is Signal.PAUSED]
    assert len(asked_s) == 2
    assert all(map(about, asked_s, (0.96 + POLICY.ask_s, 3.2 + POLICY.ask_s)))


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    talk = Talk(GOES_ON, OVER).hear((0.9, 1.0), (0.0, 1.2), (0.9, 1.0), (0.0, 3.0))
    assert talk.signals == [
        Signal.STARTED,
        Signal.PAUSED,
        Signal.RESUMED,
        Signal.PAUSED,
        Signal.ENDED,
    ]


def test_likely_is_said_as_soon_as_it_is_known_and_taken_back() -> None:
    talk, likely = Talk(LIKELY), []
    for stretch in ((0.9, 1.0), (0.0, 0.3), (0.9, CHUNK_S)):
        talk.hear(stretch)
        likely.append(talk.endpointer.likely_over)
    assert likely == [False, True, False]
    assert talk.signals[-1] is Signal.RESUMED


def test_an_opinion_that_comes_too_late_is_not_heard() -> None:
    talk = Talk(GOES_ON).hear((0.9, 1.0), (0.0, 0.3), (0.9, 0.3))
    talk.endpointer.judge(OVER)
    assert not talk.endpointer.likely_over
    talk.hear((0.0, 3.0))
    assert about(talk.endpointer.silence_s, POLICY.incomplete_s)


def test_a_click_is_not_speech() -> None:
    assert Talk().hear((0.0, 1.0), (0.9, 0.064), (0.0, 1.0)).heard == []


def test_nobody_speaks() -> None:
    talk = Talk().hear((0.1, 10.0))
    assert talk.signals == [Signal.NO_SPEECH]
    assert about(talk.at_s, POLICY.no_speech_s)


def test_nobody_is_listened_to_for_ever() -> None:
    talk = Talk().hear((0.9, 60.0))
    assert talk.signals == [Signal.STARTED, Signal.ENDED]
    assert talk.at_s <= POLICY.longest_s + POLICY.start_s + 2 * CHUNK_S


def test_a_long_silence_before_it_does_not_shorten_an_utterance() -> None:
    patient = EndpointingPolicy(no_speech_s=float("inf"))
    endpointer = Endpointer(patient, CHUNK_S)
    for _ in range(round(2 * patient.longest_s / CHUNK_S)):
        assert endpointer.feed(0.0) is None
    heard = [endpointer.feed(0.9) for _ in range(round(5 / CHUNK_S))]
    assert [signal for signal in heard if signal is not None] == [Signal.STARTED]


# --- a person's habits ----------------------------------------------------------------------------


def test_somebody_who_pauses_is_given_more_time() -> None:
    habits = Habits()
    quick_s = waited_s(BY_THE_WORDS, habits=habits)
    for _ in range(3):
        Talk(GOES_ON, habits=habits).hear((0.9, 1.0), (0.0, 1.2), (0.9, 0.3))
    slow_s = waited_s(BY_THE_WORDS, habits=habits)
    assert 1.2 < slow_s <= POLICY.incomplete_s
    assert slow_s > quick_s


def test_a_model_that_knows_is_not_slowed_down_by_habits() -> None:
    habits = Habits()
    for _ in range(5):
        habits.paused(1.0)
    assert about(waited_s(OVER, habits=habits), POLICY.sure_s)


@given(st.lists(st.floats(0, 30), max_size=60))
def test_patience_stays_within_its_bounds(pauses_s: list[float]) -> None:
    habits = Habits()
    for each in pauses_s:
        habits.paused(each)
    assert POLICY.complete_s <= habits.patience_s(POLICY.complete_s, 1.8) <= 1.8


def test_old_habits_are_forgotten() -> None:
    habits = Habits()
    for _ in range(20):
        habits.paused(1.2)
    for _ in range(20):
        habits.paused(0.3)
    assert habits.patience_s(0.5, 1.8) == 0.5


# --- whatever happens -----------------------------------------------------------------------------


class AnyTalk(RuleBasedStateMachine):
    """Speech, silence and opinions in any order, checked against what may be believed then."""

    def __init__(self) -> None:
        super().__init__()
        self.endpointer = Endpointer(POLICY, CHUNK_S, Habits())
        self.signals: list[Signal] = []
        self.opinion: Opinion | None = None
        self.paused = False
        self.silence_s = 0.0
        self.speech_s = 0.0

    def feed(self, probability: float, length_s: float) -> None:
        for _ in range(round(length_s / CHUNK_S)):
            if self.over:
                return
            signal = self.endpointer.feed(probability)
            silent = probability < POLICY.stop_threshold
            self.silence_s = self.silence_s + CHUNK_S if silent else 0.0
            self.speech_s += CHUNK_S if self.endpointer.started else 0.0
            if signal is not None:
                self.look_at(signal)

    def look_at(self, signal: Signal) -> None:
        if signal is Signal.STARTED:
            assert not self.signals
        elif signal is Signal.NO_SPEECH:
            assert Signal.STARTED not in self.signals
        else:
            assert self.signals[0] is Signal.STARTED
        if signal is Signal.RESUMED:
            assert self.paused
            self.paused, self.opinion = False, None
        elif signal is Signal.PAUSED:
            assert not self.paused
            self.paused = True
        elif signal is Signal.ENDED and self.speech_s < POLICY.longest_s:
            assert self.paused
            if self.opinion is None or self.opinion is GOES_ON:
                assert self.silence_s >= POLICY.incomplete_s - 1e-6
            assert self.silence_s >= POLICY.sure_s - 1e-6
        self.signals.append(signal)

    @property
    def over(self) -> bool:
        return bool(self.signals) and self.signals[-1] in {Signal.ENDED, Signal.NO_SPEECH}

    @precondition(lambda self: not self.over)
    @rule(probability=st.floats(POLICY.start_threshold, 1), length_s=st.floats(0.03, 3))
    def speak(self, probability: float, length_s: float) -> None:
        self.feed(probability, length_s)

    @precondition(lambda self: not self.over)
    @rule(probability=st.floats(0, 0.3), length_s=st.floats(0.03, 2))
    def be_silent(self, probability: float, length_s: float) -> None:
        self.feed(probability, length_s)

    @rule(opinion=st.sampled_from([OVER, LIKELY, DOUBTFUL, GOES_ON, BY_THE_WORDS]))
    def judge(self, opinion: Opinion) -> None:
        self.endpointer.judge(opinion)
        if self.paused:
            self.opinion = opinion

    @invariant()
    def only_a_pause_is_likely_the_end(self) -> None:
        if not self.paused or self.opinion in {None, GOES_ON}:
            assert not self.endpointer.likely_over

    @invariant()
    def nobody_is_kept_waiting(self) -> None:
        if self.endpointer.started and not self.over:
            assert self.endpointer.silence_s < POLICY.incomplete_s
            assert self.speech_s <= POLICY.longest_s + POLICY.incomplete_s + CHUNK_S


AnyTalk.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
TestAnyTalk = AnyTalk.TestCase


def test_while_a_button_is_held_nothing_ends_it() -> None:
    policy = EndpointingPolicy(longest_s=2.0, no_speech_s=1.0)
    endpointer = Endpointer(policy, 0.032)
    endpointer.held = True
    waiting = [endpointer.feed(0.0) for _ in range(100)]
    assert waiting == [None] * 100
    talking = [endpointer.feed(0.9) for _ in range(100)]
    assert set(talking) == {None, Signal.STARTED}
    silent = [endpointer.feed(0.0) for _ in range(200)]
    assert set(silent) == {None, Signal.PAUSED}
    endpointer.held = False
    assert endpointer.feed(0.0) is Signal.ENDED

"""When a person begins to speak, and when they have finished."""

from hypothesis import given
from hypothesis import strategies as st

from ren_device.voice.endpointing import Endpointer, EndpointingPolicy, Signal

CHUNK_S = 0.032
POLICY = EndpointingPolicy()


def signals(*stretches: tuple[float, float], complete: bool = False) -> list[tuple[Signal, float]]:
    """Feed stretches of (probability, seconds); what was signalled, and when."""
    endpointer = Endpointer(POLICY, CHUNK_S)
    heard: list[tuple[Signal, float]] = []
    at_s = 0.0
    for probability, length_s in stretches:
        for _ in range(round(length_s / CHUNK_S)):
            at_s += CHUNK_S
            signal = endpointer.feed(probability)
            if signal is not None:
                heard.append((signal, round(at_s, 3)))
            if signal is Signal.PAUSED:
                endpointer.sounds_complete = complete
            if signal in {Signal.ENDED, Signal.NO_SPEECH}:
                return heard
    return heard


def test_complete_words_end_soon() -> None:
    heard = signals((0.0, 0.5), (0.9, 1.0), (0.0, 3.0), complete=True)
    assert [signal for signal, _ in heard] == [Signal.STARTED, Signal.PAUSED, Signal.ENDED]
    assert heard[-1][1] <= 1.5 + POLICY.complete_s + 2 * CHUNK_S


def test_incomplete_words_get_time() -> None:
    heard = signals((0.9, 1.0), (0.0, 3.0))
    assert heard[-1][0] is Signal.ENDED
    assert heard[-1][1] >= 1.0 + POLICY.incomplete_s - CHUNK_S


def test_a_pause_within_a_sentence_does_not_end_it() -> None:
    heard = signals((0.9, 1.0), (0.0, 0.8), (0.9, 1.0), (0.0, 3.0))
    assert [signal for signal, _ in heard] == [
        Signal.STARTED,
        Signal.PAUSED,
        Signal.RESUMED,
        Signal.PAUSED,
        Signal.ENDED,
    ]


def test_a_transcript_of_before_the_pause_says_nothing_about_after_it() -> None:
    endpointer = Endpointer(POLICY, CHUNK_S)
    for _ in range(10):
        endpointer.feed(0.9)
    while endpointer.feed(0.0) is not Signal.PAUSED:
        pass
    endpointer.sounds_complete = True
    assert endpointer.feed(0.9) is Signal.RESUMED
    assert not endpointer.sounds_complete


def test_a_click_is_not_speech() -> None:
    assert signals((0.0, 1.0), (0.9, 0.064), (0.0, 1.0)) == []


def test_nobody_speaks() -> None:
    heard = signals((0.1, 10.0))
    assert [signal for signal, _ in heard] == [Signal.NO_SPEECH]
    assert abs(heard[0][1] - POLICY.no_speech_s) <= CHUNK_S


def test_nobody_is_listened_to_for_ever() -> None:
    heard = signals((0.9, 60.0))
    assert heard[-1][0] is Signal.ENDED
    assert heard[-1][1] <= POLICY.longest_s + POLICY.start_s + 2 * CHUNK_S


def test_a_long_silence_before_it_does_not_shorten_an_utterance() -> None:
    patient = EndpointingPolicy(no_speech_s=float("inf"))
    endpointer = Endpointer(patient, CHUNK_S)
    for _ in range(round(2 * patient.longest_s / CHUNK_S)):
        assert endpointer.feed(0.0) is None
    heard = [endpointer.feed(0.9) for _ in range(round(5 / CHUNK_S))]
    assert [signal for signal in heard if signal is not None] == [Signal.STARTED]


@given(st.lists(st.floats(0, 1), max_size=400), st.booleans())
def test_signals_come_in_order(probabilities: list[float], complete: bool) -> None:
    """STARTED first, PAUSED and RESUMED in turn, and nothing is certain before there was speech."""
    endpointer = Endpointer(POLICY, CHUNK_S)
    seen: list[Signal] = []
    for probability in probabilities:
        signal = endpointer.feed(probability)
        if signal is not None:
            seen.append(signal)
        endpointer.sounds_complete = complete
        if signal in {Signal.ENDED, Signal.NO_SPEECH}:
            break
    if seen and seen[0] is not Signal.NO_SPEECH:
        assert seen[0] is Signal.STARTED
    middle = [signal for signal in seen if signal in {Signal.PAUSED, Signal.RESUMED}]
    assert middle == [(Signal.PAUSED, Signal.RESUMED)[i % 2] for i in range(len(middle))]

import logging
import shutil
import sys
from pathlib import Path

import pymicro_wakeword
import pyopen_wakeword
import pytest

from ren_device import choice
from ren_device.engines import wake_words
from ren_device.engines.micro_wake_word import MicroWakeWord
from ren_device.engines.open_wake_word import OpenWakeWord
from ren_device.engines.wake_verdict import QUIET_S, threshold
from ren_device.engines.wake_words import EitherWakeWord
from ren_device.errors import EngineError
from ren_device.model import FRAME_BYTES, FRAME_S, SILENT_FRAME, Wake
from ren_device.ports import WakeWord
from ren_device.setting_types import Sensitivity
from ren_device.settings import Settings
from tests.voices import say, silence


class Scripted:
    """Hears a phrase in the frames of the given numbers."""

    def __init__(self, phrases: tuple[str, ...], at: dict[int, str]) -> None:
        self.phrases = phrases
        self.at = at
        self.frame = -1
        self.awake = False

    def process(self, frames: bytes) -> Wake | None:
        self.frame += 1
        self.awake = self.frame in self.at
        phrase = self.at.get(self.frame)
        return None if phrase is None else Wake(phrase, 0.9)

    def scores(self) -> dict[str, float]:
        return dict.fromkeys(self.phrases, 0.9 if self.awake else 0.1)

    def reset(self) -> None:
        self.frame = -1


def heard(wake_word: WakeWord, frames: int) -> list[tuple[int, str]]:
    found = ((at, wake_word.process(SILENT_FRAME)) for at in range(frames))
    return [(at, wake.phrase) for at, wake in found if wake is not None]


def test_a_phrase_that_both_hear_is_reported_when_the_first_one_does() -> None:
    first = Scripted(("hey jarvis",), {10: "hey jarvis", 400: "hey jarvis"})
    second = Scripted(("hey jarvis", "alexa"), {45: "hey jarvis", 380: "hey jarvis", 700: "alexa"})
    either = EitherWakeWord([first, second])
    assert either.phrases == ("hey jarvis", "alexa")
    assert heard(either, 800) == [(10, "hey jarvis"), (380, "hey jarvis"), (700, "alexa")]


def test_the_quiet_time_begins_at_the_report() -> None:
    quiet = round(QUIET_S / FRAME_S)
    engine = Scripted(("alexa",), dict.fromkeys((0, quiet - 1, quiet + 1, quiet + 2), "alexa"))
    assert [at for at, _ in heard(EitherWakeWord([engine]), 400)] == [0, quiet + 1]


def test_the_highest_score_counts_and_one_that_hears_is_enough_to_be_awake() -> None:
    first = Scripted(("hey jarvis",), {1: "hey jarvis"})
    second = Scripted(("hey jarvis", "alexa"), {})
    either = EitherWakeWord([first, second])
    either.process(SILENT_FRAME)
    assert (either.awake, either.scores()) == (False, {"hey jarvis": 0.1, "alexa": 0.1})
    either.process(SILENT_FRAME)
    assert (either.awake, either.scores()) == (True, {"hey jarvis": 0.9, "alexa": 0.1})


def test_reset_reaches_every_engine_and_ends_the_quiet_time() -> None:
    engines = [Scripted(("alexa",), {3: "alexa"}), Scripted(("alexa",), {5: "alexa"})]
    either = EitherWakeWord(engines)
    assert heard(either, 5) == [(3, "alexa")]
    either.reset()
    assert heard(either, 6) == [(3, "alexa")]


@pytest.mark.engine
def test_each_phrase_goes_to_those_who_know_it() -> None:
    assert isinstance(wake_words.load(["hey jarvis"]), EitherWakeWord)
    assert isinstance(wake_words.load(["hey rhasspy"]), OpenWakeWord)
    mixed = wake_words.load(["hey rhasspy", "ok nabu"])
    assert set(mixed.phrases) == {"okay nabu", "hey rhasspy"}


@pytest.mark.engine
@pytest.mark.parametrize("written", ["ok nabu", "okay nabu"])
def test_a_phrase_is_as_sensitive_as_the_setting_says_however_it_is_written(written: str) -> None:
    for phrase in ("ok nabu", "okay nabu"):
        either = wake_words.load([phrase], Sensitivity(0.5, {written: 0.9}))
        assert isinstance(either, EitherWakeWord)
        least = {"okay nabu": threshold(0.9)}
        assert [vars(each)["_verdicts"]._thresholds for each in either._engines] == [least, least]


@pytest.mark.engine
def test_a_file_goes_to_the_engine_of_its_kind(tmp_path: Path) -> None:
    micro = Path(pymicro_wakeword.__file__).parent / "models"
    assert isinstance(wake_words.load([str(micro / "alexa.json")]), MicroWakeWord)
    theirs = Path(pyopen_wakeword.__file__).parent / "models" / "alexa.tflite"
    mine = shutil.copy(theirs, tmp_path / "mine.tflite")
    assert wake_words.load(["hey jarvis", str(mine)]).phrases == ("hey jarvis", "mine")


@pytest.mark.engine
def test_an_engine_that_was_left_out_is_no_news_unless_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pyopen_wakeword", None)
    assert isinstance(wake_words.load(["hey jarvis"]), MicroWakeWord)
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
    with pytest.raises(EngineError, match="REN_WAKE_ENGINE=open is not installed"):
        wake_words.load(["hey rhasspy"])
    choice.load_wake_word(Settings(wake_engine="open"))
    assert "REN_WAKE_ENGINE=open is not installed" in caplog.text


@pytest.mark.engine
def test_what_nobody_knows_is_one_error_with_all_there_is() -> None:
    known = "alexa, hey jarvis, hey mycroft, hey rhasspy, okay nabu"
    with pytest.raises(EngineError, match=f"REN_WAKE_WORDS.*'hey toaster'; there are {known}"):
        wake_words.load(["hey jarvis", "hey toaster"])
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: there is no file /no/such\.json"):
        wake_words.load(["/no/such.json"])
    with pytest.raises(EngineError, match="REN_WAKE_WORDS names no phrase"):
        wake_words.load([])


@pytest.mark.engine
def test_both_together_report_a_phrase_once() -> None:
    ears = wake_words.load(["hey jarvis"])
    pcm = silence(1.0) + say("hey jarvis", "flite-rms") + silence(3.0)
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES)]
    sure = [wake for wake in map(ears.process, frames) if wake and wake.certainty == "sure"]
    assert [wake.phrase for wake in sure] == ["hey jarvis"]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("engine", "expected"),
    [("auto", EitherWakeWord), ("micro", MicroWakeWord), ("open", OpenWakeWord)],
)
def test_the_setting_chooses(engine: str, expected: type) -> None:
    chosen = Settings.model_validate({"wake_engine": engine})
    assert type(choice.load_wake_word(chosen)) is expected


@pytest.mark.engine
def test_a_phrase_that_cannot_be_is_replaced_by_the_default() -> None:
    chosen = Settings.model_validate({"wake_engine": "open", "wake_words": ("hey toaster",)})
    assert choice.load_wake_word(chosen).phrases == ("hey jarvis",)

import traceback
from pathlib import Path

import pytest

from ren_device.engines.porcupine import DELAY_S, Porcupine
from ren_device.errors import EngineError
from ren_device.model import SILENT_FRAME


class Keywords:
    """What the library is: takes 512 samples at once, says which keyword ended in them."""

    frame_length = 512

    def __init__(self) -> None:
        self.taken: list[tuple[int, ...]] = []
        self.broken = False

    def process(self, samples: tuple[int, ...]) -> int:
        if self.broken:
            raise ArithmeticError("the key is SECRET")
        assert len(samples) == 512
        self.taken.append(samples)
        return 1 if 7 in samples else -1


@pytest.mark.parametrize("size", [320, 320 * 5, 320 * 16])
def test_frames_are_collected_without_losing_a_sample(size: int) -> None:
    library = Keywords()
    porcupine = Porcupine(library, ("jarvis", "computer"), ArithmeticError)
    pcm = b"".join(n.to_bytes(2, "little") for n in range(100, 100 + 160 * 32))
    answers = [porcupine.process(pcm[i : i + size]) for i in range(0, len(pcm), size)]
    assert set(answers) == {None}
    assert [sample for taken in library.taken for sample in taken] == list(range(100, 100 + 5120))


def test_a_keyword_is_named_and_reset_forgets_a_started_piece() -> None:
    library = Keywords()
    porcupine = Porcupine(library, ("jarvis", "computer"), ArithmeticError)
    loud = (7).to_bytes(2, "little") + bytes(318)
    assert porcupine.process(loud) is None
    porcupine.reset()
    assert [porcupine.process(SILENT_FRAME) for _ in range(4)] == [None] * 4
    # 512 samples are 3.2 frames, so that the fourth frame completed a silent piece.
    *before, wake = [porcupine.process(loud) for _ in range(3)]
    assert before == [None, None]
    assert wake is not None
    assert (wake.phrase, wake.certainty) == ("computer", "sure")
    assert porcupine.scores() == {"jarvis": 0.0, "computer": 1.0}
    assert porcupine.scores() == {"jarvis": 0.0, "computer": 0.0}


def test_the_phrase_ended_before_the_sound_that_is_not_looked_at_yet() -> None:
    porcupine = Porcupine(Keywords(), ("jarvis", "computer"), ArithmeticError)
    wake = porcupine.process((7).to_bytes(2, "little") + bytes(16 * 320 - 2))
    assert wake is not None
    assert wake.ended_s == pytest.approx(DELAY_S + 0.128, abs=0.001)


def test_it_is_awake_while_there_is_sound() -> None:
    porcupine = Porcupine(Keywords(), ("jarvis", "computer"), ArithmeticError)
    porcupine.process(SILENT_FRAME * 16)
    assert not porcupine.awake
    porcupine.process((b"\x00\x20" * 8 + b"\x00\xe0" * 8) * 10 * 16)
    assert porcupine.awake


def test_a_library_that_gives_up_is_an_engine_error_without_its_words() -> None:
    library = Keywords()
    porcupine = Porcupine(library, ("jarvis",), ArithmeticError)
    library.broken = True
    with pytest.raises(EngineError) as error:
        [porcupine.process(SILENT_FRAME) for _ in range(4)]
    assert "SECRET" not in "".join(traceback.format_exception(error.value))


@pytest.mark.parametrize("key", ["", "  "])
def test_no_key_is_one_clear_line(key: str) -> None:
    with pytest.raises(EngineError, match="needs REN_PORCUPINE_ACCESS_KEY"):
        Porcupine.load(key, ["jarvis"])


@pytest.mark.engine
@pytest.mark.parametrize("key", ["not-a-key-at-all", "bm90IGEga2V5IGJ1dCBsb25nIGVub3VnaCE="])
def test_the_real_library_refuses_a_wrong_key_and_the_key_is_not_shown(key: str) -> None:
    with pytest.raises(EngineError, match="REN_PORCUPINE_ACCESS_KEY is not a valid key") as error:
        Porcupine.load(key, ["hey jarvis"])
    assert key not in "".join(traceback.format_exception(error.value))


@pytest.mark.engine
def test_the_real_library_has_no_such_phrase(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"REN_WAKE_WORDS: .*'hey toaster'; it knows .*jarvis"):
        Porcupine.load("bogus", ["hey toaster"])
    with pytest.raises(EngineError, match="REN_WAKE_WORDS: there is no file"):
        Porcupine.load("bogus", [str(tmp_path / "mine.ppn")])
    (tmp_path / "mine.ppn").write_bytes(b"not a keyword")
    with pytest.raises(EngineError, match="REN_WAKE_WORDS: porcupine cannot be started: Keyword"):
        Porcupine.load("bogus", [str(tmp_path / "mine.ppn")])

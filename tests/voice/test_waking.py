"""When Ren wakes, and when it does not."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from ren_device.clock import SystemClock
from ren_device.model import FRAME_BYTES, FRAME_S, SILENT_FRAME, Wake, duration_s
from ren_device.ports import SpeechToText
from ren_device.sim import SimSpeechToText, SimVoiceActivity, SimWakeWord, silence, speech
from ren_device.voice.wake_archive import MOST_FILES, WakeArchive
from ren_device.voice.waking import KEPT_S, Waking
from tests.virtual_time import run
from tests.voices import read_wav


class Scripted:
    """Gives the verdicts of the given block numbers."""

    def __init__(self, at: Mapping[int, Wake] | None = None) -> None:
        self.phrases: tuple[str, ...] = ("hey jarvis",)
        self.awake = True
        self.at = at or {}
        self.block = -1

    def process(self, frames: bytes) -> Wake | None:
        self.block += 1
        return self.at.get(self.block)

    def scores(self) -> dict[str, float]:
        wake = self.at.get(self.block)
        return {"hey jarvis": wake.score if wake else 0.02}

    def reset(self) -> None:
        self.block = -1


SURE = Wake("hey jarvis", 0.9)
DOUBTFUL = Wake("hey jarvis", 0.3, "doubtful")
NEAR = Wake("hey jarvis", 0.15, "near_miss")


def waking(
    at: Mapping[int, Wake],
    own: Scripted | None = None,
    stt: SpeechToText | None = None,
    archive: WakeArchive | None = None,
) -> Waking:
    return Waking(Scripted(at), own, SimVoiceActivity, stt or SimSpeechToText(), archive)


def heard(ears: Waking, blocks: int, played: bytes = b"") -> list[tuple[int, str]]:
    found = ((at, ears.hear(SILENT_FRAME, played)) for at in range(blocks))
    return [(at, wake.certainty) for at, wake in found if wake is not None]


def test_sure_and_doubtful_are_told_and_near_misses_are_counted() -> None:
    ears = waking({2: NEAR, 4: DOUBTFUL, 6: SURE})
    assert heard(ears, 10) == [(4, "doubtful"), (6, "sure")]
    assert ears.near_misses == 1


def test_awake_it_does_not_wake_again_to_the_same_phrase() -> None:
    again = round(1.5 / FRAME_S)
    ears = waking({0: SURE, 5: DOUBTFUL, again - 1: SURE, again: SURE})
    assert [at for at, _ in heard(ears, again + 2)] == [0, again]


@pytest.mark.parametrize(
    ("said", "sound", "sure"),
    [
        ("Hey Travis", speech("Hey Travis"), True),
        ("something else entirely", speech("something else entirely"), False),
        ("nothing", silence(1.5), False),
        ("only the end counts", speech("hey jarvis") + silence(2.0), False),
    ],
)
async def test_the_second_look(said: str, sound: bytes, sure: bool) -> None:
    ears = waking({})
    assert await ears.confirm(DOUBTFUL, sound) is sure
    assert ears.near_misses == (0 if sure else 1)


async def test_what_the_second_look_confirmed_is_not_told_again() -> None:
    ears = waking({3: SURE})
    heard(ears, 2)
    assert await ears.confirm(DOUBTFUL, speech("hey jarvis"))
    assert heard(ears, 5) == []


async def test_a_second_look_is_void_when_an_engine_became_sure_meanwhile() -> None:
    ears = waking({0: DOUBTFUL, 1: SURE})
    assert heard(ears, 3) == [(0, "doubtful"), (1, "sure")]
    assert not await ears.confirm(DOUBTFUL, speech("hey jarvis"))
    assert ears.near_misses == 0


def test_a_recogniser_that_takes_long_means_no() -> None:
    async def scene() -> None:
        stt = SimSpeechToText(takes_s=60.0)
        ears = waking({}, stt=stt)
        began = asyncio.get_running_loop().time()
        assert not await ears.confirm(DOUBTFUL, speech("hey jarvis"))
        assert asyncio.get_running_loop().time() - began < 1.5
        assert stt.open == 0

    run(scene())


async def test_a_recogniser_that_is_broken_means_no() -> None:
    stt = SimSpeechToText()
    stt.broken = "no model"
    assert not await waking({}, stt=stt).confirm(DOUBTFUL, speech("hey jarvis"))


def test_what_it_plays_itself_does_not_wake_it_and_what_a_person_says_over_it_does() -> None:
    own = Scripted({10: NEAR})
    ears = waking({5: SURE, 170: SURE, 340: SURE}, own)
    told = heard(ears, 400, played=SILENT_FRAME)
    # At 5 Ren speaks of something else; at 10 it says the phrase, which comes back until 160.
    assert told == [(5, "sure"), (170, "sure"), (340, "sure")]
    own.reset()
    ears = waking({12: SURE, 140: DOUBTFUL, 200: SURE}, Scripted({10: NEAR}))
    assert heard(ears, 300, played=SILENT_FRAME) == [(200, "sure")]
    assert ears.own == 2


def test_nothing_of_what_was_said_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ears = waking({0: NEAR})
    heard(ears, 2)
    asyncio.run(ears.confirm(DOUBTFUL, speech("my secret is a pony")))
    assert "score 0.15" in caplog.text
    assert "secret" not in caplog.text


def test_the_simulated_word_wakes_it() -> None:
    ears = Waking(SimWakeWord(), None, SimVoiceActivity, SimSpeechToText())
    sound = speech("hey jarvis") + silence(0.5)
    told = [ears.hear(sound[at : at + 320]) for at in range(0, len(sound) - 319, 320)]
    assert [wake.phrase for wake in told if wake] == ["hey jarvis"]


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"))


def test_sound_is_kept_only_with_an_archive_and_only_for_the_owner(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "wake"
    archive = WakeArchive(folder, SystemClock())
    ears = waking({100: NEAR, 300: SURE}, archive=archive)
    for at in range(302):
        ears.hear(at.to_bytes(2, "little") * 160)
    archive.close()
    near, sure = kept(folder)
    assert near.name.endswith("_hey-jarvis_near_miss_0.15.wav")
    assert sure.name.endswith("_hey-jarvis_sure_0.90.wav")
    assert [path.stat().st_mode & 0o777 for path in (folder, near, sure)] == [0o700, 0o600, 0o600]
    assert duration_s(read_wav(sure)) == KEPT_S
    assert read_wav(sure)[-320:] == (300).to_bytes(2, "little") * 160


class Calendar:
    """A clock that moves a second each time it is looked at."""

    def __init__(self) -> None:
        self.looked = 0

    def now(self) -> datetime:
        self.looked += 1
        return datetime(2030, 1, 1, 12, self.looked // 60, self.looked % 60)  # noqa: DTZ001

    def monotonic(self) -> float:
        return float(self.looked)


def test_the_oldest_sound_is_removed(tmp_path: Path) -> None:
    for _ in range(MOST_FILES):
        tmp_path.joinpath(f"20300101-1200{_:04}_old.wav").touch()
    archive = WakeArchive(tmp_path, Calendar())
    archive.keep(SURE, bytes(640))
    archive.close()
    files = kept(tmp_path)
    assert len(files) == MOST_FILES
    assert any("sure" in path.name for path in files)
    assert files[0].name == "20300101-12000001_old.wav" or "sure" in files[0].name


def test_a_full_disk_is_said_once_and_harms_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wake").write_text("this is no folder")
    archive = WakeArchive(tmp_path / "wake", SystemClock())
    for _ in range(3):
        archive.keep(SURE, bytes(640))
    archive.close()
    assert caplog.text.count("cannot be kept") == 1


def test_the_phrase_may_be_heard_behind_the_canceller_only() -> None:
    ears = Waking(
        Scripted({}), None, SimVoiceActivity, SimSpeechToText(), through_echo=SimWakeWord()
    )
    said = speech("hey jarvis") + silence(0.5)
    found = [
        ears.hear(SILENT_FRAME, cleaned=said[at : at + FRAME_BYTES])
        for at in range(0, len(said), FRAME_BYTES)
    ]
    assert [wake.phrase for wake in found if wake is not None] == ["hey jarvis"]
    silent = Waking(Scripted({}), None, SimVoiceActivity, SimSpeechToText())
    assert silent.hear(said, cleaned=said) is None

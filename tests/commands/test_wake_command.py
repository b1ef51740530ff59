"""`ren-device wake`, in a process of its own with the real engines."""

import re
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from ren_device.choice import read_recording
from ren_device.commands.wake_bench import find
from ren_device.errors import DeviceError, SettingError
from tests.commands.command_line import ren_device
from tests.voices import say, silence, write_wav

PHRASES = ("hey jarvis", "okay nabu")


def paths(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def told(folder: Path, phrases: tuple[str, ...] = PHRASES) -> dict[str, str | None]:
    return {str(each.path.relative_to(folder)): each.phrase for each in find(folder, phrases)}


def test_a_name_or_a_folder_says_which_phrase_it_is(tmp_path: Path) -> None:
    paths(tmp_path, "Hey_Jarvis/anna.wav", "okay-nabu 03.WAV", "tv/news.wav", "notes.txt")
    assert told(tmp_path) == {
        "Hey_Jarvis/anna.wav": "hey jarvis",
        "okay-nabu 03.WAV": "okay nabu",
        "tv/news.wav": None,
    }


def test_a_folder_called_wake_is_the_only_phrase(tmp_path: Path) -> None:
    paths(tmp_path, "wake/anna.wav", "other/bob.wav")
    assert told(tmp_path, ("alexa",)) == {"wake/anna.wav": "alexa", "other/bob.wav": None}
    assert told(tmp_path) == {"wake/anna.wav": None, "other/bob.wav": None}


def test_labels_win(tmp_path: Path) -> None:
    paths(tmp_path, "hey jarvis.wav", "a.wav", "b.wav")
    (tmp_path / "labels.csv").write_text(
        "file,phrase,end_s\nhey jarvis.wav,,\na.wav,Okay Nabu,1.25\n"
    )
    assert told(tmp_path) == {"a.wav": "okay nabu", "b.wav": None, "hey jarvis.wav": None}
    assert find(tmp_path, PHRASES)[0].end_s == 1.25


@pytest.mark.parametrize("row", ["a.wav,alexa,", "a.wav,okay nabu,soon"])
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, row: str) -> None:
    paths(tmp_path, "a.wav")
    (tmp_path / "labels.csv").write_text(f"file,phrase,end_s\n{row}\n")
    with pytest.raises(SettingError, match=r"labels\.csv:2: "):
        find(tmp_path, PHRASES)


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"there is no \.wav file"):
        find(tmp_path, PHRASES)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize(("rate_hz", "channels"), [(16000, 1), (44100, 2), (8000, 4)])
def test_recordings_of_any_kind_are_read(
    tmp_path: Path, width: int, rate_hz: int, channels: int
) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)
    both = np.repeat(tone[:, None], channels, axis=1)
    whole = np.round(both * (2 ** (8 * width - 1) - 1)).astype("<i8") + (128 if width == 1 else 0)
    raw = whole.reshape(-1, 1).view(np.uint8)[:, :width].tobytes()
    with wave.open(str(tmp_path / "tone.wav"), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(width)
        wav.setframerate(rate_hz)
        wav.writeframes(raw)
    heard = np.frombuffer(read_recording(tmp_path / "tone.wav"), "<i2").astype(float)
    assert len(heard) == pytest.approx(16000, abs=2)
    middle = heard[4000:12000]
    expected = 16384 * np.sin(2 * np.pi * 440 * np.arange(4000, 12000) / 16000)
    assert np.abs(middle - expected).max() < 400


@pytest.mark.parametrize("extensible", [False, True])
def test_recordings_in_floating_point_are_read(tmp_path: Path, extensible: bool) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)).astype("<f4")
    kind = struct.pack("<HIIHH", 1, 16000, 64000, 4, 32)  # what follows the tag
    form = struct.pack("<H", 3) + kind
    if extensible:  # the tag is the beginning of a GUID
        guid = struct.pack("<H", 3) + bytes.fromhex("0000000010008000 00aa00389b71")
        form = struct.pack("<H", 0xFFFE) + kind + struct.pack("<HHI", 22, 32, 4) + guid
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", tone.nbytes) + tone.tobytes()
    path = tmp_path / "tone.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    heard = np.frombuffer(read_recording(path), "<i2").astype(float)
    assert len(heard) == 16000
    assert np.abs(heard - 32768 * tone).max() < 2


def test_what_is_no_recording_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "no.wav").write_bytes(b"RIFF, but no more")
    with pytest.raises(DeviceError, match=r"no\.wav is not a PCM WAV file"):
        read_recording(tmp_path / "no.wav")
    with pytest.raises(DeviceError, match="cannot be read"):
        read_recording(tmp_path / "none.wav")


@pytest.mark.engine
def test_bench_counts_misses_and_false_wakes(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    (folder / "other").mkdir(parents=True)
    write_wav(folder / "hey-jarvis-1.wav", say("hey jarvis", "flite-rms"))
    write_wav(folder / "hey-jarvis-2.wav", say("good morning", "flite-rms"))
    write_wav(folder / "other" / "talk.wav", say("the weather was fine today", "flite-slt"))
    write_wav(folder / "other" / "tv.wav", say("hey jarvis", "flite-slt") + silence(1))
    made = ren_device(tmp_path, "wake", "bench", str(folder))
    text = made.stdout.decode()
    assert made.returncode == 0, made.stderr
    [row] = [line for line in text.splitlines() if line.startswith("| hey jarvis")]
    _, _, said, missed, second, median, most, false, _, _ = (
        each.strip() for each in row.split("|")
    )
    assert (said, missed, second, false) == ("2", "1 (50 %)", "0", "1")
    assert 0 <= int(median.removesuffix(" ms")) <= int(most.removesuffix(" ms")) <= 400
    assert "hey jarvis, missed: hey-jarvis-2.wav" in text
    assert "hey jarvis, false: other/tv.wav" in text


@pytest.mark.engine
def test_test_shows_scores_and_when_it_would_wake(tmp_path: Path) -> None:
    path = tmp_path / "said.wav"
    write_wav(path, silence(1.0) + say("hey jarvis", "flite-rms") + silence(0.5))
    made = ren_device(tmp_path, "wake", "test", "--seconds", "2.5", REN_MICROPHONE=f"wav:{path}")
    text = made.stdout.decode()
    assert made.returncode == 0, made.stderr
    assert f"Say 'hey jarvis' to wav:{path}" in text
    assert "hey jarvis: would wake (score 0." in text
    assert "\033" not in text
    bars = [line for line in text.splitlines() if " s  hey jarvis [" in line or "#" in line]
    assert bars


@pytest.mark.engine
def test_test_without_its_microphone_is_one_line(tmp_path: Path) -> None:
    made = ren_device(tmp_path, "wake", "test", REN_MICROPHONE="no-such-microphone")
    assert made.returncode == 1
    text = made.stderr.decode()
    assert "Traceback" not in text
    assert re.search(r"^ren-device: .*REN_MICROPHONE=no-such-microphone", text, re.MULTILINE)

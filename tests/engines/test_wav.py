import asyncio
import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ren_device.engines.silent import AHEAD_S
from ren_device.engines.wav import BACKLOG_FRAMES, WavMicrophone, WavSpeaker
from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, FRAME_S, SILENT_FRAME
from tests.virtual_time import run


def write_wav(
    path: Path, pcm: bytes, *, bits: int = 16, channels: int = 1, hz: int = 16000
) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setsampwidth(bits // 8)
        wav.setnchannels(channels)
        wav.setframerate(hz)
        wav.writeframes(pcm)
    return path


def read_wav(path: Path) -> bytes:
    """The sound, after a check that header and file agree."""
    with wave.open(str(path), "rb") as wav:
        assert (wav.getsampwidth(), wav.getnchannels(), wav.getframerate()) == (2, 1, 16000)
        pcm = wav.readframes(wav.getnframes())
        assert len(pcm) == 2 * wav.getnframes()
    return pcm


def frame(number: int) -> bytes:
    """One that cannot be mistaken for silence or for another."""
    return (number % 30000 + 1).to_bytes(2, "little") * (FRAME_BYTES // 2)


# --- the microphone ------------------------------------------------------------------------------


def test_a_file_is_played_once_in_real_time_and_then_there_is_silence(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", frame(0) + frame(1) + frame(2)[:100])

    async def scene() -> list[tuple[float, bytes]]:
        microphone = WavMicrophone(path)
        await asyncio.sleep(30)  # nothing is played before somebody looks
        now = asyncio.get_running_loop().time
        began, heard = now(), []
        frames = microphone.frames()
        for _ in range(1000):
            heard.append((0.0, await anext(frames)))
            heard[-1] = (now() - began, heard[-1][1])
        await frames.aclose()
        return heard

    heard = run(scene())
    assert [pcm for _, pcm in heard[:3]] == [frame(0), frame(1), frame(2)[:100].ljust(320, b"\0")]
    assert {pcm for _, pcm in heard[3:]} == {SILENT_FRAME}
    for number, (at, _) in enumerate(heard):
        assert at == pytest.approx((number + 1) * FRAME_S, abs=1e-6)  # no drift


def test_a_late_listener_catches_up_and_then_loses_the_oldest(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", b"".join(frame(n) for n in range(1000)))

    async def scene() -> None:
        now = asyncio.get_running_loop().time
        microphone = WavMicrophone(path)
        frames = microphone.frames()
        assert await anext(frames) == frame(0)
        await asyncio.sleep(1.0)
        before = now()
        assert [await anext(frames) for _ in range(100)] == [frame(n) for n in range(1, 101)]
        assert now() == before
        assert await anext(frames) == frame(101)
        assert now() == pytest.approx(before + FRAME_S)
        assert microphone.dropped == 0
        await asyncio.sleep(3.005)
        assert await anext(frames) == frame(402 - BACKLOG_FRAMES)
        assert microphone.dropped == 300 - BACKLOG_FRAMES
        await frames.aclose()

    run(scene())


def test_looked_at_again_the_file_does_not_start_again(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", b"".join(frame(n) for n in range(100)))

    async def scene() -> None:
        microphone = WavMicrophone(path)
        frames = microphone.frames()
        assert await anext(frames) == frame(0)
        await frames.aclose()
        assert await anext(microphone.frames()) == frame(1)

    run(scene())


@pytest.mark.parametrize(
    ("form", "found"),
    [
        ({"bits": 8}, "8 bits, 1 channel"),
        ({"channels": 2}, "16 bits, 2 channel"),
        ({"hz": 44100}, "44100 Hz"),
    ],
)
def test_a_file_of_another_form_is_refused(
    tmp_path: Path, form: dict[str, int], found: str
) -> None:
    path = write_wav(tmp_path / "a.wav", bytes(4000), **form)
    with pytest.raises(DeviceError) as error:
        WavMicrophone(path)
    assert_says(error, "REN_MICROPHONE=wav:", str(path), found, "ffmpeg", "-ar 16000 -ac 1")


def test_what_is_not_a_wav_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"ID3" + bytes(500))
    (tmp_path / "empty.wav").touch()
    for name, found in [
        ("song.mp3", "not a PCM WAV"),
        ("empty.wav", "not a PCM WAV"),
        ("none.wav", "No such file"),
        (".", "Is a directory"),
    ]:
        with pytest.raises(DeviceError) as error:
            WavMicrophone(tmp_path / name)
        assert_says(error, "REN_MICROPHONE=wav:", found)


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", bytes(3200))
    path.write_bytes(path.read_bytes()[:-1600])
    with pytest.raises(DeviceError) as error:
        WavMicrophone(path)
    assert_says(error, "REN_MICROPHONE=wav:", "cut short", "800 of 1600")


def test_a_file_that_goes_away_before_it_is_played_is_an_error(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", bytes(3200))
    microphone = WavMicrophone(path)
    path.unlink()
    with pytest.raises(DeviceError, match="No such file"):
        run(anext(microphone.frames()))


def assert_says(error: pytest.ExceptionInfo[DeviceError], *words: str) -> None:
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


# --- the loudspeaker -----------------------------------------------------------------------------


def test_positions_in_the_recording_are_real_time_since_start(tmp_path: Path) -> None:
    async def scene() -> None:
        speaker = WavSpeaker(tmp_path / "out.wav")
        await speaker.start()
        await asyncio.sleep(1.5)
        await speaker.write(frame(1))
        await speaker.write(frame(2))
        await asyncio.sleep(0.5)
        await speaker.write(frame(3))
        await asyncio.sleep(1.0)
        await speaker.close()

    run(scene())
    pcm = read_wav(tmp_path / "out.wav")
    assert len(pcm) == 3 * 32000
    assert pcm[48000:48640] == frame(1) + frame(2)
    assert pcm[64000:64320] == frame(3)
    assert pcm.count(b"\0") == len(pcm) - 3 * FRAME_BYTES // 2


def test_at_most_a_tenth_of_a_second_is_queued_and_flush_drops_it(tmp_path: Path) -> None:
    async def scene() -> float:
        now = asyncio.get_running_loop().time
        speaker = WavSpeaker(tmp_path / "out.wav")
        await speaker.start()
        began = now()
        for number in range(50):
            await speaker.write(frame(number))
        took = now() - began
        await speaker.flush()
        await speaker.close()
        return took

    took = run(scene())
    assert took == pytest.approx(50 * FRAME_S - AHEAD_S + FRAME_S)
    pcm = read_wav(tmp_path / "out.wav")
    assert pcm == b"".join(frame(n) for n in range(50))[: round(took * 16000) * 2]


def test_drain_returns_when_everything_was_heard(tmp_path: Path) -> None:
    async def scene() -> None:
        now = asyncio.get_running_loop().time
        speaker = WavSpeaker(tmp_path / "out.wav")
        await speaker.start()
        began = now()
        for number in range(8):
            await speaker.write(frame(number))
        assert now() == began
        await speaker.drain()
        assert now() - began == pytest.approx(8 * FRAME_S)
        await speaker.close()

    run(scene())
    assert read_wav(tmp_path / "out.wav") == b"".join(frame(n) for n in range(8))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.integers(1, 40_000)),  # samples
        st.tuples(st.just("flush"), st.just(0)),
        st.tuples(st.just("drain"), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_the_recording_is_what_was_heard(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    path = tmp_path_factory.mktemp("heard") / "out.wav"
    heard: dict[int, bytes] = {}  # position in samples -> frame, as a plain model of a loudspeaker

    async def scene() -> int:
        now = asyncio.get_running_loop().time
        zero = now()

        def position() -> int:
            return round((now() - zero) * 16000)

        speaker, free, written = WavSpeaker(path), 0, 0
        await speaker.start()
        for step, amount in steps:
            if step == "wait":
                await asyncio.sleep(amount / 16000)
            elif step == "drain":
                await speaker.drain()
                assert position() >= free
            elif step == "flush":
                await speaker.flush()
                for at in [at for at in heard if at + 160 > position()]:
                    heard[at] = heard[at][: max(0, 2 * (position() - at))]
                free = min(free, position())
            else:
                for _ in range(amount):
                    free = max(free, position())
                    heard[free] = frame(written)
                    free, written = free + 160, written + 1
                    await speaker.write(frame(written - 1))
                    assert free - position() <= 1600 - 160
            assert len(read_wav(path)) >= 2 * (free - 1)  # valid, and complete, at any moment
        await speaker.drain()
        await speaker.close()
        return position()

    length = run(scene())
    expected = bytearray(2 * length)
    for at, pcm in heard.items():
        expected[2 * at : 2 * at + len(pcm)] = pcm
    assert read_wav(path) == bytes(expected)


def test_the_file_grows_while_nothing_is_said(tmp_path: Path) -> None:
    async def scene() -> None:
        speaker = WavSpeaker(tmp_path / "out.wav")
        await speaker.start()
        for second in range(1, 6):
            await asyncio.sleep(1.0)
            assert second - 0.6 <= len(read_wav(tmp_path / "out.wav")) / 32000 <= second
        await speaker.close()
        length = len(read_wav(tmp_path / "out.wav"))
        await asyncio.sleep(10)
        assert len(read_wav(tmp_path / "out.wav")) == length == 5 * 32000

    run(scene())


def test_a_killed_process_leaves_a_file_that_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    program = """
import asyncio, sys
from ren_device.engines.wav import WavSpeaker
async def main():
    speaker = WavSpeaker(sys.argv[1])
    await speaker.start()
    for number in range(1000):
        await speaker.write(b"\\x01\\x02" * 160)
        if number == 20:
            print("said", flush=True)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"said\n"
        process.send_signal(signal.SIGKILL)
    pcm = read_wav(path)
    assert len(pcm) >= 20 * FRAME_BYTES
    assert path.stat().st_size == 44 + len(pcm)


def test_a_new_start_is_a_new_recording_and_close_is_harmless(tmp_path: Path) -> None:
    async def scene() -> None:
        speaker = WavSpeaker(tmp_path / "out.wav")
        await speaker.close()
        await speaker.start()
        await asyncio.sleep(3)
        await speaker.start()
        await asyncio.sleep(1)
        await speaker.close()
        await speaker.close()
        await speaker.flush()
        await speaker.drain()
        with pytest.raises(RuntimeError, match="before start"):
            await speaker.write(SILENT_FRAME)

    run(scene())
    assert len(read_wav(tmp_path / "out.wav")) == 32000


def test_a_recording_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    for path, found in [(tmp_path, "Is a directory"), (tmp_path / "no" / "out.wav", "No such")]:
        with pytest.raises(DeviceError) as error:
            WavSpeaker(path)
        assert_says(error, "REN_SPEAKER=wav:", found)


def test_a_full_disk_is_an_error_of_the_loudspeaker(tmp_path: Path) -> None:
    async def scene() -> None:
        full = tmp_path / "full.wav"
        full.symlink_to("/dev/full")
        speaker = WavSpeaker(full)
        with pytest.raises(DeviceError, match="REN_SPEAKER=wav:"):
            await speaker.start()
        await speaker.close()

    run(scene())


def test_the_recording_keeps_real_time_on_a_real_clock(tmp_path: Path) -> None:
    async def scene() -> tuple[float, float]:
        now = asyncio.get_running_loop().time
        speaker = WavSpeaker(tmp_path / "out.wav")
        earliest = now()
        await speaker.start()
        latest = now()
        for number in range(60):
            await speaker.write(frame(number))
        await speaker.drain()
        least = now() - latest
        await speaker.close()
        return least, now() - earliest

    least, most = asyncio.run(scene())
    length = len(read_wav(tmp_path / "out.wav")) / 32000
    assert least >= 0.6
    assert least - 0.001 <= length <= most + 0.001

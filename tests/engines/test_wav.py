import asyncio
import signal
import subprocess
import sys
import wave
from contextlib import aclosing
from pathlib import Path

import numpy as np
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
        frames = microphone.blocks()
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
        frames = microphone.blocks()
        assert await anext(frames) == frame(0)
        await asyncio.sleep(1.0)
        before = now()
        blocks = [await anext(frames) for _ in range(4)]
        assert [len(block) // FRAME_BYTES for block in blocks] == [32, 32, 32, 4]
        assert b"".join(blocks) == b"".join(frame(n) for n in range(1, 101))
        assert now() == before
        assert await anext(frames) == frame(101)
        assert now() == pytest.approx(before + FRAME_S)
        assert microphone.dropped == 0
        await asyncio.sleep(3.005)
        assert (await anext(frames))[:FRAME_BYTES] == frame(402 - BACKLOG_FRAMES)
        assert microphone.dropped == 300 - BACKLOG_FRAMES
        await frames.aclose()

    run(scene())


def test_blocks_may_be_larger_and_then_smaller(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", b"".join(frame(n) for n in range(100)))

    async def scene() -> None:
        now = asyncio.get_running_loop().time
        microphone = WavMicrophone(path)
        microphone.block_frames = 8
        blocks, began = microphone.blocks(), now()
        for at in (0, 8):
            assert await anext(blocks) == b"".join(frame(n) for n in range(at, at + 8))
        assert now() - began == pytest.approx(16 * FRAME_S)
        microphone.block_frames = 2
        assert await anext(blocks) == frame(16) + frame(17)
        assert now() - began == pytest.approx(18 * FRAME_S)
        await blocks.aclose()

    run(scene())


def test_looked_at_again_the_file_does_not_start_again(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", b"".join(frame(n) for n in range(100)))

    async def scene() -> None:
        microphone = WavMicrophone(path)
        frames = microphone.blocks()
        assert await anext(frames) == frame(0)
        await frames.aclose()
        assert await anext(microphone.blocks()) == frame(1)

    run(scene())


FORMS = [
    ("pcm_u8", 8000, 1),
    ("pcm_s16le", 44100, 2),
    ("pcm_s24le", 48000, 6),
    ("pcm_s32le", 22050, 1),
    ("pcm_f32le", 96000, 2),
    ("pcm_f64le", 11025, 3),
]


@pytest.mark.parametrize(("codec", "hz", "channels"), FORMS)
def test_a_file_of_another_form_is_converted(
    tmp_path: Path, codec: str, hz: int, channels: int
) -> None:
    path = tmp_path / "a.wav"
    # Each channel is a tone of its own; the first is 1000 Hz.
    tones = "|".join(f"0.25*sin(2*PI*{1000 + 400 * n}*t)" for n in range(channels))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"aevalsrc={tones}:s={hz}:d=3"]  # noqa: RUF005
        + ["-c:a", codec, str(path)],
        check=True,
    )

    async def heard(chosen: tuple[int, ...], block_frames: int) -> bytes:
        microphone, pcm = WavMicrophone(path, chosen), bytearray()
        microphone.block_frames = block_frames
        async with aclosing(microphone.blocks()) as blocks:
            async for block in blocks:
                assert len(block) == block_frames * FRAME_BYTES
                pcm += block
                if len(pcm) >= 320 * FRAME_BYTES:
                    return bytes(pcm)
        raise AssertionError

    one = run(heard((1,), 1))
    samples = np.frombuffer(one, "<i2").astype(float)
    wanted = 8192 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 16000)
    error = samples[1600:46400] - wanted[1600:46400]  # in time to the sample, from end to end
    assert np.sqrt((error**2).mean()) < (80 if codec == "pcm_u8" else 3)
    assert not samples[48200:].any()
    eight = np.frombuffer(run(heard((1,), 8)), "<i2")
    assert np.abs(eight - samples).max() <= 20  # 60 dB below, for 8000 Hz
    mixed = np.abs(np.fft.rfft(np.frombuffer(run(heard((), 8)), "<i2")[:48000])) / 24000
    for n in range(channels):
        assert mixed[3 * (1000 + 400 * n)] == pytest.approx(8192 / channels, rel=0.02)


def test_a_channel_that_the_file_has_not_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", bytes(4000), channels=2)
    with pytest.raises(DeviceError) as error:
        WavMicrophone(path, (1, 3))
    assert_says(error, "REN_MICROPHONE_CHANNELS=1,3", str(path), "has 2 channels")
    assert WavMicrophone(path, (2,)).form.endswith("16000 Hz, 2 channels, of which 2 is heard")


def test_compressed_sound_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", bytes(4000))
    path.write_bytes(path.read_bytes().replace(b"\x10\0\0\0\x01\0", b"\x10\0\0\0\x07\0"))  # mu-law
    with pytest.raises(DeviceError) as error:
        WavMicrophone(path)
    assert_says(error, "not a PCM WAV file (format 7 with 16 bits)", "ffmpeg", "-ar 16000 -ac 1")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_header_is_an_error_or_a_file(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = write_wav(tmp_path_factory.mktemp("damaged") / "a.wav", bytes(1000), channels=2)
    header = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, 47), min_size=1, max_size=4)):
        header[at] = data.draw(st.integers(0, 255))
    path.write_bytes(header)

    async def scene() -> bytes:
        async with aclosing(WavMicrophone(path).blocks()) as blocks:
            return await anext(blocks)

    try:
        block = run(scene())
    except DeviceError:
        return
    assert len(block) == FRAME_BYTES


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
        run(anext(microphone.blocks()))


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
        assert await speaker.flush() == 9 * FRAME_BYTES
        assert speaker.take_played() == b""
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
                queued = [at for at in heard if at >= position()]  # one that has begun ends
                assert await speaker.flush() == len(queued) * FRAME_BYTES
                for at in queued:
                    del heard[at]
                free -= 160 * len(queued)
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
    # It may have died with more in the file than the header says yet, but never with less.
    assert int.from_bytes(path.read_bytes()[40:44], "little") == len(pcm)


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

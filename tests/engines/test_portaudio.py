import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ren_device.engines.portaudio import (
    AHEAD_S,
    BACKLOG_CHUNKS,
    PortAudioMicrophone,
    PortAudioSpeaker,
)
from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, SILENT_FRAME

# --- a sound card that refuses things, without a sound card ---------------------------------------


class Card:
    """Speaks pyaudio's language. Strict: what is closed is not used, and everything is closed."""

    paInt16 = 8  # noqa: N815  pyaudio's name

    def __init__(self, rates: tuple[int, ...] = (16000,), channels: tuple[int, ...] = (1,)) -> None:
        self.rates, self.channels = rates, channels
        self.devices = [("USB Speakerphone", 2, 2), ("HDMI", 0, 8)]
        self.default: int | None = 0
        self.users = 0
        self.stream: CardStream | None = None
        self._loop = asyncio.get_running_loop()
        self._opened = asyncio.Event()

    async def opened(self) -> "CardStream":
        """The stream, once there is one."""
        await self._opened.wait()
        assert self.stream is not None
        return self.stream

    def released(self) -> bool:
        return self.stream is None and self.users == 0

    def load(self) -> "Card":
        return self

    def PyAudio(self) -> "Card":  # noqa: N802  pyaudio's name
        self.users += 1
        return self

    def terminate(self) -> None:
        assert self.stream is None
        self.users -= 1

    def get_device_count(self) -> int:
        return len(self.devices)

    def get_device_info_by_index(self, index: int) -> dict[str, Any]:
        name, inputs, outputs = self.devices[index]
        return {
            "index": index,
            "name": name,
            "maxInputChannels": inputs,
            "maxOutputChannels": outputs,
            "defaultSampleRate": float(self.rates[0]),
        }

    def get_default_input_device_info(self) -> dict[str, Any]:
        if self.default is None:
            raise OSError("No Default Input Device Available")
        return self.get_device_info_by_index(self.default)

    get_default_output_device_info = get_default_input_device_info

    def open(self, *, rate: int, channels: int, **options: Any) -> "CardStream":
        if rate not in self.rates:
            raise OSError(-9997, "Invalid sample rate")
        if channels not in self.channels:
            raise OSError(-9998, "Invalid number of channels")
        self.stream = CardStream(self, rate, channels, **options)
        self._loop.call_soon_threadsafe(self._opened.set)
        return self.stream


class CardStream:
    def __init__(
        self,
        card: Card,
        rate: int,
        channels: int,
        *,
        format: int,  # noqa: A002  pyaudio's name
        frames_per_buffer: int,
        stream_callback: Callable[..., tuple[bytes | None, int]],
        input: bool = False,  # noqa: A002  pyaudio's name
        output: bool = False,
        input_device_index: int | None = None,
        output_device_index: int | None = None,
    ) -> None:
        assert format == Card.paInt16
        assert input != output
        self.card, self.rate, self.channels = card, rate, channels
        self.index = input_device_index if input else output_device_index
        self.samples = frames_per_buffer
        self.callback = stream_callback
        self.active = True

    def get_input_latency(self) -> float:
        return 0.02

    get_output_latency = get_input_latency

    def is_active(self) -> bool:
        return self.active

    def close(self) -> None:
        self.card.stream = None

    def hear(self, samples: "np.ndarray[Any, np.dtype[np.int16]]") -> None:
        assert self.callback(samples.tobytes(), len(samples) // self.channels, {}, 0)[1] == 0

    def play(self) -> "np.ndarray[Any, np.dtype[np.int16]]":
        sound, go_on = self.callback(None, self.samples, {}, 0)
        assert sound is not None
        assert len(sound) == 2 * self.samples * self.channels
        assert go_on == 0
        return np.frombuffer(sound, np.int16)


def tone(rate: int, duration_s: float, hz: float = 440.0) -> "np.ndarray[Any, np.dtype[np.int16]]":
    return (8000 * np.sin(2 * np.pi * hz * np.arange(round(rate * duration_s)) / rate)).astype(
        "<i2"
    )


def frequency(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 17))
    return float(spectrum.argmax() * 16000 / (1 << 17))


@asynccontextmanager
async def listening(
    card: Card, warm: int = 2
) -> AsyncIterator[tuple[AsyncIterator[bytes], CardStream]]:
    """A microphone whose first frame has come; it heard `warm` times 10 ms of silence."""
    microphone = PortAudioMicrophone("auto", card.load)
    frames = microphone.frames()
    first = asyncio.create_task(anext(frames))
    stream = await card.opened()
    stream.hear(np.zeros(warm * stream.samples * stream.channels, np.int16))
    await first
    yield frames, stream
    await frames.aclose()
    assert card.released()


async def test_a_card_that_agrees_is_heard_frame_by_frame() -> None:
    async with listening(Card()) as (frames, stream):
        assert (stream.rate, stream.channels, stream.index) == (16000, 1, 0)
        assert await anext(frames) == SILENT_FRAME
        stream.hear(np.arange(240, dtype=np.int16))
        stream.hear(np.arange(240, 480, dtype=np.int16))
        heard = [await anext(frames) for _ in range(3)]
        assert b"".join(heard) == np.arange(480, dtype="<i2").tobytes()


async def test_a_card_with_another_rate_and_two_channels_is_converted() -> None:
    async with listening(Card((44100,), (2,)), warm=20) as (frames, stream):
        assert (stream.rate, stream.channels) == (44100, 2)
        left = tone(44100, 1.0)
        both = np.stack([left, np.zeros_like(left)], axis=1).reshape(-1)  # averaged: half as loud
        for at in range(0, len(both), 882):
            stream.hear(both[at : at + 882])
        heard = b"".join([await anext(frames) for _ in range(110)])[16000:]
        assert frequency(heard) == pytest.approx(440, abs=1)
        assert np.abs(np.frombuffer(heard, "<i2")).max() == pytest.approx(4000, rel=0.02)


async def test_a_slow_listener_loses_the_oldest_and_it_is_counted() -> None:
    card = Card()
    microphone = PortAudioMicrophone("auto", card.load)
    frames = microphone.frames()
    first = asyncio.create_task(anext(frames))
    stream = await card.opened()
    stream.hear(np.full(160, 1, np.int16))
    assert (await first)[:2] == b"\x01\0"
    for number in range(BACKLOG_CHUNKS + 30):
        stream.hear(np.full(160, 2 + number, np.int16))
    await asyncio.sleep(0)
    assert (await anext(frames))[:2] == (32).to_bytes(2, "little")
    assert microphone.dropped == 30
    await frames.aclose()


async def test_a_microphone_that_goes_away_is_an_error_that_names_the_setting() -> None:
    async with listening(Card()) as (frames, stream):
        await anext(frames)
        stream.active = False
        with pytest.raises(
            DeviceError, match=r"'USB Speakerphone' went away \(REN_MICROPHONE=auto"
        ):
            await anext(frames)


async def test_a_microphone_that_stands_still_is_an_error() -> None:
    async with listening(Card(), warm=3) as (frames, _):
        await anext(frames)
        await anext(frames)
        with pytest.raises(DeviceError, match="stands still for 2 s"):
            await anext(frames)


async def test_a_microphone_is_released_when_its_reader_is_cancelled() -> None:
    card = Card()
    reader = asyncio.create_task(anext(PortAudioMicrophone("auto", card.load).frames()))
    await card.opened()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert card.released()


async def test_devices_are_found_by_a_part_of_their_name() -> None:
    card = Card()
    speaker = PortAudioSpeaker("hdmi", card.load)
    await speaker.start()
    assert card.stream is not None
    assert (card.stream.index, speaker.name, speaker.latency_s) == (1, "HDMI", 0.02)
    await speaker.close()
    assert card.released()


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("jabra", ["no audio input device has such a name", "REN_MICROPHONE=jabra", "'USB Speak"]),
        ("hdmi", ["REN_MICROPHONE=hdmi", "there are: 'USB Speakerphone'"]),
    ],
)
async def test_a_name_that_nothing_has_lists_what_there_is(device: str, words: list[str]) -> None:
    card = Card()
    with pytest.raises(DeviceError) as error:
        await anext(PortAudioMicrophone(device, card.load).frames())
    for word in words:
        assert word in str(error.value)
    assert card.users == 0


async def test_no_device_at_all() -> None:
    card = Card()
    card.default = None
    with pytest.raises(DeviceError) as error:
        await anext(PortAudioMicrophone("auto", card.load).frames())
    assert str(error.value) == "no audio input device was found (REN_MICROPHONE=auto)"
    with pytest.raises(DeviceError) as error:
        await PortAudioSpeaker("auto", card.load).start()
    assert str(error.value) == "no audio output device was found (REN_SPEAKER=auto)"
    assert card.users == 0


async def test_a_device_that_takes_nothing_and_a_library_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match=r"'USB Speakerphone' cannot be opened: .*channels"):
        await PortAudioSpeaker("auto", Card(channels=(6,)).load).start()

    def missing() -> Any:
        raise ImportError("libportaudio.so.2: cannot open shared object file")

    with pytest.raises(DeviceError, match=r"REN_SPEAKER=usb needs .*pyaudio.*libportaudio"):
        await PortAudioSpeaker("usb", missing).start()


async def test_what_is_written_is_played_and_what_is_missing_is_silence() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    assert card.stream is not None
    assert not card.stream.play().any()
    await speaker.write(tone(16000, 0.01).tobytes())
    assert card.stream.play().tobytes() == tone(16000, 0.01).tobytes()
    assert not card.stream.play().any()
    await speaker.close()


async def test_a_tenth_of_a_second_waits_at_most_and_flush_drops_it() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    assert card.stream is not None
    loud = b"\x01\x01" * 160
    for _ in range(round(AHEAD_S * 100)):
        await speaker.write(loud)
    one_more = asyncio.create_task(speaker.write(loud))
    await asyncio.sleep(0)
    assert not one_more.done()
    assert card.stream.play().all()
    await one_more
    drained = asyncio.create_task(speaker.drain())
    await asyncio.sleep(0)
    assert not drained.done()
    await speaker.flush()
    await drained
    assert not card.stream.play().any()
    await speaker.close()


async def test_sound_is_converted_for_a_card_with_another_rate_and_two_channels() -> None:
    card = Card((48000,), (2,))
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    assert card.stream is not None
    sound, played = tone(16000, 1.0).tobytes(), []
    for at in range(0, len(sound), FRAME_BYTES):
        await speaker.write(sound[at : at + FRAME_BYTES])
        played.append(card.stream.play())
    stereo = np.concatenate(played).reshape(-1, 2)
    assert (stereo[:, 0] == stereo[:, 1]).all()
    thirds = stereo[9000:-3000:3, 0]
    assert frequency(thirds.tobytes()) == pytest.approx(440, abs=1)
    assert np.abs(thirds).max() == pytest.approx(8000, rel=0.02)
    await speaker.close()


async def test_a_loudspeaker_that_goes_away_is_an_error_of_the_next_write() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    assert card.stream is not None
    await speaker.write(SILENT_FRAME)
    card.stream.active = False
    await speaker.drain()  # nothing to wait for
    with pytest.raises(DeviceError, match=r"went away \(REN_SPEAKER=auto\)"):
        await speaker.write(SILENT_FRAME)
    await speaker.close()
    await speaker.close()
    with pytest.raises(RuntimeError, match="before start"):
        await speaker.write(SILENT_FRAME)


# --- the real library -----------------------------------------------------------------------------

ALSA = """
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.kitchen { type pulse hint { show on description "The kitchen" } }
"""


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """A private PulseAudio with two sinks: its process, and the environment that leads to it."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    (tmp_path / "alsa.conf").write_text(ALSA)
    socket = tmp_path / "socket"
    environment = os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    sinks = [f"--load=module-null-sink sink_name={name} rate=48000" for name in ("out", "other")]
    server = subprocess.Popen(
        [
            "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
            "--disable-shm=yes", *sinks,
            f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    environment |= {
        "ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf"),
        "PULSE_SERVER": f"unix:{socket}",
        "PULSE_SINK": "out",
        "PULSE_SOURCE": "out.monitor",
        "PULSE_LATENCY_MSEC": "20",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    try:
        wait_until_it_answers(environment)
        yield server.pid, environment
    finally:
        server.kill()
        server.wait()


def wait_until_it_answers(environment: dict[str, str]) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        asked = subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False)
        if asked.returncode == 0:
            return
    raise AssertionError("PulseAudio does not answer")


def run_there(scene: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """In a process of its own: PortAudio reads its surroundings once, and loads for good."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", scene],
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


TONE = """
import asyncio, math, struct
from contextlib import aclosing
from ren_device.engines.portaudio import PortAudioMicrophone, PortAudioSpeaker

async def main():
    speaker = PortAudioSpeaker("kitchen")
    await speaker.start()
    async def play():
        for frame in range(300):
            turn = 2 * math.pi * 500 / 16000
            samples = [int(9000 * math.sin(turn * (frame * 160 + n))) for n in range(160)]
            await speaker.write(struct.pack("<160h", *samples))
        await speaker.drain()
    playing = asyncio.create_task(play())
    heard, crossings, before, loudest = 0, 0, 0, 0
    async with aclosing(PortAudioMicrophone().frames()) as frames:
        async for frame in frames:
            assert len(frame) == 320
            samples = struct.unpack("<160h", frame)
            if not heard and max(samples) < 5000:
                continue
            for sample in samples:
                crossings += before < 0 <= sample
                before = sample
            loudest = max(loudest, max(samples))
            heard += 1
            if heard == 100:
                break
    await playing
    await speaker.close()
    print(speaker.name, round(speaker.latency_s, 3), crossings, loudest)

asyncio.run(main())
"""

GONE = """
import asyncio, os, signal
from ren_device.engines.portaudio import PortAudioMicrophone, PortAudioSpeaker
from ren_device.errors import DeviceError

async def main():
    speaker = PortAudioSpeaker()
    await speaker.start()
    frames = PortAudioMicrophone().frames()
    for _ in range(5):
        await anext(frames)
    os.kill(int(os.environ["SERVER"]), signal.SIGKILL)
    try:
        while True:
            await anext(frames)
    except DeviceError as error:
        print("microphone:", error)
    try:
        while True:
            await speaker.write(bytes(320))
    except DeviceError as error:
        print("speaker:", error)
    await speaker.close()
    try:
        await anext(PortAudioMicrophone().frames())
    except DeviceError as error:
        print("again:", error)

asyncio.run(main())
"""


@pytest.mark.engine
def test_a_tone_that_is_played_is_heard(sound_server: tuple[int, dict[str, str]]) -> None:
    ended = run_there(TONE, sound_server[1])
    assert (ended.returncode, ended.stderr) == (0, "")
    name, latency_s, crossings, loudest = ended.stdout.split()
    assert name == "kitchen"
    assert 0 < float(latency_s) < 0.3
    assert 400 <= int(crossings) <= 505  # a second of 500 Hz; gaps on a busy machine cost a few
    assert int(loudest) == pytest.approx(9000, rel=0.15)


@pytest.mark.engine
def test_a_sound_server_that_dies_is_an_error_and_the_process_goes_on(
    sound_server: tuple[int, dict[str, str]],
) -> None:
    pid, environment = sound_server
    ended = run_there(GONE, environment | {"SERVER": str(pid)})
    assert ended.returncode == 0, ended.stderr
    microphone, speaker, again = ended.stdout.splitlines()
    assert microphone.startswith("microphone: the audio input device 'default' went away")
    assert speaker.startswith("speaker: the audio output device 'default' went away")
    assert again == "again: no audio input device was found (REN_MICROPHONE=auto)"


@pytest.mark.engine
def test_a_machine_without_a_sound_card_says_so_in_one_line(tmp_path: Path) -> None:
    scene = (
        "import asyncio\n"
        "from ren_device.engines.portaudio import PortAudioMicrophone\n"
        "from ren_device.errors import DeviceError\n"
        "try: asyncio.run(anext(PortAudioMicrophone('no such device').frames()))\n"
        "except DeviceError as error: print(error)\n"
    )
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = run_there(scene, environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("no audio input device has such a name (REN_MICROPHONE=no such")
    assert ended.stdout.count("\n") == 1

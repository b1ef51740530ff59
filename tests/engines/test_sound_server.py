"""PortAudio itself, over a PulseAudio of our own."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest

ALSA = """
pcm.!default { type pulse }
ctl.!default { type pulse }
pcm.kitchen { type pulse hint { show on description "The kitchen" } }
"""


class SoundServer:
    """A private PulseAudio with two sinks, and the environment that leads to it.

    As one that has slept, a sink begins two seconds after it was opened, if it is to be `sleepy`.
    """

    def __init__(self, folder: Path, *, sleepy: bool = False) -> None:
        self._sinks = "" if sleepy else "norewinds=1"
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        (folder / "alsa.conf").write_text(ALSA)
        self._socket = folder / "socket"
        self._own = os.environ | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime)}
        self.environment = self._own | {
            "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_SINK": "out",
            "PULSE_SOURCE": "out.monitor",
            "PULSE_LATENCY_MSEC": "60",  # with 20 a busy machine underruns, and never plays again
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
                "--disable-shm=yes",
                f"--load=module-null-sink sink_name=out rate=48000 {self._sinks}",
                "--load=module-null-sink sink_name=ring rate=44100 channels=4 "
                f"channel_map=front-left,front-right,rear-left,rear-right {self._sinks}",
                f"--load=module-native-protocol-unix socket={self._socket} auth-anonymous=1",
            ],
            env=self._own,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until_it_answers(self.environment)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.kill()


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
    async with aclosing(PortAudioMicrophone().blocks()) as blocks:
        async for block in blocks:
            samples = struct.unpack(f"<{len(block) // 2}h", block)
            if not heard and max(samples) < 5000:
                continue
            for sample in samples:
                crossings += before < 0 <= sample
                before = sample
            loudest = max(loudest, max(samples))
            heard += len(block) // 320
            if heard >= 100:
                break
    await playing
    played = speaker.take_played()
    await speaker.close()
    print(speaker.name, round(speaker.latency_s, 3), crossings, loudest, len(played) // 320)
    print(speaker.underruns, speaker.form)

asyncio.run(main())
"""

RING = """
import asyncio, sys
from contextlib import aclosing
import numpy as np
from ren_device.engines.portaudio import PortAudioMicrophone

async def hears(channels):
    heard = b""
    async with aclosing(PortAudioMicrophone("kitchen", channels).blocks()) as blocks:
        async for block in blocks:
            heard += block if heard or max(block) else b""
            if len(heard) > 32000:
                break
    tones = np.abs(np.fft.rfft(np.frombuffer(heard, "<i2")[4000:12000]))
    return [n for n in range(1, 5) if tones[n * 250] > 1000 * 8000 / 8]

async def main():
    for channels in ((3,), (1, 4), (2, 3)):
        print(await hears(channels))

asyncio.run(main())
"""

LASTING = """
import asyncio, sys
from array import array
from contextlib import aclosing
from ren_device.bus import Bus
from ren_device.clock import SystemClock
from ren_device.engines.portaudio import PortAudioMicrophone, PortAudioSpeaker
from ren_device.errors import DeviceError
from ren_device.voice.capture import Capture

async def play(speaker):
    tone = array("h", [9000, 9000, -9000, -9000] * 40).tobytes()
    while True:
        try:
            await speaker.start()
            while True:
                await speaker.write(tone)
        except DeviceError as error:
            await speaker.close()
            await asyncio.sleep(0.2)

async def main():
    playing = asyncio.create_task(play(PortAudioSpeaker()))
    capture, loud, trouble = Capture(PortAudioMicrophone(), SystemClock(), Bus()), None, None
    capture.block_frames = 4
    async def listen():
        nonlocal loud
        async with aclosing(capture.blocks()) as blocks:
            async for block in blocks:
                if (now := max(array("h", block)) > 4000) and not loud:
                    print("hears it", flush=True)
                loud = now
    listening = asyncio.create_task(listen())
    while True:
        if trouble != (trouble := capture.trouble) and trouble:
            loud = None
            print(trouble, flush=True)
        await asyncio.sleep(0.02)

asyncio.run(main())
"""

RESTED = """
import asyncio
from array import array
from contextlib import aclosing
from ren_device.engines import played_ring, portaudio

async def main():
    played_ring.REST_AFTER_S = 0.3
    speaker = portaudio.PortAudioSpeaker()
    await speaker.start()
    async def beep():
        for _ in range(50):
            await speaker.write(array("h", [9000, 9000, -9000, -9000] * 40).tobytes())
        await speaker.drain()
    async def rested():
        # A server that dies while PortAudio ends a stream is another matter: engines/README.md.
        while not speaker.resting or speaker._stream._stream.is_active():
            await asyncio.sleep(0.02)
        print("rests", flush=True)
        await asyncio.to_thread(input)
    await beep()
    await rested()
    for _ in range(2):
        async with aclosing(portaudio.PortAudioMicrophone().blocks()) as blocks:
            await anext(blocks)
            beeping = asyncio.create_task(beep())
            async for block in blocks:
                if max(array("h", block)) > 4000:
                    break
            await beeping
        print("heard", flush=True)
        await rested()

asyncio.run(main())
"""


@contextlib.contextmanager
def talk_to(scene: str, environment: dict[str, str]) -> Iterator[tuple[IO[str], IO[str]]]:
    """A scene that goes on: what it says, and what is said to it. It ends itself never."""
    complaints: deque[str] = deque(maxlen=40)  # PortAudio prints when a device dies
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", scene],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        listener = threading.Thread(target=complaints.extend, args=(process.stderr,))
        listener.start()
        too_long = threading.Timer(40, process.kill)
        too_long.start()
        try:
            yield process.stdout, process.stdin
        finally:
            too_long.cancel()
            process.kill()
            listener.join()
            sys.stderr.writelines(complaints)  # pytest shows it where something failed


@pytest.mark.engine
def test_a_loudspeaker_that_rests_sounds_again_at_once_even_after_the_server_died(
    sound_server: SoundServer,
) -> None:
    with talk_to(RESTED, sound_server.environment) as (says, hears):
        assert says.readline() == "rests\n"
        print(file=hears, flush=True)
        assert [says.readline() for _ in range(2)] == ["heard\n", "rests\n"]
        sound_server.kill()
        sound_server.start()
        print(file=hears, flush=True)
        assert says.readline() == "heard\n"


@pytest.mark.engine
def test_a_tone_that_is_played_is_heard(sound_server: SoundServer) -> None:
    ended = run_there(TONE, sound_server.environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    figures, form = ended.stdout.splitlines()
    name, latency_s, crossings, loudest, played = figures.split()
    assert name == "kitchen"
    assert 0 < float(latency_s) < 0.3
    assert 400 <= int(crossings) <= 520  # a second of 500 Hz; gaps on a busy machine cost a few
    assert int(loudest) == pytest.approx(9000, rel=0.15)
    assert int(played) == 100  # the latest second of three
    assert form.endswith("'kitchen', 16000 Hz, 1 channel")


@pytest.mark.engine
def test_channels_of_a_real_stream_are_chosen(sound_server: SoundServer) -> None:
    turns = np.arange(44100 * 30)[:, None] * [500, 1000, 1500, 2000] * 2 * np.pi / 44100
    sound = (8000 * np.sin(turns)).astype("<i2").tobytes()
    command = ["pacat", "-d", "ring", "--channels=4", "--rate=44100", "--format=s16le"]
    command.append("--channel-map=front-left,front-right,rear-left,rear-right")
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=sound_server.environment) as player:
        assert player.stdin is not None
        feeder = threading.Thread(target=_feed, args=(player.stdin, sound))
        feeder.start()
        ended = run_there(RING, sound_server.environment | {"PULSE_SOURCE": "ring.monitor"})
        player.kill()
        feeder.join()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["[3]", "[1, 4]", "[2, 3]"]


def _feed(pipe: IO[bytes], sound: bytes) -> None:
    with contextlib.suppress(BrokenPipeError):
        pipe.write(sound)


@pytest.mark.engine
def test_a_sound_server_that_dies_and_comes_back_is_survived_in_both_directions(
    sound_server: SoundServer,
) -> None:
    with talk_to(LASTING, sound_server.environment) as (says, _):
        assert says.readline() == "hears it\n"
        sound_server.kill()
        assert says.readline().endswith("(REN_MICROPHONE=auto)\n")
        sound_server.start()
        while (said := says.readline()) != "hears it\n":
            assert said.endswith("(REN_MICROPHONE=auto)\n")


@pytest.mark.engine
def test_a_machine_without_a_sound_card_says_so_in_one_line(tmp_path: Path) -> None:
    scene = (
        "import asyncio\n"
        "from ren_device.engines.portaudio import PortAudioMicrophone\n"
        "from ren_device.errors import DeviceError\n"
        "try: asyncio.run(anext(PortAudioMicrophone('no such device').blocks()))\n"
        "except DeviceError as error: print(error)\n"
    )
    environment = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = run_there(scene, environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("no audio input device has such a name (REN_MICROPHONE=no such")
    assert ended.stdout.count("\n") == 1

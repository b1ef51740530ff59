import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ren_device.engines import portaudio_stream
from ren_device.engines.portaudio import (
    AHEAD_S,
    BACKLOG_CHUNKS,
    PortAudioMicrophone,
    PortAudioSpeaker,
)
from ren_device.engines.portaudio_stream import open_briefly
from ren_device.errors import DeviceError
from ren_device.model import FRAME_BYTES, SILENT_FRAME
from tests.engines.sound_card import Card, CardStream


def tone(rate: int, duration_s: float, hz: float = 440.0) -> "np.ndarray[Any, np.dtype[np.int16]]":
    return (8000 * np.sin(2 * np.pi * hz * np.arange(round(rate * duration_s)) / rate)).astype(
        "<i2"
    )


def frequency(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(float)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 17))
    return float(spectrum.argmax() * 16000 / (1 << 17))


async def one_by_one(blocks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(blocks):
        async for block in blocks:
            for at in range(0, len(block), FRAME_BYTES):
                yield block[at : at + FRAME_BYTES]


@asynccontextmanager
async def listening(
    card: Card, warm: int = 2
) -> AsyncIterator[tuple[AsyncIterator[bytes], CardStream]]:
    """A microphone whose first frame has come; it heard `warm` times 10 ms of silence."""
    microphone = PortAudioMicrophone("auto", load=card.load)
    frames = one_by_one(microphone.blocks())
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


async def test_a_slow_listener_catches_up_and_then_loses_the_oldest() -> None:
    card = Card()
    microphone = PortAudioMicrophone("auto", load=card.load)
    blocks = microphone.blocks()
    first = asyncio.create_task(anext(blocks))
    stream = await card.opened()
    stream.hear(np.full(160, 1, np.int16))
    assert (await first)[:2] == b"\x01\0"
    for number in range(BACKLOG_CHUNKS + 30):
        stream.hear(np.full(160, 2 + number, np.int16))
    late = [await anext(blocks) for _ in range(7)]
    assert [len(block) // FRAME_BYTES for block in late] == [32, 32, 32, 32, 32, 32, 8]
    assert np.frombuffer(b"".join(late), "<i2")[::160].tolist() == list(range(32, 232))
    assert microphone.dropped == 30
    await blocks.aclose()


async def test_the_loop_is_woken_only_when_a_block_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = Card((48000,), (2,))
    microphone = PortAudioMicrophone("auto", load=card.load)
    microphone.block_frames = 8
    blocks, woken = microphone.blocks(), 0
    reader = asyncio.create_task(anext(blocks))
    stream = await card.opened()
    while not reader.done():  # until the converter is ready; its first block needs 9 buffers
        stream.hear(np.zeros(960, np.int16))
        await asyncio.sleep(0.001)
    call = asyncio.get_running_loop().call_soon_threadsafe

    def counted(callback: Any, *arguments: Any) -> Any:
        nonlocal woken
        woken += 1
        return call(callback, *arguments)

    monkeypatch.setattr(asyncio.get_running_loop(), "call_soon_threadsafe", counted)
    heard = 0
    for _ in range(10):
        reader = asyncio.create_task(anext(blocks))
        await asyncio.sleep(0)
        while not reader.done():
            stream.hear(np.zeros(960, np.int16))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        heard += len(reader.result()) // FRAME_BYTES
    assert heard >= 80
    assert woken <= 10
    microphone.block_frames = 1
    reader = asyncio.create_task(anext(blocks))
    await asyncio.sleep(0)
    stream.hear(np.zeros(960, np.int16))
    assert len(await reader) == FRAME_BYTES
    await blocks.aclose()


@pytest.mark.parametrize(
    ("offers", "chosen", "levels", "form"),
    [
        ((6,), (), 3500, "16000 Hz, 6 channels"),  # the mean of 1000, 2000, ...
        ((6,), (2,), 2000, "16000 Hz, 6 channels, of which 2 is heard"),
        ((2, 8), (1, 5), 3000, "16000 Hz, 8 channels, of which 1 and 5 are heard"),
        ((2, 8), (2,), 2000, "16000 Hz, 2 channels, of which 2 is heard"),
    ],
)
async def test_channels_are_chosen_or_mixed(
    offers: tuple[int, ...], chosen: tuple[int, ...], levels: int, form: str
) -> None:
    card = Card(channels=offers)
    card.devices = [("Ring of microphones", max(offers), 0)]
    microphone = PortAudioMicrophone("ring", chosen, load=card.load)
    blocks = microphone.blocks()
    first = asyncio.create_task(anext(blocks))
    stream = await card.opened()
    stream.hear(np.tile(1000 * np.arange(1, stream.channels + 1, dtype=np.int16), 160))
    assert set(np.frombuffer(await first, "<i2")) == {levels}
    assert microphone.form == f"'Ring of microphones', {form}"
    await blocks.aclose()
    assert card.released()


async def test_a_channel_that_is_not_there_is_an_error_that_says_what_is() -> None:
    card = Card()
    with pytest.raises(DeviceError) as error:
        await anext(PortAudioMicrophone("usb", (1, 4), load=card.load).blocks())
    assert str(error.value).startswith("REN_MICROPHONE_CHANNELS=1,4: 'USB Speakerphone")
    assert str(error.value).endswith("has 2 channels")
    assert card.released()


async def test_a_microphone_that_somebody_else_holds() -> None:
    card = Card()
    card.busy = True
    with pytest.raises(DeviceError, match="Device unavailable: does another program hold it"):
        await anext(PortAudioMicrophone("usb", load=card.load).blocks())
    assert card.released()
    card.busy = False
    assert open_briefly("input", "usb", load=card.load).endswith("16000 Hz, 1 channel")
    assert card.released()


async def test_a_microphone_comes_back_at_another_place_while_the_loudspeaker_is_open() -> None:
    card = Card(channels=(1, 2))
    speaker = PortAudioSpeaker("hdmi", card.load)
    await speaker.start()
    card.devices = [("HDMI", 0, 8), ("USB Speakerphone: Audio (hw:3,0)", 2, 2)]
    loud = b"\x01\x01" * 160
    await speaker.write(loud)
    blocks = PortAudioMicrophone("USB Speakerphone: Audio (hw:1,0)", load=card.load).blocks()
    with pytest.raises(DeviceError):  # the loudspeaker is not disturbed while it sounds
        await anext(blocks)
    assert card.stream.play().any()
    blocks = PortAudioMicrophone("USB Speakerphone: Audio (hw:1,0)", load=card.load).blocks()
    first = asyncio.create_task(anext(blocks))
    await card.opened(2)
    output, microphone = sorted(card.streams, key=lambda stream: stream.name)
    assert (output.name, output.index, microphone.index) == ("HDMI", 0, 1)
    microphone.hear(np.ones(320, np.int16))
    await first
    await speaker.write(loud)
    assert output.play().any()
    await blocks.aclose()
    await speaker.close()
    assert card.released()


async def test_a_loudspeaker_that_somebody_else_holds_does_not_disturb_the_microphone() -> None:
    async with listening(Card()) as (frames, stream):
        stream.card.busy = True
        with pytest.raises(DeviceError, match="does another program hold it"):
            await PortAudioSpeaker("hdmi", stream.card.load).start()
        assert (stream.card.opens, stream.active) == (1, True)
        await anext(frames)


async def test_a_missing_loudspeaker_disturbs_the_microphone_less_often_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 1000.0
    monkeypatch.setattr("ren_device.engines.portaudio_stream.time.monotonic", lambda: now_s)
    card = Card()
    speaker = PortAudioSpeaker("jabra", card.load)
    disturbed_s = []
    async with listening(card):
        for _ in range(70):
            before = card.opens
            with pytest.raises(DeviceError, match="has such a name"):
                await speaker.start()
            if card.opens > before:
                disturbed_s.append(now_s - 1000)
            now_s += 5
        assert disturbed_s == [0, 5, 15, 35, 75, 135, 195, 255, 315]
        card.devices.append(("Jabra", 0, 2))
        now_s += 300
        await speaker.start()
        assert speaker.name == "Jabra"
        await speaker.close()


async def test_a_loudspeaker_that_is_gone_after_another_was_looked_for_says_so() -> None:
    card = Card()
    speaker = PortAudioSpeaker("hdmi", card.load)
    await speaker.start()
    card.devices = [("USB Speakerphone", 2, 2)]
    with pytest.raises(DeviceError, match="has such a name"):
        await anext(PortAudioMicrophone("jabra", load=card.load).blocks())
    with pytest.raises(DeviceError, match=r"no audio output device .*REN_SPEAKER=hdmi"):
        await speaker.write(SILENT_FRAME)
    await speaker.close()
    assert card.released()


async def test_a_microphone_that_goes_away_is_an_error_that_names_the_setting() -> None:
    async with listening(Card()) as (frames, stream):
        await anext(frames)
        stream.active = False
        with pytest.raises(
            DeviceError, match=r"'USB Speakerphone: .*' went away \(REN_MICROPHONE=auto"
        ):
            await anext(frames)


async def test_a_microphone_that_stands_still_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = 1000.0
    monkeypatch.setattr(portaudio_stream, "time", SimpleNamespace(monotonic=lambda: now_s))
    async with listening(Card()) as (frames, stream):
        await anext(frames)
        now_s += 60
        stream.hear(np.zeros(160, np.int16))
        await anext(frames)
        now_s += 2.1
        with pytest.raises(DeviceError, match="stands still for 2 s"):
            await anext(frames)


async def test_a_loudspeaker_that_has_filled_its_buffer_may_take_its_time_to_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a sound server's does that has slept."""
    now_s = 1000.0
    monkeypatch.setattr(portaudio_stream, "time", SimpleNamespace(monotonic=lambda: now_s))
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    card.stream.play()
    now_s += 4.9
    await speaker.write(SILENT_FRAME)
    now_s += 0.2
    with pytest.raises(DeviceError, match="stands still"):
        await speaker.write(SILENT_FRAME)
    await speaker.close()
    assert card.released()


async def test_a_microphone_is_released_when_its_reader_is_cancelled() -> None:
    card = Card()
    reader = asyncio.create_task(anext(PortAudioMicrophone("auto", load=card.load).blocks()))
    await card.opened()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert card.released()


async def test_devices_are_found_by_a_part_of_their_name() -> None:
    card = Card()
    speaker = PortAudioSpeaker("hdmi", card.load)
    await speaker.start()
    assert (card.stream.index, speaker.name, speaker.latency_s) == (1, "HDMI", 0.02)
    await speaker.close()
    assert card.released()


@pytest.mark.parametrize(
    ("device", "words"),
    [
        ("jabra", ["no audio input device has such a name", "REN_MICROPHONE=jabra", "'USB Speak"]),
        ("hdmi", ["REN_MICROPHONE=hdmi", "there are: 'USB Speakerphone: "]),
    ],
)
async def test_a_name_that_nothing_has_lists_what_there_is(device: str, words: list[str]) -> None:
    card = Card()
    with pytest.raises(DeviceError) as error:
        await anext(PortAudioMicrophone(device, load=card.load).blocks())
    for word in words:
        assert word in str(error.value)
    assert card.users == 0


async def test_no_device_at_all() -> None:
    card = Card()
    card.default = None
    with pytest.raises(DeviceError) as error:
        await anext(PortAudioMicrophone("auto", load=card.load).blocks())
    assert str(error.value) == "no audio input device was found (REN_MICROPHONE=auto)"
    with pytest.raises(DeviceError) as error:
        await PortAudioSpeaker("auto", card.load).start()
    assert str(error.value) == "no audio output device was found (REN_SPEAKER=auto)"
    assert card.users == 0


async def test_a_device_that_takes_nothing_and_a_library_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match=r"'USB Speakerphone: .*' cannot be opened: .*channels"):
        await PortAudioSpeaker("auto", Card(channels=(6,)).load).start()

    def missing() -> Any:
        raise ImportError("libportaudio.so.2: cannot open shared object file")

    with pytest.raises(DeviceError, match=r"REN_SPEAKER=usb needs .*pyaudio.*libportaudio"):
        await PortAudioSpeaker("usb", missing).start()


async def test_what_is_written_is_played_and_what_is_missing_is_silence() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    assert not card.stream.play().any()
    await speaker.write(tone(16000, 0.01).tobytes())
    assert card.stream.play().tobytes() == tone(16000, 0.01).tobytes()
    assert not card.stream.play().any()
    await speaker.close()


async def test_a_tenth_of_a_second_waits_at_most_and_flush_drops_it() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
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


async def test_what_was_played_is_known_and_what_was_flushed_is_not_among_it() -> None:
    card = Card((44100,), (2,))
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    frames = [np.full(160, 1 + number, "<i2").tobytes() for number in range(9)]
    for frame in frames:
        await speaker.write(frame)
    assert speaker.take_played() == b""
    for _ in range(4):
        card.stream.play()
    # The resampler holds 5 to 15 ms, so that the sound of three or four was taken.
    first = speaker.take_played()
    assert first in (b"".join(frames[:count]) for count in (3, 4, 5))
    unheard = await speaker.flush()
    begun = len(b"".join(frames)) - len(first) - unheard
    assert begun in (0, FRAME_BYTES)
    card.stream.play()
    assert speaker.take_played() == b"".join(frames)[len(first) : len(first) + begun]
    card.stream.play()
    await speaker.write(frames[8])
    draining = asyncio.create_task(speaker.drain())
    await asyncio.sleep(0)
    for _ in range(3):
        card.stream.play()
    await draining
    assert speaker.take_played() == frames[8]
    await speaker.close()


async def test_of_what_was_played_the_latest_second_is_kept() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    for number in range(150):
        await speaker.write(np.full(160, number, "<i2").tobytes())
        card.stream.play()
    kept = np.frombuffer(speaker.take_played(), "<i2")[::160]
    assert kept.tolist() == list(range(50, 150))
    await speaker.close()


async def test_latency_is_what_waits_and_what_the_device_needs() -> None:
    card = Card((48000,), (2,))
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    assert speaker.latency_s == 0.02
    for _ in range(6):
        await speaker.write(SILENT_FRAME)
    assert speaker.latency_s == pytest.approx(0.02 + 0.055, abs=0.001)  # 5 ms are being converted
    await speaker.close()


async def test_underruns_are_counted() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    loud = b"\x01\x01" * 160
    card.stream.play()  # silence before the first sound is none
    await speaker.write(loud)
    card.stream.play()
    assert speaker.underruns == 0
    card.stream.play()
    await speaker.write(loud)
    assert speaker.underruns == 1
    card.stream.play(flags=4)  # the device says so itself
    assert speaker.underruns == 2
    await speaker.drain()
    card.stream.play()
    await speaker.write(loud)
    assert speaker.underruns == 2
    await speaker.close()


async def test_the_end_of_a_sound_is_heard_on_a_card_of_another_rate() -> None:
    card = Card((44100,), (1,))
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    sound, played = tone(16000, 0.08).tobytes(), []
    for at in range(0, len(sound), FRAME_BYTES):
        await speaker.write(sound[at : at + FRAME_BYTES])
    draining = asyncio.create_task(speaker.drain())
    while not draining.done():
        played.append(card.stream.play())
        await asyncio.sleep(0.005)
    heard = np.concatenate(played).astype(float)
    wanted = np.resize(tone(44100, 0.08), len(heard)).astype(float)
    wanted[round(44100 * 0.08) :] = 0
    assert np.abs(heard - wanted)[300:3300].max() < 40
    assert np.abs(heard[3528:3700]).max() < 1000 < np.abs(heard[3400:3528]).max()
    await speaker.close()


async def test_a_loudspeaker_with_nothing_to_say_rests_until_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ren_device.engines.played_ring.REST_AFTER_S", 0.0)
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    loud = b"\x01\x01" * 160
    await speaker.write(loud)
    assert card.stream.play().tobytes() == loud
    assert not card.stream.play().any()
    assert speaker.resting
    assert not any(stream.active for stream in card.streams)
    await speaker.write(loud)
    assert card.stream.play().tobytes() == loud
    card.stream.play()
    card.busy = True  # the device went while it rested, and is there again only later
    with pytest.raises(DeviceError, match="does another program hold it"):
        await speaker.write(loud)
    assert not card.streams
    card.busy = False
    await speaker.start()
    await speaker.write(loud)
    assert card.stream.play().tobytes() == loud
    await speaker.close()
    assert card.released()


async def test_a_write_that_is_cancelled_while_the_device_wakes_up_costs_only_its_own_sound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ren_device.engines.played_ring.REST_AFTER_S", 0.0)
    card = Card()
    opening, go_on = threading.Event(), threading.Event()
    go_on.set()

    def load() -> Card:
        opening.set()
        assert go_on.wait(10)
        return card

    speaker = PortAudioSpeaker("auto", load)
    await speaker.start()
    assert not card.stream.play().any()
    assert speaker.resting
    loud = b"\x01\x01" * 160
    opening.clear()
    go_on.clear()
    writing = asyncio.create_task(speaker.write(loud))
    assert await asyncio.to_thread(opening.wait, 10)
    writing.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await speaker.write(loud)
    assert card.stream.play().tobytes() == loud
    await speaker.close()
    assert card.released()


async def test_a_loudspeaker_that_went_while_nothing_sounded_is_opened_again_at_once() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    card.stream.active = False
    loud = b"\x01\x01" * 160
    await speaker.write(loud)
    assert card.stream.active
    assert card.stream.play().tobytes() == loud
    await speaker.close()
    assert card.released()


async def test_a_loudspeaker_that_goes_away_is_an_error_of_the_next_write() -> None:
    card = Card()
    speaker = PortAudioSpeaker("auto", card.load)
    await speaker.start()
    await speaker.write(SILENT_FRAME)
    card.stream.active = False
    await speaker.drain()  # nothing to wait for
    with pytest.raises(DeviceError, match=r"went away \(REN_SPEAKER=auto\)"):
        await speaker.write(SILENT_FRAME)
    await speaker.close()
    await speaker.close()
    with pytest.raises(RuntimeError, match="before start"):
        await speaker.write(SILENT_FRAME)

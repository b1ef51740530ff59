"""What is heard of a Ren that cannot start: recordings of its own voice, made while it is well.

They are in `fault/` of the data directory, so that saying them takes no engine. Without them, or
with broken ones, there are tones.
"""

import asyncio
import hashlib
import wave
from pathlib import Path
from typing import Literal, get_args

from ren_device.languages import read
from ren_device.model import SAMPLE_BYTES, SAMPLE_RATE_HZ
from ren_device.ports import TextToSpeech
from ren_device.voice.cues import Note, sound
from ren_device.voice.tones import PEAK

Fault = Literal["crash", "setting", "storage", "newer"]
"""Why it cannot start: it stops again and again, a setting is wrong, nothing can be written, or a
newer Ren has made what is kept."""

_TONES = (Note(392, 392, 0.4, decay=1.0), Note(0, 0, 0.1), Note(294, 294, 0.7, decay=1.0))
_TIMES = 3
_PAUSE = Note(0, 0, 0.6)


def sentences(language: str) -> dict[Fault, str]:
    """What is said of each. Raises ValueError when one is missing."""
    found = read(language, "fault")
    if missing := [fault for fault in get_args(Fault) if not isinstance(found.get(fault), str)]:
        raise ValueError(f"{language}/fault.toml: {missing[0]} is missing")
    return {fault: str(found[fault]) for fault in get_args(Fault)}


async def record(tts: TextToSpeech, data_dir: Path, language: str, voice: str) -> None:
    """Have each sentence there, spoken by this voice; nothing to do the second time.

    Takes some seconds of the voice's time. Raises EngineError and OSError.
    """
    folder, texts = data_dir / "fault", sentences(language)
    origin = hashlib.sha256("\n".join((language, voice, *texts.values())).encode()).hexdigest()
    if await asyncio.to_thread(_origin, folder) == origin:
        return
    await asyncio.to_thread((folder / "made-of").unlink, missing_ok=True)
    for fault, text in texts.items():
        pcm = b"".join([part async for part in tts.speak(text)])
        await asyncio.to_thread(_write, folder / f"{fault}.wav", pcm)
    await asyncio.to_thread((folder / "made-of").write_text, origin)


def recorded(data_dir: Path, fault: Fault) -> bytes:
    """What is to be played, as PCM: the sentence, or tones. Blocks; never fails."""
    try:
        with wave.open(str(data_dir / "fault" / f"{fault}.wav"), "rb") as file:
            form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
            pcm = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error):
        return tones()
    return pcm if pcm and form == (SAMPLE_RATE_HZ, 1, SAMPLE_BYTES) else tones()


def tones() -> bytes:
    """Three times a low fall: no other sound of Ren is like it."""
    return sound((*_TONES, _PAUSE) * _TIMES, PEAK)


def _origin(folder: Path) -> str:
    try:
        return (folder / "made-of").read_text()
    except OSError:
        return ""


def _write(path: Path, pcm: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_suffix(".new")
    with wave.open(str(new), "wb") as file:
        file.setframerate(SAMPLE_RATE_HZ)
        file.setnchannels(1)
        file.setsampwidth(SAMPLE_BYTES)
        file.writeframes(pcm)
    new.replace(path)

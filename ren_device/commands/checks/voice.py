"""Ears and voice: the engines that the settings choose, and the sound card."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.microphone import LOADING, refused, what_mutes
from ren_device.errors import DeviceError, EngineError
from ren_device.model import NOT_OPENED

_ADVICE = ("run: ", "set ", "name ")  # so the log's advice begins
_INSTEAD = "; using the default instead"
_INSTALL = "If something is not installed: pip install 'ren-device[voice,audio]'."


def check(patient: Patient) -> Iterator[Finding]:
    """What a Ren that runs says; else each engine is loaded, and the sound card looked for."""
    if not patient.settings.voice_enabled:
        advice = "REN_VOICE_ENABLED=true turns it on."
        yield Finding("voice", "voice", "note", "off", advice)
    elif patient.health is not None:
        yield from _as_it_says(patient)
        yield from _languages(patient)
    else:
        yield from _engines(patient)
        yield _device(patient, "input", "microphone")
        yield _device(patient, "output", "speaker")


def _as_it_says(patient: Patient) -> Iterator[Finding]:
    voice = (patient.health or {}).get("voice")
    if not isinstance(voice, dict):
        yield Finding(
            "voice", "voice", "wrong", "the Ren that runs does not say how it is", "Restart it."
        )
        return
    state = str(voice.get("state"))
    if state == "off":
        advice = "Restart it: the settings turn the voice on now."
        yield Finding("voice", "engines", "wrong", "off in the Ren that runs", advice)
    elif state == "fault":
        advice = "Its log says why; stop it and run the doctor again for each engine."
        yield Finding("voice", "engines", "wrong", "an engine could not be loaded", advice)
    elif state == "starting":
        yield Finding("voice", "engines", "note", "being loaded", LOADING)
    else:
        yield Finding("voice", "engines", "ok", f"loaded in the Ren that runs, which is {state}")
    for part in ("microphone", "speaker"):
        trouble = str(voice.get(part, "ok"))
        if trouble == "ok":
            device = str(voice.get(f"{part}_device") or "")
            used = "in use by the Ren that runs"
            yield Finding("voice", part, "ok", f"{device}; {used}" if device else used)
        elif trouble == NOT_OPENED:
            yield Finding("voice", part, "note", trouble, LOADING)
        elif trouble == "muted":
            yield refused("voice", part, what_mutes(patient))
        else:
            advice = "Plug it in, or name another; Ren tries again by itself."
            yield Finding("voice", part, "wrong", trouble, advice)
    barge_in = voice.get("barge_in")
    if isinstance(barge_in, dict):
        yield _barge_in(barge_in)


def _languages(patient: Patient) -> Iterator[Finding]:
    """What the engines say while they are loaded, of those that another process has loaded."""
    from ren_device import choice

    for line in choice.language_misfits(patient.settings):
        text, advice = _advised(line)
        yield Finding("voice", "language", "wrong", text, f"{advice} Then restart it.")


def _barge_in(measured: Mapping[str, object]) -> Finding:
    how = {"full": "speech", "wake_word": "the wake word", "button": "the button"}
    mode = str(measured.get("mode"))
    text = f"{how.get(mode, mode)} interrupts an answer: {measured.get('reason')}"
    if "delay_ms" in measured:
        text += (
            f" (echo after {measured['delay_ms']} ms, {measured.get('attenuation_db')} dB quieter "
            f"than played, {measured.get('residual_db')} dB of it taken out)"
        )
    if mode == "full" or "REN_BARGE_IN" in text:
        return Finding("voice", "echo", "ok", text)
    advice = "Move the loudspeaker away from the microphone, or turn it down."
    return Finding("voice", "echo", "note", text, advice)


def _engines(patient: Patient) -> Iterator[Finding]:
    from ren_device import choice

    settings = patient.settings
    loaders: dict[str, Callable[[], object]] = {
        "wake word": lambda: choice.load_wake_word(settings),
        "voice detector": lambda: choice.load_vad()(),
        "echo canceller": choice.load_echo_canceller,
        "speech to text": lambda: choice.load_stt(settings),
        "text to speech": lambda: choice.load_tts(settings),
    }
    for name, load in loaders.items():
        began = time.perf_counter()
        with _heard() as said:
            try:
                engine = load()
            except EngineError as error:
                yield Finding("voice", name, "wrong", str(error), _INSTALL)
                continue
        took_s = time.perf_counter() - began
        close = getattr(engine, "close", None)
        if close is not None:
            asyncio.run(close())
        for line in said:
            yield Finding("voice", name, "wrong", *_advised(line))
        if not said:
            yield Finding("voice", name, "ok", f"loads in {took_s:.1f} s")


def _device(patient: Patient, kind: Literal["input", "output"], part: str) -> Finding:
    from ren_device import choice

    settings = patient.settings
    chosen = settings.microphone if kind == "input" else settings.speaker
    if chosen == "none":
        return Finding("voice", part, "ok", "none, as the settings say")
    if chosen.startswith("wav:"):
        found = (choice.microphone if kind == "input" else choice.speaker)(settings)
        if why := str(getattr(found, "why", "")):  # of what stands in for it
            return Finding("voice", part, "wrong", why, "Name another file.")
        return Finding("voice", part, "ok", str(getattr(found, "form", chosen)))
    try:
        return Finding("voice", part, "ok", f"opens as {choice.open_device(settings, kind)}")
    except DeviceError as error:
        advice = "Plug one in, name one that is there, or say none."
        return Finding("voice", part, "wrong", str(error), advice)


def _advised(line: str) -> tuple[str, str]:
    """What is wrong, and what to do: a line of the log says both, or what is wrong alone."""
    told = line.removesuffix(_INSTEAD)
    text, _, todo = told.partition("; ")
    if not todo.startswith(_ADVICE):
        return line, "Put the setting right, or unset it."
    return text + line[len(told) :], f"{todo[0].upper()}{todo[1:]}."


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What Ren would log meanwhile: that it uses something else than it was told to, for one."""
    said: list[str] = []
    handler = _Ear(said)
    log = logging.getLogger("ren_device")
    log.addHandler(handler)
    before, log.propagate = log.propagate, False
    try:
        yield said
    finally:
        log.propagate = before
        log.removeHandler(handler)


class _Ear(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())

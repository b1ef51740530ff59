"""The licences of the models in use, for those who pass a speaker on. See engines/README.md."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ren_device.commands.checks.finding import Finding, Patient

if TYPE_CHECKING:
    from ren_device.settings import Settings

_INTENTS = "home-assistant-intents: CC-BY-4.0, name its authors"
_NOT_FOR_SALE = (
    "openWakeWord's models are CC BY-NC-SA 4.0: not in anything that is sold",
    "Before selling: leave out pyopen-wakeword, or use a model of your own.",
)


def check(patient: Patient) -> Iterator[Finding]:
    """One line for each model that these settings use."""
    yield Finding("licences", "offline mind", "ok", _INTENTS)
    if not patient.settings.voice_enabled:
        return
    yield from _wake_word(patient.settings)
    yield Finding("licences", "voice detector", "ok", "Silero's model: MIT")
    if patient.settings.turn_detector != "none":
        yield Finding("licences", "end of turn", "ok", "smart-turn's model: BSD-2-Clause")
    yield from _stt(patient.settings)
    yield from _tts(patient.settings)


def _wake_word(settings: "Settings") -> Iterator[Finding]:
    engine = settings.wake_engine
    if engine == "auto" and settings.porcupine_access_key.get_secret_value():
        engine = "porcupine"
    if engine == "porcupine":
        text = "Porcupine: Apache-2.0; its keys come with their maker's terms"
        yield Finding("licences", "wake word", "note", text, "Read Picovoice's terms.")
        return
    if engine in ("auto", "micro"):
        yield Finding("licences", "wake word", "ok", "microWakeWord's models: Apache-2.0")
    if engine in ("auto", "open") and find_spec("pyopen_wakeword") is not None:
        text, advice = _NOT_FOR_SALE
        yield Finding("licences", "wake word", "note", text, advice)


def _stt(settings: "Settings") -> Iterator[Finding]:
    engine = settings.stt_engine
    if engine == "vosk" or (engine == "auto" and settings.vosk_model):
        yield Finding("licences", "speech to text", "ok", "Vosk: Apache-2.0")
        yield _listed("speech to text", str(settings.vosk_model), "Read the model's own licence.")
    else:
        yield _listed("speech to text", "moonshine-tiny-en")


def _tts(settings: "Settings") -> Iterator[Finding]:
    advice = "Who passes a speaker on passes on Piper's source, too."
    yield Finding("licences", "text to speech", "note", "Piper: GPL-3.0", advice)
    yield _listed("text to speech", settings.tts_voice.partition("#")[0], "Read its model card.")


def _listed(name: str, chosen: str, advice: str = "") -> Finding:
    """What the list of models says of this one."""
    from ren_device import catalogue

    model = catalogue.read().get(chosen)
    if model is None:
        return Finding("licences", name, "note", f"{chosen} is not in Ren's list", advice)
    text = f"{chosen}: {model.licence}"
    if model.commercial == "yes":
        return Finding("licences", name, "ok", text)
    sale = "not in anything that is sold" if model.commercial == "no" else "see its card"
    return Finding("licences", name, "note", f"{text}: {sale}", "Before selling: choose another.")

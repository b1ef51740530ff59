"""Which engine each setting means. An engine's file is imported only when it is chosen.

All `load` functions block, for up to some seconds, and raise EngineError; run them in a thread.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ren_device.errors import DeviceError, EngineError
from ren_device.ports import (
    EchoCanceller,
    IntentMatcher,
    Microphone,
    Speaker,
    SpeechToText,
    TextToSpeech,
    VoiceActivity,
    WakeWord,
)
from ren_device.settings import Settings

_log = logging.getLogger(__name__)
_WAV = "wav:"
Part = TypeVar("Part")


def microphone(settings: Settings) -> Microphone:
    """REN_MICROPHONE; one that cannot be is named in the log, and nothing is heard."""
    chosen = settings.microphone
    if chosen.startswith(_WAV):
        from ren_device.engines.wav import WavMicrophone

        try:
            return WavMicrophone(chosen.removeprefix(_WAV))
        except DeviceError as error:
            _log.error("cannot hear: %s", error)
            chosen = "none"
    if chosen == "none":
        from ren_device.engines.silent import NoMicrophone

        return NoMicrophone()
    from ren_device.engines.portaudio import PortAudioMicrophone

    return PortAudioMicrophone(chosen)


def speaker(settings: Settings) -> Speaker:
    """REN_SPEAKER; one that cannot be is named in the log, and nothing sounds."""
    chosen = settings.speaker
    if chosen.startswith(_WAV):
        from ren_device.engines.wav import WavSpeaker

        try:
            return WavSpeaker(chosen.removeprefix(_WAV))
        except DeviceError as error:
            _log.error("no sound: %s", error)
            chosen = "none"
    if chosen == "none":
        from ren_device.engines.silent import NoSpeaker

        return NoSpeaker()
    from ren_device.engines.portaudio import PortAudioSpeaker

    return PortAudioSpeaker(chosen)


def load_wake_word(settings: Settings) -> WakeWord:
    """REN_WAKE_ENGINE; what cannot be loaded is named in the log and replaced by the default."""
    key = settings.porcupine_access_key.get_secret_value()
    if settings.wake_engine == "porcupine" or (settings.wake_engine == "auto" and key):
        return _or_else(lambda: _porcupine(key, settings.wake_words), lambda: _keyless(settings))
    return _keyless(settings)


def _porcupine(key: str, phrases: tuple[str, ...]) -> WakeWord:
    from ren_device.engines.porcupine import Porcupine

    return Porcupine.load(key, phrases)


def _keyless(settings: Settings) -> WakeWord:
    phrases = settings.wake_words
    default = Settings.model_fields["wake_words"].default
    if settings.wake_engine == "micro":
        from ren_device.engines.micro_wake_word import MicroWakeWord

        return _or_else(lambda: MicroWakeWord.load(phrases), lambda: MicroWakeWord.load(default))
    from ren_device.engines import wake_words

    if settings.wake_engine == "open":
        from ren_device.engines.open_wake_word import OpenWakeWord

        return _or_else(lambda: OpenWakeWord.load(phrases), lambda: wake_words.load(default))
    return _or_else(lambda: wake_words.load(phrases), lambda: wake_words.load(default))


def load_stt(settings: Settings) -> SpeechToText:
    """REN_STT_ENGINE; what cannot be loaded is named in the log and replaced by Moonshine."""
    model = settings.vosk_model
    if settings.stt_engine == "vosk" or (settings.stt_engine == "auto" and model):
        return _or_else(lambda: _vosk(model), _moonshine)
    return _moonshine()


def _vosk(model: Path | None) -> SpeechToText:
    from ren_device.engines.vosk import VoskSpeechToText

    if model is None:
        raise EngineError("REN_STT_ENGINE=vosk: set REN_VOSK_MODEL to an unpacked Vosk model")
    return VoskSpeechToText.load(model)


def _moonshine() -> SpeechToText:
    from ren_device.engines.moonshine import MoonshineSpeechToText

    return MoonshineSpeechToText.load()


def load_tts(settings: Settings) -> TextToSpeech:
    """REN_TTS_VOICE; what cannot be loaded is named in the log and replaced by the default."""
    from ren_device.engines.piper import PiperTextToSpeech

    default = Settings.model_fields["tts_voice"].default
    return _or_else(
        lambda: PiperTextToSpeech.load(settings.tts_voice), lambda: PiperTextToSpeech.load(default)
    )


def _or_else(chosen: Callable[[], Part], default: Callable[[], Part]) -> Part:
    """A speaker that answers in another voice is better than one that is dumb."""
    try:
        return chosen()
    except EngineError as error:
        _log.error("%s; using the default instead", error)
        return default()


def load_vad() -> Callable[[], VoiceActivity]:
    """A maker of detectors, one for each conversation."""
    from ren_device.engines.silero import SileroVad

    return SileroVad.load


def load_echo_canceller() -> EchoCanceller:
    """The only one there is."""
    from ren_device.engines.webrtc_apm import WebRtcApm

    return WebRtcApm.load()


def load_intents() -> IntentMatcher:
    """The offline matcher for REN_LANGUAGE."""
    from ren_device.engines.hassil_intents import HassilMatcher

    return HassilMatcher.load()

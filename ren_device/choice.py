"""Which engine each setting means. An engine's file is imported only when it is chosen.

All `load` functions block, for up to some seconds, and raise EngineError; run them in a thread.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

from ren_device.errors import DeviceError, EngineError, SettingError
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


def identity_file(settings: Settings) -> Path:
    """Where the speaker's key is, or will be."""
    from ren_device.engines.identity_key import FILE_NAME

    return settings.data_dir / FILE_NAME


# --- for the doctor: whether what was chosen would work, without putting it to work ---------------


def device_name(settings: Settings, kind: Literal["input", "output"]) -> str:
    """The sound card that REN_MICROPHONE or REN_SPEAKER means; opens none. Raises DeviceError."""
    from ren_device.engines.portaudio_stream import find_device

    return find_device(kind, settings.microphone if kind == "input" else settings.speaker)


def read_identity(settings: Settings) -> str:
    """The public key, 64 hex digits, of the identity that is there. Blocks. Raises StoreError."""
    from ren_device.engines.identity_key import IdentityKey

    return IdentityKey.open(settings.data_dir).public_key_hex


async def check_cloud(settings: Settings) -> None:
    """Ask the service of REN_BRAIN for something that costs nothing. Raises CloudError and kin."""
    from ren_device.engines.claude_client import ASTRA, CLAUDE
    from ren_device.engines.cloud_check import reach

    if settings.brain == "astra":
        await reach(ASTRA, settings.api_key.get_secret_value(), settings.api_url)
    else:
        key = settings.anthropic_api_key.get_secret_value()
        await reach(CLAUDE, key, settings.anthropic_base_url)


def count_home(path: Path) -> int:
    """How many devices the file of REN_HOME_FILE has. Blocks. Raises SettingError."""
    from ren_device.engines.virtual_devices import Refused
    from ren_device.engines.virtual_home_file import read_home

    try:
        return len(read_home(path)[1])
    except Refused as error:
        raise SettingError(f"REN_HOME_FILE={path}: {error}") from None

"""Which engine each setting means. An engine's file is imported only when it is chosen.

All `load` functions block, for up to some seconds, and raise EngineError; run them in a thread.
"""

import logging
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ren_device.boards import reading, recognising
from ren_device.errors import DeviceError, EngineError, SettingError
from ren_device.hardware_profile import HardwareProfile, Sound
from ren_device.ports import (
    ControlPanel,
    EchoCanceller,
    EchoMeter,
    Host,
    IntentMatcher,
    Lamp,
    Microphone,
    PanelOnScreen,
    Speaker,
    SpeechToText,
    Supervisor,
    TextToSpeech,
    TurnDetector,
    VoiceActivity,
    WakeWord,
)
from ren_device.settings import Settings

_log = logging.getLogger(__name__)
_WAV = "wav:"
_MOONSHINE = "moonshine-tiny-en"
# Between boards of 512 MB and of 1 GB, which have less than that to themselves.
_LITTLE_MEMORY = 768 * 2**20
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class PanelParts:
    """The board, and what of it is open; without one nothing can be touched, and it is dark."""

    name: str
    """Of the profile; empty without one."""
    profile: HardwareProfile | None
    controls: ControlPanel
    lamp: Lamp
    on_screen: PanelOnScreen | None
    trouble: str | None
    """Why there is no board although one was asked for, in one sentence."""


def panel(settings: Settings) -> PanelParts:
    """REN_HARDWARE, its pins opened; what cannot be says why, and Ren does without. Blocks."""
    from ren_device.engines.no_panel import DarkLamp, NoControls

    try:
        name, profile = _board(settings)
    except SettingError as error:
        # There may be a mute switch on it, and that may say muted.
        why = f"{error}. What mutes it cannot be read, so the microphone stays off."
        return PanelParts("", None, NoControls(why, hides_switch=True), DarkLamp(why), None, why)
    if profile is None:
        return PanelParts("", None, NoControls(), DarkLamp(), None, None)
    from ren_device.engines.gpio import open_panel

    controls, lamp, on_screen = open_panel(profile, mock=settings.gpio == "mock")
    return PanelParts(name, profile, controls, lamp, on_screen, None)


def _board(settings: Settings) -> tuple[str, HardwareProfile | None]:
    chosen = settings.hardware
    if chosen == "none":
        return "", None
    if chosen == "auto":
        found = recognising.verdict(recognising.look(), recognising.marks())
        if isinstance(found, recognising.Unrecognised):
            if found.choice:
                raise SettingError(f"REN_HARDWARE=auto: {found.why}")
            _log.debug("no buttons and lights: %s", found.why)
            return "", None
        _log.info("the board is %s, by %s", found.name, found.by)
        path = found.path
    else:
        try:
            path = reading.find(chosen)
        except SettingError as error:
            raise SettingError(f"REN_HARDWARE={chosen}: {error}") from None
    return path.stem, reading.read(path)  # pins that clash are an error: nothing is driven


async def set_mixer(card: Sound) -> tuple[str, ...]:
    """Set its mixer as the profile says; each control that cannot be set is one sentence."""
    if not card.mixer:
        return ()
    from ren_device.engines import alsa_mixer

    return await alsa_mixer.set_mixer(card)


def host(monotonic: Callable[[], float]) -> Host:
    """The machine."""
    from ren_device.engines.host_state import HostState

    return HostState(monotonic)


def supervisor() -> Supervisor:
    """Who started Ren."""
    from ren_device.engines import systemd

    return systemd.find()


def microphone(settings: Settings, gain_db: float = 0.0) -> Microphone:
    """REN_MICROPHONE; one that cannot be says why when it is opened, and nothing is heard.

    A sound card's is made `gain_db` louder.
    """
    chosen = settings.microphone
    why = ""
    if chosen.startswith(_WAV):
        from ren_device.engines.wav import WavMicrophone

        try:
            return WavMicrophone(chosen.removeprefix(_WAV), settings.microphone_channels)
        except DeviceError as error:
            chosen, why = "none", str(error)
    if chosen == "none":
        from ren_device.engines.silent import NoMicrophone

        return NoMicrophone(why)
    from ren_device.engines.portaudio import PortAudioMicrophone

    return PortAudioMicrophone(chosen, settings.microphone_channels, gain_db)


def speaker(settings: Settings) -> Speaker:
    """REN_SPEAKER; one that cannot be says why when it is opened, and nothing sounds."""
    chosen = settings.speaker
    why = ""
    if chosen.startswith(_WAV):
        from ren_device.engines.wav import WavSpeaker

        try:
            return WavSpeaker(chosen.removeprefix(_WAV))
        except DeviceError as error:
            chosen, why = "none", str(error)
    if chosen == "none":
        from ren_device.engines.silent import NoSpeaker

        return NoSpeaker(why)
    from ren_device.engines.portaudio import PortAudioSpeaker

    return PortAudioSpeaker(chosen)


def load_wake_word(settings: Settings) -> WakeWord:
    """REN_WAKE_ENGINE; what cannot be loaded is named in the log and replaced by the default."""
    key = settings.porcupine_access_key.get_secret_value()
    if settings.wake_engine == "porcupine" or (settings.wake_engine == "auto" and key):
        return _or_else(lambda: _porcupine(key, settings), lambda: _keyless(settings))
    return _keyless(settings)


def _porcupine(key: str, settings: Settings) -> WakeWord:
    from ren_device.engines.porcupine import Porcupine

    return Porcupine.load(key, settings.wake_words, settings.wake_sensitivity)


def _keyless(settings: Settings) -> WakeWord:
    phrases, wanted = settings.wake_words, settings.wake_sensitivity
    default = Settings.model_fields["wake_words"].default
    from ren_device.engines import wake_words

    chosen = wake_words.load
    fallback = wake_words.load
    if settings.wake_engine == "micro":
        from ren_device.engines.micro_wake_word import MicroWakeWord

        chosen = fallback = MicroWakeWord.load
    elif settings.wake_engine == "open":
        from ren_device.engines.open_wake_word import OpenWakeWord

        chosen = OpenWakeWord.load
    return _or_else(lambda: chosen(phrases, wanted), lambda: fallback(default, wanted))


def load_stt(settings: Settings, words: Collection[str] = ()) -> SpeechToText:
    """REN_STT_ENGINE; what cannot be loaded is named in the log and replaced by Moonshine.

    `words` are those of the offline mind, for REN_STT_GRAMMAR.
    """
    if _is_vosk_wanted(settings):
        return _or_else(lambda: _vosk(settings, words), lambda: _moonshine(settings))
    return _moonshine(settings)


def _is_vosk_wanted(settings: Settings) -> bool:
    return settings.stt_engine == "vosk" or bool(
        settings.stt_engine == "auto" and settings.vosk_model
    )


def _vosk(settings: Settings, words: Collection[str]) -> SpeechToText:
    from ren_device import catalogue
    from ren_device.engines.vosk import VoskSpeechToText

    if settings.vosk_model is None:
        raise EngineError("REN_STT_ENGINE=vosk: set REN_VOSK_MODEL; see ren-device models list")
    model = catalogue.locate(str(settings.vosk_model), "REN_VOSK_MODEL", settings.models_home)
    _warn_of_language(settings, str(settings.vosk_model))
    grammar = settings.stt_grammar
    if grammar == "false" or (grammar == "auto" and settings.has_api_key):
        words = ()
    return VoskSpeechToText.load(Path(model), words, only=grammar == "true")


def is_small(settings: Settings, memory_bytes: int | None = None) -> bool:
    """REN_PROFILE; `memory_bytes` is the machine's, which is asked where none is given."""
    if settings.profile != "auto":
        return settings.profile == "small"
    if memory_bytes is None:
        memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return memory_bytes < _LITTLE_MEMORY


def _moonshine(settings: Settings) -> SpeechToText:
    from ren_device.engines.moonshine import MoonshineSpeechToText

    _warn_of_language(settings, _MOONSHINE)
    return MoonshineSpeechToText.load(lean=is_small(settings))


def load_tts(settings: Settings) -> TextToSpeech:
    """REN_TTS_VOICE; what cannot be loaded is named in the log and replaced by the default."""
    from ren_device.engines.piper import PiperTextToSpeech

    default = Settings.model_fields["tts_voice"].default
    light = settings.models_home / "light" if is_small(settings) else None

    def load(voice: str) -> TextToSpeech:
        located = _voice(settings, voice)
        _warn_of_language(settings, voice.partition("#")[0])
        return PiperTextToSpeech.load(located, light=light)

    return _or_else(lambda: load(settings.tts_voice), lambda: load(default))


def _voice(settings: Settings, chosen: str) -> str:
    from ren_device import catalogue

    voice, hash_sign, speaker = chosen.partition("#")
    return catalogue.locate(voice, "REN_TTS_VOICE", settings.models_home) + hash_sign + speaker


def _warn_of_language(settings: Settings, model: str) -> None:
    from ren_device import catalogue

    if misfit := catalogue.misfit(model, settings.language, settings.models_home):
        _log.warning("%s", misfit)


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


def load_turn_detector(settings: Settings) -> TurnDetector | None:
    """REN_TURN_DETECTOR; None where there is none, which the log says unless it was wanted so."""
    small = is_small(settings) and settings.turn_detector == "auto"
    if small or settings.turn_detector == "none":
        return None
    from ren_device.engines.smart_turn import SmartTurn, find

    try:
        return SmartTurn.load(find(settings.models_home))
    except EngineError as error:
        _log.warning("%s; pauses are told from ends by the words alone", error)
        return None


def load_echo_canceller(delay_s: float = 0.08) -> EchoCanceller:
    """The only one there is; `delay_s` from a sound to its echo, about."""
    from ren_device.engines.webrtc_apm import WebRtcApm

    return WebRtcApm.load(delay_s)


def load_echo_meter() -> EchoMeter:
    """Finds the chime with which the echo is measured."""
    from ren_device.engines.echo_path import ChimeMeter

    return ChimeMeter()


def load_intents(language: str = "en") -> IntentMatcher:
    """The offline matcher for this language, as in REN_LANGUAGE."""
    from ren_device.engines.hassil_intents import HassilMatcher

    return HassilMatcher.load(language)


def identity_file(settings: Settings) -> Path:
    """Where the speaker's key is, or will be."""
    from ren_device.engines.identity_key import FILE_NAME

    return settings.data_dir / FILE_NAME


# --- for the doctor: whether what was chosen would work, without putting it to work ---------------


def open_device(settings: Settings, kind: Literal["input", "output"]) -> str:
    """Open the sound card of REN_MICROPHONE or REN_SPEAKER for a moment; the form it takes.

    Blocks. Raises DeviceError.
    """
    from ren_device.engines.portaudio_stream import open_briefly

    if kind == "input":
        return open_briefly(kind, settings.microphone, settings.microphone_channels)
    return open_briefly(kind, settings.speaker)


def language_misfits(settings: Settings) -> list[str]:
    """What of the chosen speech models does not know REN_LANGUAGE, and what to do about it."""
    from ren_device import catalogue

    stt = str(settings.vosk_model) if _is_vosk_wanted(settings) else _MOONSHINE
    models = (stt, settings.tts_voice.partition("#")[0])
    found = (catalogue.misfit(each, settings.language, settings.models_home) for each in models)
    return [each for each in found if each]


def read_recording(path: Path) -> bytes:
    """The sound of a WAV file of any kind, as PCM. Blocks. Raises DeviceError."""
    from ren_device.engines import wav_file

    return wav_file.read_recording(path)


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

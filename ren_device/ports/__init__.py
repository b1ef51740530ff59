"""One Protocol for each part of Ren that can be replaced, and nothing else.

The real parts are in `engines/`, the simulated ones in `sim.py`; `app.py` chooses.
"""

from ren_device.ports.home import HomeDriver
from ren_device.ports.kept import (
    AlertStore,
    ApiKeyStore,
    FactStore,
    ListStore,
    PreferenceStore,
    RemarkStore,
    RoutineStore,
    SummaryStore,
    ThreadStore,
)
from ren_device.ports.machine import Clock, Discovery, Host, Supervisor, Timekeeper
from ren_device.ports.mind import IntentMatcher, Mind
from ren_device.ports.panel import ControlPanel, Lamp, PanelOnScreen
from ren_device.ports.sound import (
    Announcer,
    Echo,
    EchoCanceller,
    EchoMeter,
    Microphone,
    Recognition,
    Speaker,
    SpeechToText,
    TextToSpeech,
    TurnDetector,
    VoiceActivity,
    VolumeControl,
    WakeWord,
)

__all__ = [
    "AlertStore",
    "Announcer",
    "ApiKeyStore",
    "Clock",
    "ControlPanel",
    "Discovery",
    "Echo",
    "EchoCanceller",
    "EchoMeter",
    "FactStore",
    "HomeDriver",
    "Host",
    "IntentMatcher",
    "Lamp",
    "ListStore",
    "Microphone",
    "Mind",
    "PanelOnScreen",
    "PreferenceStore",
    "Recognition",
    "RemarkStore",
    "RoutineStore",
    "Speaker",
    "SpeechToText",
    "SummaryStore",
    "Supervisor",
    "TextToSpeech",
    "ThreadStore",
    "Timekeeper",
    "TurnDetector",
    "VoiceActivity",
    "VolumeControl",
    "WakeWord",
]

"""Every error that Ren raises on purpose.

RenError
├── SettingError          a setting is wrong: the start stops, in one line
├── ThreadNotFound        404
├── CloudKeyMissing       503: a cloud tier without a key
├── CloudError            502: the model's service failed
│   └── CloudUnreachable  502: it could not be reached at all; the local tier may step in
├── TurnTimeout           504
├── ToolError             a tool could not do what was asked; the mind is told and says so
│   └── ToolRefused       a dangerous tool without permission
├── AlertError            an alert cannot do what was asked, such as pausing an alarm: 400
├── EngineError           an engine is missing, misconfigured or broken
├── FetchError            a model cannot be fetched, or is not what the list says
├── DeviceError           a microphone or loudspeaker is not there or went away
├── HomeError             a device of the home, or what connects to it, does not answer
├── VoiceBusy             somebody else is talking to Ren
├── UpdateError           a newer system cannot be installed; the one that runs is as it was
├── MutedBySwitch         the microphone's own switch says off, and wins: 409
└── StoreError            what Ren keeps could not be read or written

Each carries one sentence for the person who will read it. `transient` says whether the same thing
may work when tried again. Any other exception is a bug.
"""

from typing import ClassVar


class RenError(Exception):
    """The root. `str(error)` is one sentence for a person and never holds a secret."""

    transient: ClassVar[bool] = False


class SettingError(RenError):
    """A setting has a value that Ren cannot use; names the variable and what is allowed."""


class ThreadNotFound(RenError):
    """There is no thread with this id."""


class CloudKeyMissing(RenError):
    """A cloud tier was asked for and ANTHROPIC_API_KEY is not set."""


class CloudError(RenError):
    """The model's service answered with an error."""

    transient = True


class CloudUnreachable(CloudError):
    """No connection to the model's service."""


class TurnTimeout(RenError):
    """The turn ran past REN_CHAT_TIMEOUT_S."""

    transient = True


class ToolError(RenError):
    """A tool could not do what was asked; the text goes to the mind and to the person."""


class ToolRefused(ToolError):
    """A tool that acts on the world was not allowed to run here."""


class AlertError(RenError):
    """An alert cannot do what was asked of it, or its rule cannot be used."""


class EngineError(RenError):
    """An engine cannot be loaded or failed; names the setting that chose it."""


class EngineMissing(EngineError):
    """An engine's package is not installed, as whoever installed Ren wanted it."""


class FetchError(RenError):
    """A model cannot be fetched or kept, or is not what the list says."""


class DeviceError(RenError):
    """An audio device is missing, busy or gone; names the setting that chose it."""

    transient = True


class HomeError(RenError):
    """A device of the home, or the driver that connects to it, does not answer or refuses."""

    transient = True


class VoiceBusy(RenError):
    """Only one voice session at a time."""

    transient = True


class UpdateError(RenError):
    """A newer system cannot be installed or tried; the one that runs is as it was."""


class MutedBySwitch(RenError):
    """The microphone is off by its switch, which nothing else can overrule."""


class StoreError(RenError):
    """What Ren keeps could not be read or written."""

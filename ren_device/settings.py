"""Every setting, read once at boot from the environment and `.env`, then frozen.

`REN_X` may also be written `WREN_X` (an older name of this product); `REN_X` wins where both are
set, wherever that is, and the environment wins over `.env`. Empty means unset. Two names keep no
prefix, because the model's own SDK reads them too: ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import ErrorDetails

from ren_device.errors import SettingError
from ren_device.model import Tier
from ren_device.setting_types import (
    Allowed,
    AnyCase,
    AudioSource,
    Channels,
    Hosts,
    Language,
    Location,
    ModelChoice,
    Name,
    Origins,
    Phrases,
    QuietTimes,
    Secret,
    Sensitivities,
    Sensitivity,
    Timezone,
    Url,
    allowed_words,
)

_LONGEST_SHOWN = 200  # characters of a value


def _aliases(field: str) -> AliasChoices:
    return AliasChoices(f"REN_{field.upper()}", f"WREN_{field.upper()}")


def _default_data_dir() -> Path:
    systemd = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(systemd) if systemd else user_data_path("ren", appauthor=False)


def _with_key(brain: str, info: ValidationInfo) -> str:
    key = info.data.get("api_key")
    if brain == "astra" and not (key and key.get_secret_value()):
        raise ValueError("needs REN_API_KEY")
    return brain


def _of_known_phrases(sensitivity: Sensitivity, info: ValidationInfo) -> Sensitivity:
    words = info.data.get("wake_words", ())
    for phrase in sensitivity.by_phrase:
        # What a file listens for is in the file.
        if phrase not in words and not any("/" in each for each in words):
            raise ValueError(f"{phrase} is not in REN_WAKE_WORDS")
    return sensitivity


class Settings(BaseModel):
    """What the person who runs this Ren decided. See the module for where values come from."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        validate_default=True,
        use_attribute_docstrings=True,
        alias_generator=AliasGenerator(validation_alias=_aliases),
    )

    # --- the house ---
    host: Annotated[str, Allowed("an address or a host name")] = "127.0.0.1"
    """Address to serve on; 0.0.0.0 lets phones in."""
    port: int = Field(8000, ge=0, le=65535)
    """Port to serve on; 0 takes any free one."""
    data_dir: Location = Field(default_factory=_default_data_dir)
    """Everything that Ren keeps."""
    name: Name = Field("Ren", min_length=1, max_length=40)
    """What this speaker is called on the network."""
    language: Language = "en"
    """What Ren speaks, and the language of its offline mind and of recognising speech."""
    timezone: Timezone = ""
    """Such as Europe/London; empty means the system's."""
    mdns_enabled: bool = True
    """Whether the speaker announces itself on the local network."""
    allowed_hosts: Hosts = ()
    """Comma-separated further names under which browsers may address the speaker."""
    allowed_origins: Origins = ()
    """Comma-separated web pages from elsewhere that may talk to the speaker: https://app.example."""
    max_connections: int = Field(512, ge=16, le=65536)
    """How many connections may be open at once; more are answered 503."""
    max_turns: int = Field(16, ge=1, le=1024)
    """How many turns may run at once; more are answered 429."""
    notifications_interval_s: float = Field(15.0, gt=0, le=3600)
    """How often a stream of /notifications looks again for what it may have missed."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = "info"
    """How much is logged. No speech and no message text, except perhaps in errors at `debug`."""
    log_format: Annotated[Literal["text", "json"], AnyCase] = "text"
    """One line for people, or one JSON object for programs."""

    # --- the home ---
    home_file: Location | None = None
    """A TOML file that describes a virtual home to try Ren with."""

    # --- the mind ---
    default_tier: Annotated[Tier, AnyCase] = Tier.DEFAULT
    """The tier of turns that name none and are not short or hard; `local` turns routing off."""
    chat_timeout_s: float = Field(60.0, gt=0, le=3600)
    """How long a turn may take."""
    allow_dangerous: bool = False
    """Lets tools that act on the world run in every thread."""
    offline_fallback: bool = False
    """A chat turn whose cloud call cannot connect is answered by the local tier."""

    # --- the voice ---
    voice_enabled: bool = False
    """Loads the speech engines, opens the microphone, serves /ws/audio."""
    profile: Annotated[Literal["auto", "full", "small"], AnyCase] = "auto"
    """`small` takes less memory, where the engines' settings are `auto`; see engines/README.md.
    `auto` is small on a board of 512 MB."""
    microphone: AudioSource = "auto"
    """`auto`, part of a device's name, `wav:PATH` (played once, in real time), or `none`."""
    microphone_channels: Channels = ()
    """Which channels are heard, counted from 1: `2`, or `1,3` for their mean; `mix` is all."""
    speaker: AudioSource = "auto"
    """`auto`, part of a device's name, `wav:PATH` (records what would be heard), or `none`."""
    barge_in: Annotated[Literal["auto", "full", "wake_word", "button"], AnyCase] = "auto"
    """What interrupts an answer: speech (full), the wake word, or the button; `auto` measures."""
    wake_engine: Annotated[Literal["auto", "micro", "open", "porcupine"], AnyCase] = "auto"
    """`auto` is porcupine where an access key is set, else micro and open together."""
    wake_words: Phrases = ("hey jarvis",)
    """Comma-separated phrases; see ren_device/engines/README.md for which engine knows which."""
    wake_sensitivity: Annotated[Sensitivities, AfterValidator(_of_known_phrases)] = Sensitivity()
    """How readily Ren wakes: for all phrases `0.5`, for some `hey jarvis=0.7, alexa=0.3`."""
    wake_keep_audio: bool = False
    """Keeps the sound of wakes and near misses in `wake/` of the data directory: 2 s, 200 files."""
    porcupine_access_key: Secret = SecretStr("")
    """Picovoice's key."""
    turn_detector: Annotated[Literal["auto", "smart_turn", "none"], AnyCase] = "auto"
    """Tells a pause from an end by its sound; `auto` is smart_turn where its model is."""
    follow_up_s: float = Field(5.0, ge=0, le=30)
    """How long Ren listens without a wake word after it has asked something; 0 for not at all."""
    stt_engine: Annotated[Literal["auto", "moonshine", "vosk"], AnyCase] = "auto"
    """`auto` is vosk where a model directory is set, else moonshine."""
    vosk_model: ModelChoice | None = None
    """A Vosk model: its name in `ren-device models list`, or the directory of an unpacked one."""
    stt_grammar: Annotated[Literal["auto", "true", "false"], AnyCase] = "auto"
    """Vosk hears only the offline mind's words; `auto`: first these and then all, with no cloud."""
    tts_voice: Annotated[str, Allowed("joe, a name of the list, or the path of an .onnx file")] = (
        "joe"
    )
    """A Piper voice: its name in `ren-device models list`, or a path; #NUMBER chooses a speaker."""
    models_dir: Location | None = None
    """Where fetched models are; unset means `models` in the data directory."""
    models_mirror: Url = ""
    """An address that has the files of the models, to be tried before their makers'."""
    quiet_hours: QuietTimes = ""
    """When the voice is kept low, such as 22:00-07:00; alarms ring as loud as ever."""
    quiet_volume: int = Field(30, ge=0, le=100)
    """How loud the voice may be in the quiet hours, in percent."""

    # --- the thing on the counter ---
    hardware: Annotated[str, Allowed("auto, none, a profile of hardware/profiles, or a path")] = (
        "auto"
    )
    """The board: `auto` recognises it; `none`; a name such as bare-i2s; or a profile's path."""
    gpio: Annotated[Literal["auto", "mock"], AnyCase] = "auto"
    """`mock` has simulated pins in place of the Pi's, as `ren-device sim` does."""
    brightness: int = Field(60, ge=0, le=100)
    """How bright the lights are, in percent."""
    night_brightness: int = Field(10, ge=0, le=100)
    """How bright they are at night; alarms and faults are never darker than 5."""
    night_hours: QuietTimes = "22:00-07:00"
    """When it is night for the lights; equal times for never."""

    # --- the cloud ---
    anthropic_api_key: Secret = Field(SecretStr(""), validation_alias="ANTHROPIC_API_KEY")
    """Without it the cloud tiers answer 503 and the microphone uses the local tier."""
    anthropic_base_url: Url = Field("", validation_alias="ANTHROPIC_BASE_URL")
    """Another server that speaks the Messages API."""
    api_key: Secret = SecretStr("")
    """The key of a Ren API, for `REN_BRAIN=astra`."""
    api_url: Url = "https://api.ren.ai"
    """Where that Ren API is; another Ren's address will do."""
    brain: Annotated[Literal["claude", "astra"], AnyCase, AfterValidator(_with_key)] = "claude"
    """Who answers the cloud tiers: Claude, or Ren's hosted Astra (needs REN_API_KEY)."""

    @property
    def models_home(self) -> Path:
        """Where fetched models are, or will be."""
        return self.models_dir or self.data_dir / "models"

    @property
    def has_api_key(self) -> bool:
        """Whether a cloud tier can be tried."""
        key = self.api_key if self.brain == "astra" else self.anthropic_api_key
        return bool(key.get_secret_value().strip())


@dataclass(frozen=True, slots=True)
class Given:
    """A variable as it was found, in the environment or in the file that `source` names."""

    value: str
    source: str


def load(env_file: str | Path | None = ".env") -> Settings:
    """Read the settings; raises SettingError naming the first variable that is wrong."""
    settings, wrong = check(read(env_file))
    if wrong:
        first, *more = wrong.values()
        others = f" (and {len(more)} more: see ren-device settings)" if more else ""
        raise SettingError(first + others)
    return settings


def read(env_file: str | Path | None = ".env") -> dict[str, Given]:
    """All variables that look as if they were meant for Ren. Raises SettingError."""
    found = _read(Path(env_file)) if env_file else {}
    found |= {name: Given(value, "environment") for name, value in os.environ.items()}
    return {
        name: given
        for name, given in found.items()
        if given.value and (name in _KNOWN or name.startswith(("REN_", "WREN_")))
    }


def check(given: Mapping[str, Given]) -> tuple[Settings, dict[str, str]]:
    """The settings, and for each field that is wrong one line; that one has its default."""
    values = {name: each.value for name, each in given.items() if name in _KNOWN}
    try:
        return Settings.model_validate(values), {}
    except ValidationError as error:
        wrong = {_KNOWN[str(each["loc"][0])]: each for each in error.errors(include_url=False)}
    lines = {field: _explain(field, error, given) for field, error in wrong.items()}
    right = {name: value for name, value in values.items() if _KNOWN[name] not in wrong}
    return Settings.model_validate(right), lines


def variables(field: str) -> tuple[str, ...]:
    """The names of the variables that set this field, the one that wins first."""
    alias = Settings.model_fields[field].validation_alias
    return tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else (str(alias),)


def is_secret(field: str) -> bool:
    """Whether the value of this field must never be shown."""
    return field in _SECRETS


def secrets(settings: Settings) -> list[str]:
    """The values that must never be shown, where they are set."""
    values = (getattr(settings, field).get_secret_value() for field in _SECRETS)
    return [value for value in values if value]


def allowed(field: str) -> str:
    """What may be written there, to be read after "must be"."""
    info = Settings.model_fields[field]
    return allowed_words(info.annotation, info.metadata)


def shown(field: str, value: str) -> str:
    """A value on one line, fit for the eyes of whoever looks over the shoulder."""
    if is_secret(field):
        return "***"
    if "@" in value and "://" in value:  # a password in a URL
        value = re.sub(r"://[^/]*@", "://***@", value)
    value = _one_line(value)
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"


def unknown(given: Mapping[str, Given]) -> dict[str, str]:
    """For each variable that no setting has, one line that says so, and what may be meant."""
    lines = {}
    for name in sorted(given.keys() - _KNOWN.keys()):
        close = [each for each in _KNOWN if each == name.partition("_")[2]]
        close += [each for each in _KNOWN if each.startswith(f"{name}_")]
        close += get_close_matches(name, _KNOWN, n=1, cutoff=0.75)
        hint = f"; did you mean {close[0]}?" if close else ""
        lines[name] = f"{_one_line(name)} is not a setting{hint}"
    return lines


_KNOWN = {name: field for field in Settings.model_fields for name in variables(field)}
"""The field behind each variable."""
_SECRETS = [name for name, each in Settings.model_fields.items() if each.annotation is SecretStr]


def _read(env_file: Path) -> dict[str, Given]:
    try:
        values = dotenv_values(env_file, interpolate=False)
    except UnicodeDecodeError as error:
        raise SettingError(f"{env_file} cannot be read; it must be UTF-8 text: {error}") from None
    except OSError as error:
        raise SettingError(f"{env_file} cannot be read: {error.strerror or error}") from None
    source = str(env_file.absolute())
    return {name: Given(value, source) for name, value in values.items() if value is not None}


def _explain(field: str, error: ErrorDetails, given: Mapping[str, Given]) -> str:
    variable = next((name for name in variables(field) if name in given), variables(field)[0])
    value = given[variable].value if variable in given else str(error["input"])
    ours = error["type"] == "value_error"
    reason = error["msg"].removeprefix("Value error, ") if ours else f"must be {allowed(field)}"
    return f"{variable}={shown(field, value)}: {_one_line(reason)}"


def _one_line(text: str) -> str:
    return text if text.isprintable() else ascii(text)[1:-1]

"""Every setting, read once at boot from the environment and `.env`, then frozen.

`REN_X` may also be written `WREN_X` (an older name of this product); `REN_X` wins where both are
set, wherever that is, and the environment wins over `.env`. Empty means unset. Two names keep no
prefix, because the model's own SDK reads them too: ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasGenerator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from ren_device.errors import SettingError
from ren_device.model import Tier


def _aliases(field: str) -> AliasChoices:
    return AliasChoices(f"REN_{field.upper()}", f"WREN_{field.upper()}")


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        raise ValueError("not a time zone; use a name such as Europe/London") from None
    return name


def _audio_source(value: str) -> str:
    if value == "wav:":
        raise ValueError("names no file; write wav:PATH")
    return value


def _phrases(value: object) -> object:
    if isinstance(value, str):
        parts = (part.strip() for part in value.split(","))
        return tuple(part if "/" in part else part.lower() for part in parts if part)
    return value


def _hosts(values: tuple[str, ...]) -> tuple[str, ...]:
    for each in values:
        if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", each):
            raise ValueError(f"{each} is not a host name; write ren.example, with no port")
    return values


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for each in values:
        if not re.fullmatch(r"https?://[^/\s]+", each):
            raise ValueError(f"{each} is not an origin; write https://app.example, with no path")
    return tuple(each.lower() for each in values)


def _default_data_dir() -> Path:
    systemd = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(systemd) if systemd else user_data_path("ren", appauthor=False)


class Settings(BaseModel):
    """What the person who runs this Ren decided. See the module for where values come from."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        validate_default=True,
        alias_generator=AliasGenerator(validation_alias=_aliases),
    )

    # --- the house ---
    host: str = "127.0.0.1"
    """Address to serve on; 0.0.0.0 lets phones in."""
    port: int = Field(8000, ge=0, le=65535)
    """Port to serve on; 0 takes any free one."""
    data_dir: Path = Field(default_factory=_default_data_dir)
    """Everything that Ren keeps."""
    name: str = Field("Ren", min_length=1, max_length=40)
    """What this speaker is called on the network."""
    language: Literal["en"] = "en"
    """The language of the offline mind."""
    timezone: Annotated[str, AfterValidator(_known_timezone)] = ""
    """Such as Europe/London; empty means the system's."""
    mdns_enabled: bool = True
    """Whether the speaker announces itself on the local network."""
    allowed_hosts: Annotated[
        tuple[str, ...], BeforeValidator(_phrases), AfterValidator(_hosts)
    ] = ()
    """Comma-separated further names under which browsers may address the speaker."""
    allowed_origins: Annotated[
        tuple[str, ...], BeforeValidator(_phrases), AfterValidator(_origins)
    ] = ()
    """Comma-separated web pages from elsewhere that may talk to the speaker: https://app.example."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged; speech and message text never are."""

    # --- the mind ---
    default_tier: Tier = Tier.DEFAULT
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
    microphone: Annotated[str, AfterValidator(_audio_source)] = "auto"
    """`auto`, part of a device's name, `wav:PATH` (played once, in real time), or `none`."""
    speaker: Annotated[str, AfterValidator(_audio_source)] = "auto"
    """`auto`, part of a device's name, `wav:PATH` (records what would be heard), or `none`."""
    wake_engine: Literal["auto", "micro", "open", "porcupine"] = "auto"
    """`auto` is porcupine where an access key is set, else micro and open together."""
    wake_words: Annotated[tuple[str, ...], BeforeValidator(_phrases)] = ("hey jarvis",)
    """Comma-separated phrases; see ren_device/engines/README.md for which engine knows which."""
    porcupine_access_key: SecretStr = SecretStr("")
    """Picovoice's key."""
    stt_engine: Literal["auto", "moonshine", "vosk"] = "auto"
    """`auto` is vosk where a model directory is set, else moonshine."""
    vosk_model: Path | None = None
    """Directory of an unpacked Vosk model."""
    tts_voice: str = "joe"
    """`joe`, or the path of a Piper voice (an .onnx file with its .onnx.json beside it)."""

    # --- the cloud ---
    anthropic_api_key: SecretStr = Field(SecretStr(""), validation_alias="ANTHROPIC_API_KEY")
    """Without it the cloud tiers answer 503 and the microphone uses the local tier."""
    anthropic_base_url: str = Field("", validation_alias="ANTHROPIC_BASE_URL")
    """Another server that speaks the Messages API."""

    @property
    def has_api_key(self) -> bool:
        """Whether a cloud tier can be tried."""
        return bool(self.anthropic_api_key.get_secret_value().strip())


def load(env_file: str | Path | None = ".env") -> Settings:
    """Read the settings; raises SettingError naming the first variable that is wrong."""
    found = {**_read(Path(env_file)), **os.environ} if env_file else dict(os.environ)
    given = {name: value for name, value in found.items() if value}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise SettingError(_explain(error, given)) from None


def _read(env_file: Path) -> dict[str, str]:
    try:
        values = dotenv_values(env_file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{env_file} cannot be read; it must be UTF-8 text: {error}") from None
    return {name: value for name, value in values.items() if value is not None}


def _explain(error: ValidationError, given: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    variable = str(first["loc"][0])
    older_name = variable.replace("REN_", "WREN_", 1)
    if variable not in given and older_name in given:
        variable = older_name
    shown = "***" if variable.endswith("_KEY") else str(first["input"])
    return f"{variable}={shown}: {first['msg'].removeprefix('Value error, ')}"

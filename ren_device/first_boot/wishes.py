"""What a person may wish on the card, whatever file it came in; validated strictly."""

import base64
import binascii
import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from ren_device.first_boot.countries import COUNTRIES
from ren_device.setting_types import Language, Name, Timezone

SSID_BYTES = 32
"""The longest name of a network, as IEEE 802.11 has it."""

_KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def _ssid(value: object) -> bytes:
    """Text or, from Imager, the bytes themselves."""
    octets = value.encode() if isinstance(value, str) else value
    if not isinstance(octets, bytes) or not 1 <= len(octets) <= SSID_BYTES:
        raise ValueError("not 1 to 32 bytes")
    return octets


def _password(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[ -~]{8,63}|[0-9A-Fa-f]{64}", value.get_secret_value()):
        raise ValueError("neither a passphrase nor a key")
    return value


def _country(value: str) -> str:
    if value.upper() not in COUNTRIES:
        raise ValueError("not a country")
    return value.upper()


def _api_key(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[!-~]{8,256}", value.get_secret_value()):
        raise ValueError("not a key")
    return value


def _several(value: object) -> object:
    if isinstance(value, list):
        return tuple(value)
    return (value,) if isinstance(value, str) else value


def _public_key(value: str) -> str:
    """One line of an authorized_keys file, without options; its type is also within the key."""
    kind, _, rest = value.strip().partition(" ")
    encoded, _, comment = rest.strip().partition(" ")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    named = len(kind).to_bytes(4, "big") + kind.encode()
    printable = comment.isprintable()
    if kind not in _KEY_TYPES or len(blob) < len(named) + 32 or not blob.startswith(named):
        printable = False
    if not printable:
        raise ValueError("not a public key")
    return f"{kind} {encoded} {comment.strip()}".rstrip()


class Wifi(BaseModel):
    """One wireless network."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    ssid: Annotated[bytes, BeforeValidator(_ssid)]
    """Its name; 1 to 32 bytes."""
    password: Annotated[SecretStr, AfterValidator(_password)] | None = None
    """A passphrase of 8 to 63 ASCII characters, or the 64 hexadecimal digits made of it."""
    country: Annotated[str, AfterValidator(_country)] | None = None
    """Where the radio is: two capital letters."""
    hidden: bool = False
    """Whether the network does not tell its name."""


class Wishes(BaseModel):
    """What one file asks for; None leaves a thing as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[Name, Field(min_length=1, max_length=40)] | None = None
    """REN_NAME."""
    language: Language | None = None
    """REN_LANGUAGE."""
    timezone: Annotated[Timezone, Field(min_length=1)] | None = None
    """REN_TIMEZONE, and the system's."""
    api_key: Annotated[SecretStr, AfterValidator(_api_key)] | None = None
    """ANTHROPIC_API_KEY."""
    ssh_keys: Annotated[
        tuple[Annotated[str, AfterValidator(_public_key)], ...] | None, BeforeValidator(_several)
    ] = Field(None, validation_alias=AliasChoices("ssh_key", "ssh_keys"))
    """Who may log in over SSH; none of them switches SSH off."""
    wifi: Wifi | None = None
    """The network to join."""

    def over(self, other: "Wishes") -> "Wishes":
        """These wishes, and where there is none, the other's."""
        return other.model_copy(update={name: getattr(self, name) for name in self.wished()})

    def wished(self) -> tuple[str, ...]:
        """The names of what is wished."""
        return tuple(each for each in Wishes.model_fields if getattr(self, each) is not None)

    def secrets(self) -> tuple[str, ...]:
        """What must not stay on the card."""
        held = (self.api_key, self.wifi.password if self.wifi else None)
        return tuple(each.get_secret_value() for each in held if each)


TOP_KEYS = ("name", "language", "timezone", "api_key", "ssh_key", "ssh_keys", "wifi")
"""What may be written above `[wifi]`."""
WIFI_KEYS = tuple(Wifi.model_fields)
"""What may be written below it."""

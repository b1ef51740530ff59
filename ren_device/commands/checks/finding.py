"""What a check is given, and what it finds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Literal, cast
from urllib.request import ProxyHandler, build_opener

if TYPE_CHECKING:
    from ren_device.hardware_profile import HardwareProfile
    from ren_device.settings import Settings

State = Literal["ok", "note", "wrong"]

_PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `wrong` is what the settings ask for and does not work; `note` is good to know."""

    group: str
    name: str
    state: State
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """The Ren that these settings mean. `health` is /hub/health where it runs, else None."""

    settings: "Settings"
    health: Mapping[str, object] | None
    offline: bool = False
    quiet: bool = False
    """Whether nothing may sound."""
    profile: "HardwareProfile | None" = None
    """Of its board, where it has one that can be used."""

    @property
    def running(self) -> bool:
        """Whether it answers."""
        return self.health is not None

    @property
    def url(self) -> str:
        """Where it answers, or would."""
        return url_of(self.settings)


def url_of(settings: "Settings") -> str:
    """The address of a Ren with these settings, as seen from this machine."""
    own = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  only compared
    host = own.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def fetched(url: str) -> str | None:
    """The text that a Ren answers there; None when there is none. Blocks."""
    opener = build_opener(ProxyHandler({}))  # never by way of a proxy: it is this machine
    try:
        with opener.open(url, timeout=_PATIENCE_S) as response:
            return str(response.read().decode())
    except (OSError, ValueError, HTTPException):
        return None


def asked(url: str) -> Mapping[str, object] | None:
    """The JSON object that a Ren answers there; None when there is none. Blocks."""
    try:
        answer = json.loads(fetched(url) or "")
    except ValueError:
        return None
    return cast("Mapping[str, object]", answer) if isinstance(answer, dict) else None

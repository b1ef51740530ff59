"""`user-data` and `network-config`, as Raspberry Pi Imager writes them: what of them is for Ren.

Of cloud-init this is not more than Imager's own fields. Every scalar is read as text, so that
Norway is not false, and nothing is ever run.
"""

import re
from typing import Any

import yaml

from ren_device.first_boot.complaints import Complaint, Wrong


def user_data(text: str) -> dict[str, object]:
    """Name, time zone and SSH keys, as fields of Wishes; raises Wrong."""
    found = _mapping(_loaded(text))
    given: dict[str, object] = {}
    if name := found.get("hostname"):
        given["name"] = _octets(str(name), text).decode(errors="replace")
    if zone := found.get("timezone"):
        given["timezone"] = zone
    users = [found, found.get("user"), *_list(found.get("users"))]
    keys = [key for user in users for key in _list(_mapping(user).get("ssh_authorized_keys"))]
    if keys:
        given["ssh_keys"] = list(dict.fromkeys(keys))
    return given


def has_login(text: str) -> bool:
    """Whether it sets a password for logging in."""
    return bool(re.search(r"(?m)^\s*(-\s*)?(passwd|hashed_passwd|plain_text_passwd):", text)) or (
        bool(re.search(r"(?m)^ssh_pwauth:\s*(true|yes|1)", text))
    )


def network_config(text: str) -> dict[str, object]:
    """The first wireless network, as a field of Wishes; raises Wrong."""
    found = _mapping(_loaded(text))
    network = _mapping(found.get("network", found))
    for interface in _mapping(network.get("wifis")).values():
        for ssid, point in _mapping(_mapping(interface).get("access-points")).items():
            return {"wifi": _wifi(_octets(ssid, text), _mapping(interface), _mapping(point))}
    return {}


def _wifi(ssid: bytes, interface: dict[str, Any], point: dict[str, Any]) -> dict[str, object]:
    wifi: dict[str, object] = {"ssid": ssid}
    if password := point.get("password") or _mapping(point.get("auth")).get("password"):
        wifi["password"] = password
    if country := interface.get("regulatory-domain"):
        wifi["country"] = country
    if str(point.get("hidden")).lower() in ("true", "yes"):
        wifi["hidden"] = True
    return wifi


def _octets(ssid: str, text: str) -> bytes:
    r"""Newer Imagers write each byte above ASCII as \xHH, older ones the text itself."""
    escaped = text.isascii() and re.search(r"\\x[89a-fA-F]", text)
    return ssid.encode("latin-1", "replace") if escaped else ssid.encode()


def _loaded(text: str) -> object:
    try:
        # Makes texts, lists and mappings only.
        found: object = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise Wrong(Complaint("yaml", mark.line + 1 if mark else None)) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Wrong(Complaint("yaml")) from None
    return found


def _mapping(value: object) -> dict[str, Any]:
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

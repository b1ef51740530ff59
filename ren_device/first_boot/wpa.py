"""The file of wpa_supplicant for one network."""

import re
from hashlib import pbkdf2_hmac

from ren_device.first_boot.wishes import Wifi

_HEAD = """\
# Written by Ren from what was put on the card; for another network put a new ren.toml there.
ctrl_interface=/run/wpa_supplicant
"""


def configuration(wifi: Wifi) -> bytes:
    """The whole file. It holds the password: for root alone."""
    lines = [_HEAD]
    if wifi.country:
        lines.append(f"country={wifi.country}\n")
    fields = [f"ssid={_quoted(wifi.ssid)}"]
    if wifi.hidden:
        fields.append("scan_ssid=1")
    password = wifi.password.get_secret_value() if wifi.password else ""
    if not password:
        fields.append("key_mgmt=NONE")
    elif len(password) == 64:  # made of the passphrase for WPA2; WPA3 needs the passphrase itself
        fields += ["key_mgmt=WPA-PSK", f"psk={password}"]
    else:
        # Its parser takes a # after a quote for a comment, so there are no texts in quotes here.
        key = pbkdf2_hmac("sha1", password.encode(), wifi.ssid, 4096, 32)
        fields += ["key_mgmt=WPA-PSK SAE", "ieee80211w=1", f"psk={key.hex()}"]
        fields.append(f"sae_password={password.encode().hex()}")
    lines.append("network={\n" + "".join(f"\t{each}\n" for each in fields) + "}\n")
    return "".join(lines).encode("ascii")


def _quoted(ssid: bytes) -> str:
    """In quotes where that is plain, else in hexadecimal digits."""
    return f'"{ssid.decode()}"' if re.fullmatch(rb"[\w .-]+", ssid) else ssid.hex()

"""`firstrun.sh`, the script that older Imagers write: read, never run.

It says everything twice, for systems with `imager_custom` and for others; either is enough.
"""

import re
import shlex
from collections.abc import Sequence

_HOSTNAME = re.compile(r"(?m)^\s*(?:IMAGER_HOSTNAME=(.+)|echo (\S+) >/etc/hostname)$")
_TIMEZONE = re.compile(r'(?m)^\s*echo "([^"$]+)" >/etc/timezone$')
_PUBLIC_KEY = re.compile(
    r"(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp\d+|sk-[a-z0-9-]+@openssh\.com)"
    r" [A-Za-z0-9+/]+=*(?: [^'\"\\\n]*)?"
)
_SUPPLICANT = re.compile(r"(?ms)^cat >\S*wpa_supplicant\.conf <<'(\w+)'\n(.*?)^\1$")
# What Imager adds to cmdline.txt, so that systemd runs the script and nothing else.
_RUN_WORDS = re.compile(
    rb" ?systemd\.(?:run(?:_success_action|_failure_action)?=\S*"
    rb"|unit=kernel-command-line\.target)"
)
_COUNTRY_WORD = re.compile(rb"(?:^| )cfg80211\.ieee80211_regdom=([A-Z]{2})(?= |$)")


def wishes(script: str) -> dict[str, object]:
    """What the script would do, as fields of Wishes."""
    calls = _calls(script)
    given: dict[str, object] = {}
    if name := _argument(calls, "set_hostname") or _match(_HOSTNAME, script):
        given["name"] = name
    if zone := _argument(calls, "set_timezone") or _match(_TIMEZONE, script):
        given["timezone"] = zone
    if keys := [each.strip() for each in _PUBLIC_KEY.findall(script)]:
        given["ssh_keys"] = list(dict.fromkeys(keys))
    if wifi := _of_call(calls) or _of_supplicant(script):
        given["wifi"] = wifi
    return given


def has_login(script: str) -> bool:
    """Whether it sets a password for logging in."""
    return "chpasswd -e" in script or bool(re.search(r"userconf \S+ '[^']", script))


def without_run_words(cmdline: bytes) -> bytes:
    """`cmdline.txt` as it was before Imager."""
    return _RUN_WORDS.sub(b"", cmdline)


def country(cmdline: bytes) -> str:
    """The country that Imager leaves in `cmdline.txt`, or nothing."""
    found = _COUNTRY_WORD.search(cmdline)
    return found[1].decode() if found else ""


def _calls(script: str) -> list[list[str]]:
    """The words of each line that calls imager_custom, its own name left out."""
    found = []
    for line in script.splitlines():
        _, name, rest = line.partition("/imager_custom ")
        if name and not line.lstrip().startswith("if "):
            try:
                found.append(shlex.split(rest))
            except ValueError:
                continue  # what it says is there once more, for other systems
    return found


def _argument(calls: Sequence[Sequence[str]], verb: str) -> str:
    texts = (words[1] for words in calls if words[0] == verb and len(words) > 1)
    return next((text for text in texts if "$" not in text), "")


def _match(pattern: re.Pattern[str], script: str) -> str:
    found = pattern.search(script)
    text = next((group for group in found.groups() if group), "") if found else ""
    try:
        return " ".join(shlex.split(text))
    except ValueError:
        return ""


def _of_call(calls: Sequence[Sequence[str]]) -> dict[str, object]:
    for words in calls:
        options = [each for each in words[1:] if each in ("-h", "--hidden", "-p", "--plain")]
        said = [each for each in words[1:] if each not in options]
        if words[0] == "set_wlan" and said:
            hidden = "-h" in options or "--hidden" in options
            return _wifi(said[0].encode(), *[*said[1:3], "", ""][:2], hidden=hidden)
    return {}


def _of_supplicant(script: str) -> dict[str, object]:
    if not (body := _SUPPLICANT.search(script)):
        return {}
    lines = (line.strip().partition("=") for line in body[2].splitlines())
    fields = {key: value for key, equals, value in lines if equals}
    ssid, psk = fields.get("ssid", ""), fields.get("psk", "")
    quoted = ssid.startswith('"') and ssid.endswith('"') and len(ssid) > 1
    try:
        octets = _unescaped(ssid[1:-1]) if quoted else bytes.fromhex(ssid.removeprefix("hex:"))
    except ValueError:
        octets = b""
    password = psk[1:-1] if psk.startswith('"') else psk
    hidden = fields.get("scan_ssid") == "1"
    return _wifi(octets, password, fields.get("country", ""), hidden=hidden)


def _unescaped(text: str) -> bytes:
    return re.sub(r'\\(["\\])', r"\1", text).encode()


def _wifi(ssid: bytes, password: str, country: str, *, hidden: bool) -> dict[str, object]:
    wifi: dict[str, object] = {"ssid": ssid}
    if password:
        wifi["password"] = password
    if country:
        wifi["country"] = country
    if hidden:
        wifi["hidden"] = True
    return wifi

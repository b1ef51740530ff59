"""What is written is read by systemd and wpa_supplicant as meant; on the card no secret is left."""

import json
import re
import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from ren_device.first_boot import environment
from ren_device.first_boot.reading import read
from ren_device.first_boot.wishes import Wifi
from ren_device.first_boot.wpa import configuration

words = st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=20)
passwords = st.from_regex(r"[!-~]{12,63}", fullmatch=True)


@settings(max_examples=30, deadline=None)
@given(value=st.text(st.characters(blacklist_categories=["C"]), max_size=40))
def test_a_setting_is_written_as_systemd_reads_it(value: str) -> None:
    line = f"REN_NAME={environment.quoted(value)}"
    text = environment.with_lines("# a\nREN_NAME=x\nREN_PORT=1\nREN_NAME=y", {"REN_NAME": line})
    assert text == f"# a\n{line}\nREN_PORT=1\n"
    assert unquoted(line) == value


def unquoted(line: str) -> str:
    """As systemd reads it: between double quotes, a backslash goes before what it protects."""
    value = line.partition("=")[2]
    assert value[0] == value[-1] == '"'
    return re.sub(r'\\(["\\`$])', r"\1", value[1:-1])


@settings(max_examples=30, deadline=None)
@given(
    name=words.filter(lambda text: text.isprintable()),
    password=passwords,
    key=passwords,
    comment=words,
    form=st.sampled_from(["table", "inline", "dotted", "multi-line", "escaped"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_no_secret_is_left_whatever_the_file_looks_like(
    name: str, password: str, key: str, comment: str, form: str, newline: str
) -> None:
    quoted = json.dumps(password)
    wifi = {
        "table": f'[wifi]\nssid = "x" # {comment}\npassword = {quoted} # {password}',
        "inline": f'wifi = {{ssid = "x", password = {quoted}}}',
        "dotted": f'wifi.ssid = "x"\nwifi . "password" = {quoted}',
        "multi-line": f'[wifi]\nssid = "x"\npassword = """\n{escaped(password)}"""',
        "escaped": f'[wifi]\npassword = "{escaped(password)}"\nssid = "x"',
    }[form]
    key_line = f"api_key = {json.dumps(key)}"
    text = (
        f"# {comment}\nname = {json.dumps(name, ensure_ascii=False)}\n{key_line}\n# {key}\n{wifi}\n"
    )
    # Of Windows' line ends none is in a value: the text in three quotes starts after it.
    found = read("ren.toml", text.replace("\n", newline).encode(), "")
    assert found.wishes.secrets() == (key, password)
    for secret in (password, key):
        assert secret.encode() not in found.after
        assert escaped(secret).encode() not in found.after
    left = read("ren.toml", found.after, "")
    assert left.after == found.after
    if password not in name and key not in name:
        assert tomllib.loads(found.after.decode()) == {"name": name}
        assert f"# {comment}{newline}".encode() in found.after


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


@settings(max_examples=30, deadline=None)
@given(
    ssid=st.binary(min_size=1, max_size=32), password=st.none() | passwords, hidden=st.booleans()
)
def test_every_network_can_be_written_for_wpa_supplicant(
    ssid: bytes, password: str | None, hidden: bool
) -> None:
    secret = None if password is None else SecretStr(password)
    text = configuration(Wifi(ssid=ssid, password=secret, hidden=hidden)).decode("ascii")
    block = re.fullmatch(r"(?s).*\nnetwork=\{\n(.*)\}\n", text)
    assert block
    fields = dict(line.strip().split("=", 1) for line in block[1].splitlines())
    written = fields["ssid"]
    assert "#" not in block[1]
    assert (written[1:-1].encode() if written[0] == '"' else bytes.fromhex(written)) == ssid
    assert ("scan_ssid" in fields) == hidden
    if password is None:
        assert fields["key_mgmt"] == "NONE"
    else:
        assert bytes.fromhex(fields["sae_password"]).decode() == password
        assert len(bytes.fromhex(fields["psk"])) == 32


def test_the_key_of_a_network_is_what_wpa_passphrase_says() -> None:
    wifi = Wifi(ssid=b"Home", password=SecretStr("hunter222"))
    known = "be9567b8692f4da2b6fc3f14410e327ae4ef77d760996b548072ee6b53d56dc0"
    assert f"psk={known}\n" in configuration(wifi).decode()

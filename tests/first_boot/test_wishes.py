"""What may be written into ren.toml, and what is said of the rest."""

import random
import string
from pathlib import Path

import pytest

from ren_device import languages
from ren_device.first_boot.complaints import Wrong, page
from ren_device.first_boot.countries import COUNTRIES
from ren_device.first_boot.reading import read
from ren_device.first_boot.wishes import Wishes
from tests.first_boot.card import KEY, OTHER_KEY, Card
from tests.test_languages import keys, places

EXAMPLE = Path(__file__).parents[2] / "image/first-boot/ren.toml"


def wishes(text: str) -> Wishes:
    return read("ren.toml", text.encode(), "").wishes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = Kitchen", "line 1: texts are in quotes"),
        ("\nname = “Kitchen”", "line 2: the quotes must be straight"),
        ('name = "a\\b\\k"', "line 1: a \\ in a text"),
        ('name = "a"\nname = "b"', "line 2: this is set a second time"),
        ("just words", "line 1: this is not as Ren can read it"),
        ('name = "Kitchen', "line 1: this is not as Ren can read it"),
        ('naem = "K"', "line 1: there is no setting called naem. Did you mean name?"),
        ('[Wifi]\nssid = "x"', "no setting called Wifi. Did you mean wifi?"),
        ('ssid = "x"', "Did you mean ssid, below [wifi]?"),
        ('[wifi]\nssid = "x"\ntimezone = "UTC"', "line 3: there is no setting called timezone"),
        ('[wifi]\nssid = "x"\ntimezone = "UTC"', "Did you mean timezone, above [wifi]?"),
        ('[wifi]\npassword = "12345678"', "[wifi] needs the name of the network"),
        ('wifi = "Home"', "the Wi-Fi is a line [wifi]"),
        ("name = 5", "name is a text of 1 to 40 characters"),
        ('name = ""', "name is a text of 1 to 40 characters"),
        (f'name = "{41 * "x"}"', "name is a text of 1 to 40 characters"),
        ('language = "fr"', "language is one of de, en"),
        ('timezone = "Berlin"', "Did you mean Europe/Berlin?"),
        ('timezone = "Europe/Londom"', "Did you mean Europe/London?"),
        ('timezone = "../../etc/passwd"', "timezone is a continent and a city"),
        ('timezone = ""', "timezone is a continent and a city"),
        ('api_key = "has a space"', "without spaces"),
        ('ssh_key = "-----BEGIN OPENSSH PRIVATE KEY-----"', "the one line of a public key"),
        ('ssh_key = "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIBq3"', "the one line of a public key"),
        (f"ssh_keys = ['command=\"x\" {KEY}']", "the one line of a public key"),
        (f'[wifi]\nssid = "{33 * "x"}"', "line 2: ssid is the name of the network"),
        ('[wifi]\nssid = "x"\npassword = "short"', "line 3: password is 8 to 63"),
        ('[wifi]\nssid = "x"\npassword = "größer-als-8"', "line 3: password is 8 to 63"),
        (f'[wifi]\nssid = "x"\npassword = "{64 * "g"}"', "line 3: password is 8 to 63"),
        ('[wifi]\nssid = "x"\npassword = ""', "line 3: password is 8 to 63"),
        ('[wifi]\nssid = "x"\ncountry = "UK"', "Did you mean GB?"),
        ('[wifi]\nssid = "x"\nhidden = "yes"', "hidden is true or false, without quotes"),
        ("x = [\n" + "[" * 9000, "this is not as Ren can read it"),
        ("#" * 20_000, "the file is too long"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_nothing_is_applied(
    tmp_path: Path, text: str, said: str
) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", text)
    before = card.state()
    outcome = card.take_over()
    assert (outcome.applied, outcome.wrong) == ((), ("ren.toml",))
    assert said in card.errors
    assert (tmp_path / "run/ren-image/card").read_text() == "wrong\n"
    kept = {path: content for path, content in card.state().items() if path in before}
    assert kept == before
    made = {path for path in card.state() if path not in before}
    assert made == {"boot/firmware/ren-errors.txt", "data/first-boot/seen", "run/ren-image/card"}


def test_the_errors_are_in_the_language_of_the_file_or_in_all(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", 'language = "de"\ntimezone = "Berlin"')
    card.take_over()
    assert "Zeile 2: timezone ist" in card.errors
    assert "line 2" not in card.errors
    card.put("ren.toml", "language = de")
    card.take_over()
    assert "line 1: texts" in card.errors
    assert "Zeile 1: Texte" in card.errors


def test_no_secret_is_repeated(tmp_path: Path) -> None:
    card = Card(tmp_path)
    secret = "hunter2-öäü"
    for line in ("password = {}", 'password = "{}"', 'passwort = "{}"', '"{}" = 1', 'name = "{}'):
        card.put("ren.toml", f"[wifi]\n{line.format(secret)}\n")
        assert card.take_over().wrong
        assert "hunter2" not in card.errors


def test_all_that_is_right_is_accepted() -> None:
    text = f'''
name = "Küche"
language = "DE"
timezone = "Europe/Berlin"
api_key = "sk-ant-api03-x_y"
ssh_keys = ["{KEY}", "{OTHER_KEY}"]
[wifi]
ssid = 'He said "hi" \\ ☕'
password = "{"0aF" * 21}b"
country = "de"
hidden = true
'''
    found = wishes(text)
    assert found.wished() == tuple(Wishes.model_fields)
    assert (found.name, found.language, found.timezone) == ("Küche", "de", "Europe/Berlin")
    assert found.ssh_keys == (KEY, OTHER_KEY)
    assert found.wifi
    assert found.wifi.ssid.decode() == 'He said "hi" \\ ☕'
    assert (found.wifi.country, found.wifi.hidden) == ("DE", True)
    assert found.secrets() == ("sk-ant-api03-x_y", "0aF" * 21 + "b")
    assert "0aF" not in repr(found)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_what_editors_make_of_it(encoding: str) -> None:
    text = '# Notepad\r\nname = "Küche ☕"\r\n[wifi]\r\nssid = "Zuhause"\r\n'
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    found = read("ren.toml", f"{mark}{text}".encode(encoding), "").wishes
    assert found.name == "Küche ☕"
    assert found.wifi
    assert found.wifi.ssid == b"Zuhause"


def test_an_old_encoding_is_named(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", '# x\nname = "Küche"'.encode("cp1252"))
    card.take_over()
    assert "line 2: the file has characters that are not UTF-8" in card.errors


def test_the_example_has_nothing_in_it_and_each_line_of_it_can_be_used() -> None:
    text = EXAMPLE.read_text()
    assert wishes(text).wished() == ()
    used = "\n".join(
        line[1:] if line.startswith("#") and not line.startswith("# ") else line
        for line in text.replace("ssh-ed25519 AAAA... me@laptop", KEY).splitlines()
    )
    assert wishes(used).wished() == tuple(Wishes.model_fields)


def test_the_countries_are_those_of_the_zone_database() -> None:
    table = Path("/usr/share/zoneinfo/iso3166.tab").read_text().splitlines()
    assert {line.split("\t")[0] for line in table if not line.startswith("#")} == COUNTRIES


@pytest.mark.parametrize("code", languages.codes())
def test_every_language_has_the_words_and_their_places(code: str) -> None:
    english = dict(keys(languages.read("en", "first_boot")))
    other = dict(keys(languages.read(code, "first_boot")))
    assert other.keys() == english.keys()
    for key, text in other.items():
        assert places(text) == places(english[key]), key


def test_whatever_is_written_it_is_read_or_refused_in_words() -> None:
    """Slips of all kinds in a good file."""
    chance = random.Random(11)
    good = f'name = "K"\nssh_key = "{KEY}"\n[wifi]\nssid = "x"\npassword = "12345678"\n'
    refused = accepted = 0
    for _ in range(150):
        text = list(good)
        for _ in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.choice(string.printable + "„ü\0")
        try:
            wishes("".join(text))
        except Wrong as wrong:
            refused += page({"ren.toml": wrong.complaints}, ("en", "de")).count("\n- ") >= 2
        else:
            accepted += 1
    assert refused + accepted == 150
    assert refused
    assert accepted

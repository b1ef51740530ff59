"""From the card to the data partition, whenever the power goes."""

import random
from pathlib import Path

import pytest

from ren_device.commands import first_boot
from ren_device.errors import StoreError
from ren_device.first_boot.person_file import without_secrets
from ren_device.first_boot.taking_over import take_over
from tests.first_boot.card import KEY, Card, DyingTree, Gone, LockedTree
from tests.first_boot.test_imager import CMDLINE, FIRSTRUN, NETWORK_2, RUN_WORDS, USER_DATA_2

FILE = f'''# My speaker
name = "Kitchen" # on the counter
timezone = "Europe/Berlin"

api_key = "sk-ant-secret-1"
ssh_key = "{KEY}"

[wifi] # the router upstairs
ssid = "Home"
password = "hunter2 hunter2"
country = "DE"
'''
SECRETS = (b"sk-ant-secret-1", b"hunter2 hunter2")


def test_everything_comes_to_its_place_and_the_secrets_leave_the_card(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", FILE)
    outcome = card.take_over()
    assert outcome.applied == ("name", "timezone", "api_key", "ssh_keys", "wifi")
    assert card.settings == (
        "# Ren's settings\nREN_HOST=0.0.0.0\n"
        'REN_NAME="Kitchen"\nREN_TIMEZONE="Europe/Berlin"\nANTHROPIC_API_KEY="sk-ant-secret-1"\n'
    )
    assert card.keys == f"{KEY}\n"
    assert (card.data / "etc/localtime").readlink() == Path("/usr/share/zoneinfo/Europe/Berlin")
    for path in ("etc/wpa_supplicant/wpa_supplicant-wlan0.conf", "ssh/authorized_keys"):
        assert (card.data / path).stat().st_mode & 0o777 == 0o600
    assert (card.data / "etc/ren/ren.env").stat().st_mode & 0o777 == 0o640
    note = "Ren has taken this over, and removed it from the card. Write it again to change it."
    assert (
        (card.boot / "ren.toml").read_text()
        == f'''# My speaker
name = "Kitchen" # on the counter
timezone = "Europe/Berlin"

# api_key: {note}
ssh_key = "{KEY}"

# [wifi] # the router upstairs
# ssid = "Home"
# password: {note}
# country = "DE"
'''
    )
    assert (tmp_path / "run/ren-image/card").read_text() == "applied\n"
    assert not (card.data / "first-boot/pending").exists()


def test_it_is_applied_once_and_again_when_it_changes(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", FILE)
    card.take_over()
    network = card.wifi
    # A person changes a setting by other means: what is on the card does not undo it.
    changed = card.settings.replace("Kitchen", "Bedroom")
    (card.data / "etc/ren/ren.env").write_text(changed)
    assert card.take_over().applied == ()
    assert card.settings == changed
    # The file as it was left, with one more line: Wi-Fi and key stay as they are.
    left = (card.boot / "ren.toml").read_text()
    card.put("ren.toml", left.replace('"Kitchen"', '"Office"'))
    assert card.take_over().applied == ("name", "timezone", "ssh_keys")
    assert card.wifi == network
    assert "sk-ant-secret-1" in card.settings
    # A new network, and SSH switched off.
    card.put("ren.toml", 'ssh_keys = []\n[wifi]\nssid = "Cottage"\n')
    assert card.take_over().applied == ("ssh_keys", "wifi")
    assert 'ssid="Cottage"' in card.wifi
    assert not (card.data / "ssh/authorized_keys").exists()


def test_after_a_factory_reset_the_rest_of_the_file_asks_for_no_open_network(
    tmp_path: Path,
) -> None:
    card = Card(tmp_path / "first")
    card.put("ren.toml", FILE)
    card.take_over()
    again = Card(tmp_path / "second")
    again.put("ren.toml", (card.boot / "ren.toml").read_bytes())
    assert again.take_over().applied == ("name", "timezone", "ssh_keys")
    assert not (again.data / "etc/wpa_supplicant").exists()


def test_errors_go_when_they_are_mended_and_stay_while_they_are_not(tmp_path: Path) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", "name = Kitchen")
    card.take_over()
    card.put("ren.env", "REN_PORT=8001\n")  # something else changes
    assert card.take_over().applied == ("REN_PORT",)
    assert "ren.toml" in card.errors
    card.put("ren.toml", 'name = "Kitchen"')
    card.take_over()
    assert not (card.boot / "ren-errors.txt").exists()


def test_what_is_in_memory_only_stays_on_the_card(tmp_path: Path) -> None:
    card = Card(tmp_path, data="volatile")
    card.put("ren.toml", FILE)
    assert "wifi" in card.take_over().applied
    assert (card.boot / "ren.toml").read_text() == FILE


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", FILE)
    card.put("user-data", "hostname: [")
    assert first_boot.run(type("Arguments", (), {"root": tmp_path})()) == 0
    said = capsys.readouterr().out
    assert "took over from the card: name, timezone, api_key, ssh_keys, wifi\n" in said
    assert "user-data: cannot be used, see ren-errors.txt" in said
    assert not any(secret.decode() in said for secret in SECRETS)


def full(root: Path) -> Card:
    """A card with everything on it at once."""
    card = Card(root)
    card.put("ren.toml", FILE.replace("\n", "\r\n"))
    card.put("user-data", USER_DATA_2)
    card.put("network-config", NETWORK_2)
    card.put("firstrun.sh", FIRSTRUN)
    card.put("ren.env", "ANTHROPIC_API_KEY=sk-ant-secret-1\nREN_PORT=8001\n")
    card.put("cmdline.txt", CMDLINE + RUN_WORDS)
    card.put("ren-errors.txt", "old")
    return card


def test_a_power_cut_at_any_step_changes_nothing_of_the_end(tmp_path: Path) -> None:
    calm = full(tmp_path / "calm")
    calm.take_over()
    end = calm.state()
    chance = random.Random(3)
    steps = 0
    while True:
        card = full(tmp_path / f"cut-{steps}")
        before = card.settings
        try:
            take_over(DyingTree(card.root, steps, chance))
        except Gone:
            steps += 1
        else:
            break
        # All or nothing: without the job no file has changed, and with it all will.
        if not (card.data / "first-boot/pending").exists():
            assert (card.data / "first-boot/seen").exists() or card.settings == before
        # And again while it is being finished.
        for more in (chance.randrange(12), chance.randrange(12)):
            try:
                take_over(DyingTree(card.root, more, chance))
            except Gone:
                continue
        card.take_over()
        state = card.state()
        state["run/ren-image/card"] = end["run/ren-image/card"]
        assert state == end
    assert steps > 12
    assert not any(secret in content for secret in SECRETS for content in on_card(calm))


def on_card(card: Card) -> list[bytes]:
    return [each.read_bytes() for each in card.boot.iterdir()]


def test_a_file_that_a_person_changed_after_a_power_cut_is_taken_for_a_new_one(
    tmp_path: Path,
) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", FILE)
    with pytest.raises(Gone):
        take_over(DyingTree(card.root, 5, random.Random(1)))
    card.put("ren.toml", 'name = "Later"\n')
    assert card.take_over().applied == ("name",)
    assert 'REN_NAME="Later"\n' in card.settings
    assert 'ANTHROPIC_API_KEY="sk-ant-secret-1"\n' in card.settings  # of the job before
    assert (card.boot / "ren.toml").read_text() == 'name = "Later"\n'
    assert card.take_over().applied == ()


def test_a_card_that_cannot_be_written_is_tried_again_and_the_settings_are_not(
    tmp_path: Path,
) -> None:
    card = Card(tmp_path)
    card.put("ren.toml", FILE)
    with pytest.raises(StoreError):
        take_over(LockedTree(tmp_path))
    assert "Kitchen" in card.settings
    (card.data / "etc/ren/ren.env").write_text("REN_NAME=Changed\n")
    with pytest.raises(StoreError):
        take_over(LockedTree(tmp_path))
    assert (card.boot / "ren.toml").read_text() == FILE
    card.take_over()
    assert card.settings == "REN_NAME=Changed\n"
    assert not any(secret in content for secret in SECRETS for content in on_card(card))


def test_comments_and_lines_of_a_person_stay() -> None:
    text = "# a\n\nname='x' # b\r\n[wifi]\n# c\nssid = 'y'\npassword='12345678'"
    left = without_secrets(text, ("12345678",), "{key}!")
    assert left == "# a\n\nname='x' # b\r\n# [wifi]\n# c\n# ssid = 'y'\n# password!"


def test_overwriting_keeps_the_file_in_its_place(tmp_path: Path) -> None:
    """The same inode and the same blocks: on FAT, the same clusters."""
    card = Card(tmp_path)
    card.put("ren.toml", FILE + 100 * "# filling\n")
    before = (card.boot / "ren.toml").stat().st_ino
    card.take_over()
    assert (card.boot / "ren.toml").stat().st_ino == before

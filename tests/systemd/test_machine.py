"""The installed Ren under a real systemd: ready, killed when it freezes, heard when it gives up."""

import json
import stat
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.systemd import machine
from tests.systemd.machine import Machine

pytestmark = pytest.mark.peer

UNIT = "ren-device.service"
SETTINGS = {
    "REN_VOICE_ENABLED": "false",
    "REN_MDNS_ENABLED": "false",
    "REN_HARDWARE": "bare-i2s",
    "REN_GPIO": "mock",
    "REN_SPEAKER": "wav:/var/lib/ren/heard.wav",
}
SOONER = """[Service]
ExecStart=
ExecStart=/opt/ren/.venv/bin/python -m ren_device fault --seconds 4
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = machine.new_root(tmp_path_factory.mktemp("machine") / "root")
    done = machine.install(folder)
    assert done.returncode == 0, done.stderr
    # As a person does it who has the card in a laptop, perhaps one with Windows.
    card = folder / "boot/firmware/ren.env"
    card.parent.mkdir(parents=True)
    card.write_text(machine.settings(**SETTINGS), newline="\r\n")
    drop_in = folder / "etc/systemd/system/ren-fault.service.d/sooner.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(SOONER)
    return folder


@pytest.fixture(scope="module")
def counter(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine.running(root, tmp_path_factory.mktemp("console") / "log") as running:
        compiler = ("env", "LD_LIBRARY_PATH=/opt/python/lib", "/opt/ren/.venv/bin/python", "-m")
        running.run(*compiler, "compileall", "-q", "/opt/ren/ren_device")  # as the set-up does
        # Returns when both are ready.
        running.run("systemctl", "start", "ren-first-boot.service", UNIT)
        yield running


def get(counter: Machine, path: str) -> Any:
    return json.loads(counter.run("curl", "-sS", f"localhost:8000{path}"))


def set_timer(counter: Machine) -> int:
    asked = json.dumps({"message": "set a timer for two hours", "tier": "local"})
    header = "content-type: application/json"
    counter.run("curl", "-sS", "-f", "localhost:8000/chat", "-H", header, "-d", asked)
    newest: int = max(alert["id"] for alert in get(counter, "/alerts")["alerts"])
    return newest


def is_kept(counter: Machine, alert_id: int) -> bool:
    alerts = get(counter, "/alerts")["alerts"]
    found = [each for each in alerts if each["id"] == alert_id]
    return bool(found) and found[0]["state"] == "pending" and found[0]["remaining_s"] > 7000


def test_it_is_ready_as_its_own_user_and_says_what_it_does(counter: Machine) -> None:
    assert counter.show(UNIT, "ActiveState") == "active"
    assert counter.show(UNIT, "StatusText")
    process = Path("/proc", counter.show(UNIT, "MainPID"))
    status = counter.run("cat", f"{process}/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    ren = counter.run("id", "-u", "ren").strip()
    assert fields["Uid"].split() == [ren] * 4
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 0
    assert (fields["NoNewPrivs"].strip(), fields["Seccomp"].strip()) == ("1", "2")
    named = {
        counter.run("getent", "group", each).split(":")[0] for each in fields["Groups"].split()
    }
    assert named == {"ren", "audio", "gpio", "spi", "video"}
    assert counter.show(UNIT, "MemoryMax") == str(2**30)


def test_the_settings_on_the_card_were_taken_over_once(counter: Machine, root: Path) -> None:
    assert not (root / "boot/firmware/ren.env").exists()
    settings = root / "etc/ren/ren.env"
    assert settings.read_text() == machine.settings(**SETTINGS)
    group = int(counter.run("id", "-g", "ren"))
    about = settings.stat()
    assert (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) == (0, group, 0o640)
    counter.run("systemctl", "restart", "ren-first-boot.service")
    assert counter.show("ren-first-boot.service", "ConditionResult") == "no"


def test_it_can_write_what_it_keeps_and_nothing_else(counter: Machine) -> None:
    """Asked in the place where it lives, as its user."""
    pid = counter.show(UNIT, "MainPID")
    elsewhere = ("/etc/ren/ren.env", "/opt/ren/x", "/usr/x", "/var/log/x", "/run/x", "/root/x")
    inside = ("nsenter", "-t", pid, "-m", "setpriv", "--reuid=ren", "--regid=ren", "--clear-groups")
    for path in elsewhere:
        tried = counter.run(*inside, "sh", "-c", f"echo x >>{path} && echo written", check=False)
        assert "written" not in tried, path
    tried = counter.run(*inside, "sh", "-c", "echo x >/var/lib/ren/x && echo written")
    assert tried == "written\n"
    # Nor can it run what it wrote.
    script = "cp /bin/true /var/lib/ren/x && chmod +x /var/lib/ren/x && /var/lib/ren/x && echo ran"
    assert "ran" not in counter.run(*inside, "sh", "-c", script, check=False)
    devices = counter.run(*inside, "find", "/dev", "-type", "b").split()
    assert not devices


def test_a_frozen_ren_is_killed_and_back_within_ten_seconds_with_its_alerts(
    counter: Machine,
) -> None:
    alert = set_timer(counter)
    frozen = counter.show(UNIT, "MainPID")
    counter.run("kill", "-STOP", frozen)
    took_s = counter.until(
        "back",
        lambda: (
            counter.show(UNIT, "ActiveState") == "active"
            and counter.show(UNIT, "MainPID") not in (frozen, "0")
        ),
    )
    assert took_s < 10
    assert counter.show(UNIT, "NRestarts") == "1"
    assert is_kept(counter, alert)
    log = counter.journal(UNIT)
    assert "Fatal Python error: Aborted" in log
    assert "most recent call first" in log  # where it froze


def test_what_cannot_start_is_told_in_light_and_aloud_and_tried_again(
    counter: Machine, root: Path
) -> None:
    alert = set_timer(counter)
    settings = root / "etc/ren/ren.env"
    settings.write_text(machine.settings(**SETTINGS, REN_BRIGHTNESS="dazzling"))
    counter.run("systemctl", "restart", UNIT, check=False)
    counter.until("given up", lambda: counter.show("ren-fault.service", "ActiveState") == "active")
    counter.until("told", lambda: "(setting)" in counter.journal("ren-fault.service"))
    assert "REN_BRIGHTNESS=dazzling" in counter.journal("ren-fault.service")
    settings.write_text(machine.settings(**SETTINGS))
    counter.until("tried again", lambda: counter.show(UNIT, "ActiveState") == "active", 60)
    assert is_kept(counter, alert)
    with wave.open(str(root / "var/lib/ren/heard.wav")) as heard:
        assert max(heard.readframes(heard.getnframes())) > 0
    assert "no light" not in counter.journal("ren-fault.service")


def test_a_factory_reset_leaves_a_new_ren_that_runs(counter: Machine, root: Path) -> None:
    set_timer(counter)
    before = get(counter, "/identity")["public_key"]
    process = counter.show(UNIT, "MainPID")
    counter.run("ren-device", "factory-reset", "--yes")
    counter.until(
        "new",
        lambda: (
            counter.show(UNIT, "ActiveState") == "active"
            and counter.show(UNIT, "MainPID") not in (process, "0")
        ),
    )
    assert get(counter, "/identity")["public_key"] != before
    assert get(counter, "/alerts")["alerts"] == []
    assert "is gone but the models" in counter.journal(UNIT)


def test_it_is_stopped_in_order(counter: Machine) -> None:
    counter.run("systemctl", "stop", UNIT)
    assert counter.show(UNIT, "Result") == "success"
    assert "stopping" in counter.journal(UNIT)


def test_it_is_taken_away_while_it_runs(counter: Machine, root: Path) -> None:
    counter.run("systemctl", "start", UNIT)
    counter.run("umount", "/opt/ren/.venv/lib", "/opt/ren/.venv/share")  # lent by the host
    counter.run("/opt/ren/scripts/install", "--uninstall")
    assert counter.show(UNIT, "LoadState") == "not-found"
    assert not counter.run("pgrep", "-u", "ren", check=False)
    assert not list((root / "opt").glob("ren*"))
    assert list((root / "var/lib/ren/store").iterdir())

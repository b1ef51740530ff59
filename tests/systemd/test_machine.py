"""The installed Ren under a real systemd: ready, killed when it freezes, heard when it gives up."""

import json
import shutil
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
LAYER = machine.HOUSE / "image/layers/40-readonly/files/usr/local/lib"
RING = "ren-log-ring.service"
MARK = 512 * 6144
NO_RESTART = """[Service]
ExecStart=
ExecStart=/opt/ren/systemd/reset {0}/{1} {0}/factory-reset {0}/firmware {0}/flashed
"""
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


def test_what_fails_outlives_the_journal_in_a_ring_of_two_files(
    counter: Machine, root: Path
) -> None:
    """The image's log ring, with this machine's own journal."""
    place = root / "usr/local/lib"
    shutil.copytree(LAYER / "ren", place / "ren")
    shutil.copytree(LAYER / "systemd/system", place / "systemd/system", dirs_exist_ok=True)
    ring = root / "data/log"
    ring.mkdir(parents=True)
    counter.run("systemctl", "daemon-reload")
    counter.run("systemctl", "start", "ren-log-ring-last.service", RING)
    first = (ring / "ren.log").read_text()
    assert first.startswith("-- start ")
    assert "REN_BRIGHTNESS=dazzling" in first  # it could not start, above
    assert counter.show(RING, "Result") == "success"

    def say(priority: str, words: str) -> None:
        counter.run("systemd-cat", "-t", "test", "-p", priority, "echo", words)
        counter.run("journalctl", "--sync")

    say("notice", "by and by")
    counter.run("systemctl", "start", RING)
    assert (ring / "ren.log").read_text() == first  # within the hour
    with (ring / "ren.log").open("ab") as file:
        file.write(b"torn by a power c\0\0")
    say("info", "not worth keeping")
    say("err", "it burns")
    counter.run("systemctl", "start", RING)
    lines = (ring / "ren.log").read_text().removeprefix(first).splitlines()
    mine = [line for line in lines if "test[" in line]
    assert [line.rpartition(": ")[2] for line in mine] == ["by and by", "it burns"]
    assert not [line for line in lines if "torn" in line]
    # As systemd itself says it, which in this machine does so on the console.
    failed = "MESSAGE_ID=d9b373ed55a64feb8242e02dbe79a49c\\nPRIORITY=4\\nMESSAGE=weak failed\\n"
    counter.run("sh", "-c", f"printf '{failed}' | logger --journald && journalctl --sync")
    counter.run("systemctl", "start", RING)
    assert "weak failed" in (ring / "ren.log").read_text()
    # Two files, the older one whole.
    before = (ring / "ren.log").read_text()
    say("notice", "goodbye")
    counter.run("systemctl", "set-environment", f"MOST={len(before) + 20}")
    counter.run("systemctl", "stop", "ren-log-ring-last.service")
    counter.run("systemctl", "unset-environment", "MOST")
    assert (ring / "ren.log.1").read_text() == before
    assert "goodbye" in (ring / "ren.log").read_text()


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


def test_in_an_image_a_factory_reset_is_one_sector_of_the_card(
    counter: Machine, root: Path
) -> None:
    """All but the restart of the machine: Ren asks, the system does it, and no data goes before."""
    alert, kept, sectors = set_timer(counter), root / "var/lib/ren", 8192
    (kept / "card").write_bytes(b"\xff" * 512 * sectors)
    drop_in = root / "etc/systemd/system/ren-reset.service.d/no-restart.conf"
    drop_in.parent.mkdir()
    drop_in.write_text(NO_RESTART.format("/var/lib/ren", "none/card"))
    firmware, flashed = kept / "firmware", kept / "flashed"
    for folder, files in (
        (firmware, ("config.txt", "ren.toml", "ren.env", "ren-errors.txt")),
        (flashed, ("ren.toml", "user-data")),
    ):
        folder.mkdir()
        for name in files:
            (folder / name).write_text(f"{folder.name} {name}")
    facts = "mkdir /run/ren-image && cd /run/ren-image && echo clean >data && echo /dev/x >disk"
    counter.run("sh", "-c", facts)
    counter.run("systemctl", "daemon-reload")
    # Asked for, and then the power was cut: Ren itself does no half of it.
    (kept / "factory-reset").touch()
    counter.run("systemctl", "restart", UNIT)
    assert is_kept(counter, alert)
    assert get(counter, "/hub/health")["image"]["data"] == "clean"
    # A card that cannot be written.
    counter.run("systemctl", "start", "ren-reset.path")
    counter.until("refused", lambda: not (kept / "factory-reset").exists())
    assert "no data was reset" in counter.journal("ren-reset.service")
    # One that can.
    drop_in.write_text(NO_RESTART.format("/var/lib/ren", "card"))
    counter.run("systemctl", "daemon-reload")
    process = counter.show(UNIT, "MainPID")
    counter.run("ren-device", "factory-reset", "--yes")
    counter.until("done", lambda: counter.show("ren-reset.service", "SubState") == "exited")
    marked = (kept / "card").read_bytes()
    assert marked[MARK : MARK + 512] == b"ren-data fresh\n".ljust(512, b"\0")
    assert marked[:MARK] + marked[MARK + 512 :] == b"\xff" * 512 * (sectors - 1)
    assert {each.name: each.read_text() for each in firmware.iterdir()} == {
        "config.txt": "firmware config.txt",
        "ren.toml": "flashed ren.toml",
        "user-data": "flashed user-data",
    }
    assert counter.show(UNIT, "MainPID") == process
    assert is_kept(counter, alert)
    shutil.rmtree(firmware)
    shutil.rmtree(flashed)
    counter.run("rm", "-r", "/run/ren-image")


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

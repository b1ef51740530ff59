"""What doctor finds of the service, as systemd tells of it."""

from pathlib import Path

import pytest

from ren_device.commands.checks import service
from ren_device.commands.checks.finding import Finding, Patient
from ren_device.settings import Settings
from tests.commands.checks.trees import Tree

HEALTHY = {
    "LoadState": "loaded",
    "UnitFileState": "enabled",
    "ActiveState": "active",
    "SubState": "running",
    "Result": "success",
    "ExecMainStatus": "0",
    "NRestarts": "0",
    "WatchdogUSec": "5s",
}


class Systemd:
    """A machine on which systemd says this of the unit."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        (tree.root / "run/systemd/system").mkdir(parents=True)

    def found(self, *, running: bool = False, **told: str) -> dict[str, Finding]:
        lines = "\n".join(f"{name}={value}" for name, value in (HEALTHY | told).items())
        script = (
            f'case "$*" in "show ren-device.service --property="*) cat <<END\n{lines}\nEND\nesac'
        )
        self._tree.program("systemctl", script)
        patient = Patient(Settings(), {"uptime_s": 1} if running else None)
        findings = list(service.check(patient, self._tree.root))
        for each in findings:
            assert (each.state == "ok") == (not each.advice), each
        return {each.name: each for each in findings}


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(Tree(tmp_path))


def wrong(findings: dict[str, Finding]) -> dict[str, str]:
    return {name: each.state for name, each in findings.items() if each.state != "ok"}


def test_a_service_that_is_well(systemd: Systemd) -> None:
    told = systemd.found()
    assert told.keys() == {"unit", "state", "watchdog", "restarts"}
    assert wrong(told) == {}
    assert told["watchdog"].text == "a Ren that is frozen for 5s is killed"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ("watchdog", "it froze, and was killed for it"),
        ("oom-kill", "more memory"),
        ("start-limit-hit", "gave up"),
        ("exit-code", "status 78"),
        ("something new", "something new"),
    ],
)
def test_why_it_failed(systemd: Systemd, result: str, text: str) -> None:
    told = systemd.found(
        ActiveState="failed", SubState="failed", Result=result, ExecMainStatus="78"
    )
    assert wrong(told) == {"state": "wrong"}
    assert text in told["state"].text
    assert "journalctl -u ren-device.service" in told["state"].advice


def test_one_that_is_started_again_and_again(systemd: Systemd) -> None:
    told = systemd.found(
        ActiveState="activating", SubState="auto-restart", Result="watchdog", NRestarts="3"
    )
    assert wrong(told) == {"state": "wrong", "restarts": "note"}
    assert "3 times" in told["restarts"].text
    assert "it froze" in told["restarts"].text
    assert "once" in systemd.found(NRestarts="1")["restarts"].text


def test_one_that_is_stopped_or_stands_beside_another(systemd: Systemd) -> None:
    stopped = systemd.found(ActiveState="inactive", SubState="dead")
    assert "systemctl start" in stopped["state"].advice
    beside = systemd.found(running=True, ActiveState="inactive", SubState="dead")
    assert "a Ren runs without it" in beside["state"].text


def test_what_the_installation_lacks(systemd: Systemd) -> None:
    assert wrong(systemd.found(UnitFileState="disabled")) == {"unit": "note"}
    assert wrong(systemd.found(WatchdogUSec="infinity")) == {"watchdog": "note"}
    told = systemd.found(LoadState="not-found")
    assert (list(told), "scripts/install" in told["unit"].advice) == (["unit"], True)
    assert "bad-setting" in systemd.found(LoadState="bad-setting")["unit"].text


def test_garbage_is_survived(systemd: Systemd) -> None:
    systemd.found(NRestarts="many", WatchdogUSec="", ActiveState="", Result="")


def test_without_systemd_there_is_nothing_to_say(tmp_path: Path) -> None:
    [unit] = service.check(Patient(Settings(), None), tmp_path)
    assert unit.state == "ok"
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    [unit] = service.check(Patient(Settings(), None), tmp_path)
    assert unit.state == "note"  # there, and does not answer

"""Whether systemd looks after Ren, and how often it had to."""

from collections.abc import Iterator
from pathlib import Path

from ren_device.commands.checks.finding import Finding, Patient
from ren_device.commands.checks.machine import said

UNIT = "ren-device.service"

_ASKED = (
    "LoadState",
    "UnitFileState",
    "ActiveState",
    "SubState",
    "Result",
    "ExecMainStatus",
    "NRestarts",
    "WatchdogUSec",
)
_LOG = f"journalctl -u {UNIT} says more."
# systemd.service(5), Result of `systemctl show`.
_RESULTS = {
    "watchdog": "it froze, and was killed for it",
    "oom-kill": "it took more memory than it may",
    "start-limit-hit": "it failed so often that systemd gave up",
    "timeout": "it took too long to start or to stop",
    "signal": "it was killed",
    "core-dump": "it crashed",
    "resources": "the system had no room for it",
    "protocol": "it never said that it was ready",
}


def check(patient: Patient, root: Path = Path("/")) -> Iterator[Finding]:
    """Installed, running, its watchdog, its restarts and its last fault."""
    if not (root / "run/systemd/system").is_dir():
        yield Finding("service", "unit", "ok", "systemd does not run here")
        return
    lines = said(root, "systemctl", "show", UNIT, f"--property={','.join(_ASKED)}").splitlines()
    told = dict(line.partition("=")[::2] for line in lines)
    if not told:
        yield Finding("service", "unit", "note", "systemd does not answer", "Run this with sudo.")
        return
    if told.get("LoadState") != "loaded":
        text = f"{UNIT} is not installed" if told.get("LoadState") == "not-found" else _bad(told)
        advice = "scripts/install sets it up, so that Ren starts with the machine."
        yield Finding("service", "unit", "note", text, advice)
        return
    yield _unit(told)
    yield _state(told, running=patient.running)
    yield _watchdog(told.get("WatchdogUSec", ""))
    yield _restarts(told)


def _bad(told: dict[str, str]) -> str:
    return f"{UNIT} cannot be used ({told.get('LoadState', 'unknown')})"


def _unit(told: dict[str, str]) -> Finding:
    if told.get("UnitFileState") in ("enabled", "enabled-runtime", "static", "generated"):
        return Finding("service", "unit", "ok", "starts with the machine")
    text = f"installed, but it does not start with the machine ({told.get('UnitFileState', '')})"
    return Finding("service", "unit", "note", text, f"sudo systemctl enable {UNIT}.")


def _state(told: dict[str, str], *, running: bool) -> Finding:
    state = told.get("ActiveState", "unknown")
    if state == "failed":
        text = f"failed: {_why(told)}"
        advice = f"{_LOG[:-1]}; when it is put right: sudo systemctl restart {UNIT}."
        return Finding("service", "state", "wrong", text, advice)
    shown = f"{state} ({told.get('SubState', '')})"
    if state == "active":
        return Finding("service", "state", "ok", shown)
    if state in ("activating", "reloading") and told.get("SubState") == "auto-restart":
        text = f"it is about to be started again: {_why(told)}"
        return Finding("service", "state", "wrong", text, _LOG)
    if running:
        text = f"{shown}, but a Ren runs without it"
        advice = "Stop that one before this is started: they cannot share a store."
        return Finding("service", "state", "note", text, advice)
    return Finding("service", "state", "note", shown, f"sudo systemctl start {UNIT}.")


def _watchdog(microseconds: str) -> Finding:
    if microseconds in ("", "0", "infinity"):
        advice = "Install the unit again with scripts/install."
        return Finding("service", "watchdog", "note", "off: a frozen Ren stays frozen", advice)
    return Finding(
        "service", "watchdog", "ok", f"a Ren that is frozen for {microseconds} is killed"
    )


def _restarts(told: dict[str, str]) -> Finding:
    count = told.get("NRestarts", "0")
    count = count if count.isdecimal() else "0"
    if count == "0":
        return Finding("service", "restarts", "ok", "none since it was started")
    times = "once" if count == "1" else f"{count} times"
    text = f"started again {times} by systemd"
    if told.get("Result") not in ("", None, "success"):
        text += f"; {_why(told)}"
    return Finding("service", "restarts", "note", text, _LOG)


def _why(told: dict[str, str]) -> str:
    result, status = told.get("Result", "unknown"), told.get("ExecMainStatus", "")
    if result == "exit-code":
        return f"it ended with status {status}"
    return _RESULTS.get(result, result)

"""A machine of its own to install Ren on: real systemd as its first process, in namespaces.

It has the host's programs, and nothing else of it: its own files, processes, network (loopback
only) and control groups. Needs root, as `scripts/install` does.
"""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

HOUSE = Path(__file__).parents[2]
TARGET = """[Unit]
Description=A machine with nothing but Ren
Requires=basic.target
After=basic.target
AllowIsolate=yes
"""
# What a machine that is only a test has no use for, or may not do.
MASKED = (
    "dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount",
    "sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount",
    "systemd-remount-fs.service", "systemd-update-utmp.service", "systemd-udevd.service",
    "systemd-udev-trigger.service", "systemd-modules-load.service", "systemd-sysctl.service",
    "systemd-random-seed.service", "systemd-tmpfiles-setup-dev.service", "timers.target",
    "systemd-timesyncd.service", "systemd-ask-password-console.path", "kmod-static-nodes.service",
)  # fmt: skip


def new_root(folder: Path) -> Path:
    """The files of a fresh Debian, as far as anybody here looks at them."""
    etc = folder / "etc"
    (etc / "systemd" / "system").mkdir(parents=True)
    for name in ("passwd", "group", "shadow", "gshadow", "ld.so.cache", "os-release"):
        shutil.copy(Path("/etc", name), etc)  # os-release is a link: what it leads to
    shutil.copytree("/etc/ssl", etc / "ssl", symlinks=True)
    shutil.copytree("/etc/alternatives", etc / "alternatives", symlinks=True)
    (etc / "machine-id").write_text(f"{uuid4().hex}\n")
    (etc / "localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    (etc / "systemd" / "system" / "test.target").write_text(TARGET)
    for unit in MASKED:
        (etc / "systemd" / "system" / unit).symlink_to("/dev/null")
    library = next(Path("/usr/lib").glob("*/systemd/libsystemd-shared-*.so"))
    (folder / "usr" / "lib" / "x" / "systemd").mkdir(parents=True)
    (folder / "usr" / "lib" / "x" / "systemd" / library.name).touch()  # tells the version
    return folder


def settings(**values: str) -> str:
    """What is to be written into ren.env."""
    values["LD_LIBRARY_PATH"] = "/opt/python/lib"  # see `boot`
    return "".join(f"{name}={value}\n" for name, value in values.items())


def install(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `scripts/install` on these files."""
    return subprocess.run(
        [HOUSE / "scripts" / "install", *arguments, "--root", root],
        capture_output=True,
        text=True,
        timeout=60,
    )


class Machine:
    """A running one."""

    def __init__(self, process: subprocess.Popen[bytes], console: Path) -> None:
        self._process = process
        self._console = console
        self._init = 0

    def run(self, *command: str, check: bool = True) -> str:
        """Run it in there, as root; what it wrote."""
        done = subprocess.run(
            ["nsenter", "-t", str(self._init), "-a", *command],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.returncode}, {done.stderr}\n{self.told()}")
        return done.stdout

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def journal(self, unit: str) -> str:
        """What the unit has logged."""
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit)

    def until(self, what: str, holds: Callable[[], bool], within_s: float = 30.0) -> float:
        """Wait for it; the seconds that it took."""
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > within_s:
                raise AssertionError(f"not {what} within {within_s:.0f} s:\n{self.told()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def told(self) -> str:
        """All that there is to read when something went wrong."""
        journal = self.run("journalctl", "--no-pager", "-n", "150", check=False)
        return f"{self._console.read_text()[-4000:]}\n{journal}"

    def until_up(self) -> None:
        """Wait until systemd answers."""
        began = time.monotonic()
        while not self._find_init() or self._state() not in ("running", "degraded"):
            if self._process.poll() is not None or time.monotonic() - began > 30:
                raise AssertionError(f"the machine does not start:\n{self._console.read_text()}")
            time.sleep(0.05)

    def _state(self) -> str:
        return self.run("systemctl", "is-system-running", check=False).strip()

    def _find_init(self) -> bool:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        found = children.read_text().split()
        self._init = int(found[0]) if found else 0
        return bool(found) and Path(f"/proc/{found[0]}/exe").readlink().name == "systemd"


@contextmanager
def running(root: Path, console: Path) -> Iterator[Machine]:
    """Start it; at the end nothing of it is left but its files."""
    groups = _group_hierarchy() / f"ren-test-{uuid4().hex[:8]}"
    groups.mkdir()

    def join() -> None:
        (groups / "cgroup.procs").write_text("0")

    with console.open("wb") as out:
        process = subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--fork", "--uts", "--ipc", "--net", "--cgroup"),
                *("--kill-child", HOUSE / "tests" / "systemd" / "boot"),
                *(root, sys.prefix, sys.base_prefix, "test.target"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=join,
        )
    machine = Machine(process, console)
    try:
        machine.until_up()
        yield machine
    finally:
        process.send_signal(signal.SIGKILL)  # and with it, all in there
        process.wait()
        _remove(groups)


def _group_hierarchy() -> Path:
    """Where the host has its control groups, of the second kind."""
    lines = Path("/proc/mounts").read_text().splitlines()
    found = [Path(line.split()[1]) for line in lines if line.split()[2] == "cgroup2"]
    assert found, "systemd needs control groups: mount -t cgroup2 cgroup2 /sys/fs/cgroup"
    return found[0]


def _remove(groups: Path) -> None:
    for _ in range(200):
        try:
            for each in sorted(groups.rglob("*/"), reverse=True):
                each.rmdir()
            groups.rmdir()
        except OSError:
            time.sleep(0.02)  # its last process is just going
        else:
            return
    raise AssertionError(f"{groups} is still in use")

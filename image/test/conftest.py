"""Machines to try the image on, and what was measured on them."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import pytest

from image.test.builds import FIRST, u_boot_of_virt
from image.test.card import Card
from image.test.machine import Machine
from image.test.shell import make_key

MACHINES = pytest.StashKey[list[Machine]]()


class NewMachine(Protocol):
    """A machine that is off, with a new card: the image, a `ren.toml` and a `ren.env`.

    `devices` are QEMU's words for what is plugged into it besides.
    """

    def __call__(
        self, name: str, ren_toml: str, ren_env: str = "", devices: Sequence[str] = ()
    ) -> Machine: ...


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SSH key; `key_line` is what a `ren.toml` says of it."""
    return make_key(tmp_path_factory.mktemp("key") / "key")


@pytest.fixture(scope="session")
def key_line(key: Path) -> str:
    return key.with_suffix(".pub").read_text().strip()


@pytest.fixture(scope="module")
def lent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose files the machines can fetch."""
    return tmp_path_factory.mktemp("lent")


@pytest.fixture(scope="module")
def new_machine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, lent: Path, key: Path
) -> Iterator[NewMachine]:
    """At the end of the file's tests all are off, and their cards are gone."""
    folder = tmp_path_factory.mktemp("cards")
    machines: list[Machine] = request.config.stash.setdefault(MACHINES, [])

    def new(name: str, ren_toml: str, ren_env: str = "", devices: Sequence[str] = ()) -> Machine:
        card = Card.flash(FIRST.image, folder / f"{name}.img")
        card.put("ren.toml", ren_toml.encode())
        card.put("ren.env", ren_env.encode())
        machine = Machine(card, u_boot_of_virt(), lent, key, devices)
        machines.append(machine)
        return machine

    yield new
    for machine in machines:
        machine.kill()
    machines.clear()
    for path in (*folder.glob("*.img"), *folder.glob("*.writes"), *folder.glob("*.data")):
        path.unlink()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what the machines last said."""
    report = yield
    if report.failed:
        for machine in item.config.stash.get(MACHINES, []):
            if machine.is_on:
                with suppress(OSError):
                    report.sections.append(
                        (f"serial line of {machine.name}", machine.console.tail())
                    )
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, after all that was tested."""
    passed: list[pytest.TestReport] = terminalreporter.stats.get("passed", [])
    figures = [(report.nodeid, *figure) for report in passed for figure in report.user_properties]
    if figures:
        terminalreporter.section("measured, under emulation")
        for test, name, value in figures:
            terminalreporter.write_line(f"{name}: {value}    ({test.rpartition('::')[2]})")

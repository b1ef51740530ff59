import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from image.release import python_lock
from image.release.inventory import plain

LOCKS = Path(__file__).parents[2] / "image/locks"
TESTED = Path(__file__).parents[2] / "scripts/locks"


def versions(*files: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for file in files:
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", file.read_text(), re.MULTILINE):
            found.setdefault(plain(name), set()).add(version)
    return found


def offer(*names: str, source: str = "") -> dict[str, Any]:
    """A package of a resolver's list; each file's digest is its name."""
    package: dict[str, Any] = {"name": "p", "version": "1"}
    package["wheels"] = [
        {"url": f"https://example.org/{name}", "hashes": {"sha256": name}} for name in names
    ]
    if source:
        package["sdist"] = {"url": f"https://example.org/{source}", "hashes": {"sha256": source}}
    return package


@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (
            ["p-1-py3-none-any.whl", "p-1-cp313-cp313-manylinux2014_aarch64.whl"],
            "p-1-cp313-cp313-manylinux2014_aarch64.whl",
        ),
        (
            [
                "p-1-cp38-abi3-manylinux_2_28_aarch64.whl",
                "p-1-cp312-cp312-manylinux_2_28_aarch64.whl",
            ],
            "p-1-cp38-abi3-manylinux_2_28_aarch64.whl",
        ),
        (
            ["p-1-py3-none-manylinux_2_35_x86_64.whl", "p-1-py3-none-manylinux_2_35_aarch64.whl"],
            "p-1-py3-none-manylinux_2_35_aarch64.whl",
        ),
        (["p-1-cp313-cp313-musllinux_1_2_aarch64.whl"], "p-1.tar.gz"),
        (["p-1-py3-none-manylinux_2_42_aarch64.whl"], "p-1.tar.gz"),
    ],
)
def test_the_file_is_taken_that_the_images_python_likes_best(there: list[str], taken: str) -> None:
    package = offer(*there, source="p-1.tar.gz")
    assert python_lock.chosen(package, python_lock.ranks()) == (taken, taken)


def test_a_package_with_nothing_for_this_machine_is_named() -> None:
    with pytest.raises(LookupError, match="p 1 has nothing"):
        python_lock.chosen(offer("p-1-cp313-cp313-win_amd64.whl"), python_lock.ranks())


def test_sources_are_taken_where_they_are_wanted() -> None:
    found = {"packages": [offer("p-1-py3-none-any.whl", source="p-1.tar.gz")]}
    assert python_lock.lock(found) == ("p==1 --hash=sha256:p-1-py3-none-any.whl\n", [])
    assert python_lock.lock(found, sources=True) == ("p==1 --hash=sha256:p-1.tar.gz\n", ["p"])


def test_the_image_has_the_versions_that_are_tested() -> None:
    tested = versions(*(TESTED / f"{name}.txt" for name in ("run", "gpio", "audio")))
    image = versions(LOCKS / "python.txt", LOCKS / "native.txt")
    assert {name: found for name, found in image.items() if not found <= tested[name]} == {}


def test_the_image_has_all_that_ren_needs_and_nothing_that_may_not_be_sold() -> None:
    project = tomllib.loads((TESTED.parents[1] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["voice"], *extras["gpio"], *extras["audio"]]
    names = {plain(re.split(r"[<>=!~;\s]", each, maxsplit=1)[0]) for each in wanted}
    there = set(versions(LOCKS / "python.txt", LOCKS / "native.txt"))
    assert names <= there
    assert "pyopen-wakeword" not in there  # its models are CC BY-NC-SA 4.0


def test_locks_name_a_digest_for_all_and_no_place_for_any() -> None:
    for file in ("python.txt", "native.txt"):
        lines = [each for each in (LOCKS / file).read_text().splitlines() if each[0] != "#"]
        assert lines
        for line in lines:
            assert re.fullmatch(r"[a-z0-9.-]+==[0-9a-z.]+ --hash=sha256:[0-9a-f]{64}", line)

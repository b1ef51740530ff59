"""What is told of the builds in words agrees with the profiles, adds up, and leads somewhere."""

import re
from pathlib import Path

import pytest

from ren_device.boards import reading
from scripts.drawing import tables
from scripts.drawing.fingerprints import HARDWARE

_PAGES = sorted(HARDWARE.rglob("*.md"))


def test_tables_and_system_files_are_current() -> None:
    assert tables.stale() == [], "run scripts/draw tables"


def test_every_build_is_of_a_profile_and_of_parts_that_there_are() -> None:
    bill = tables.bill()
    assert sorted(bill.builds) == reading.names()
    used = {key for build in bill.builds.values() for key in (*build.parts, *build.optional)}
    assert used == set(bill.parts)


@pytest.mark.parametrize("name", reading.names())
def test_a_total_is_the_sum_of_its_rows(name: str) -> None:
    page = (tables.BOM / "README.md").read_text()
    table = page.split(f"<!-- table: {name} -->")[1].split("<!-- end -->")[0]
    rows = re.findall(r"^\| \d+ \| (.*) \| ([\d.]+) \| ([\d.]+) \|", table, re.MULTILINE)
    sums = [
        round(sum(float(row[column]) for row in rows if "if you like" not in row[0]))
        for column in (1, 2)
    ]
    total = re.search(r"\*\*In all.*\| \*\*(\d+)\*\* \| \*\*(\d+)\*\*", table)
    assert total is not None
    assert [int(total[1]), int(total[2])] == sums
    assert re.search(r"\(20\d\d-\d\d\)", table)


@pytest.mark.parametrize("name", reading.names())
def test_config_txt_is_what_the_profile_says(name: str) -> None:
    profile = reading.read(reading.find(name))
    path = tables.SYSTEM / f"{name}.config.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    said = tuple(line for line in lines if not line.startswith("#"))
    assert said == profile.platform.config_txt
    page = (tables.SYSTEM / f"{name}.md").read_text()
    assert all(f"sset '{each.control}' {each.value}\n" in page for each in profile.sound.mixer)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(HARDWARE)))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if not re.match(r"https?://", link):
            assert (page.parent / link).exists(), link

from pathlib import Path

import pytest

from image.release import trim


def put(site: Path, *names: str) -> None:
    for name in names:
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name)


def test_what_is_left_out_is_gone_and_no_longer_recorded(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a/b.py",
        "a/tests/t.py",
        "a/deep/tests/u.py",
        "a/a.pyi",
        "bin/a",
        "a-1.dist-info/M",
    )
    record = tmp_path / "a-1.dist-info/RECORD"
    record.write_text("bin/a,,\na/b.py,sha256=x,6\na/tests/t.py,,\na-1.dist-info/M,,\n")
    gone = trim.trim(tmp_path, ["a/**/tests", "**/*.pyi", "bin"])
    assert gone == len("a/tests/t.py" + "a/deep/tests/u.py" + "a/a.pyi" + "bin/a")
    left = sorted(str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file())
    assert left == ["a-1.dist-info/M", "a-1.dist-info/RECORD", "a/b.py"]
    assert record.read_text() == "a-1.dist-info/M,,\na/b.py,sha256=x,6\n"


def test_a_file_that_an_installers_cache_shares_is_not_written_to(tmp_path: Path) -> None:
    put(tmp_path, "site/bin/a", "site/a-1.dist-info/RECORD")
    record = tmp_path / "site/a-1.dist-info/RECORD"
    record.write_text("bin/a,,\n")
    (tmp_path / "cached").hardlink_to(record)
    trim.trim(tmp_path / "site", ["bin"])
    assert (tmp_path / "cached").read_text() == "bin/a,,\n"
    assert record.read_text() == ""


def test_a_pattern_that_matches_nothing_stops_the_build(tmp_path: Path) -> None:
    put(tmp_path, "a/b.py")
    with pytest.raises(LookupError, match=r"is called nothing/\*, neither"):
        trim.trim(tmp_path, ["nothing/*", "a/b.py", "neither"])


def test_the_list_says_why_and_names_only_what_is_below(tmp_path: Path) -> None:
    wanted = trim.patterns(trim.LIST.read_text("utf-8"))
    assert "moonshine_voice/libmoonshine.so" in wanted
    assert not [each for each in wanted if each.startswith(("/", "*")) and each != "**/*.pyi"]
    assert not [each for each in wanted if ".." in each]

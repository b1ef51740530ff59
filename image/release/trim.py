"""Take out of the image's Python packages what no speaker needs: `trim.py SITE-PACKAGES`.

What that is, and why, is said in image/locks/leave-out.txt. A pattern that no longer matches stops
the build, so that the list does not outlive what it is about. Each package's RECORD then names
what is there.
"""

import csv
import shutil
import sys
from pathlib import Path

LIST = Path(__file__).parents[1] / "locks/leave-out.txt"


def patterns(text: str) -> list[str]:
    """The lines that are not comments."""
    return [line for each in text.splitlines() if (line := each.partition("#")[0].strip())]


def trim(site: Path, wanted: list[str]) -> int:
    """How many bytes are gone. Raises LookupError for patterns that match nothing."""
    unmatched, freed = [], 0
    for pattern in wanted:
        found = sorted(site.glob(pattern))
        if not found:
            unmatched.append(pattern)
        for each in found:
            if each.is_dir() and not each.is_symlink():
                freed += sum(file.stat().st_size for file in each.rglob("*") if file.is_file())
                shutil.rmtree(each)
            elif each.exists():
                freed += each.stat().st_size
                each.unlink()
    if unmatched:
        raise LookupError(f"nothing in {site} is called {', '.join(unmatched)}")
    for record in sorted(site.glob("*.dist-info/RECORD")):
        _correct(site, record)
    return freed


def _correct(site: Path, record: Path) -> None:
    """Sorted, and without what is not there: an installer's order is not always the same."""
    with record.open(newline="", encoding="utf-8") as file:
        rows = sorted(row for row in csv.reader(file) if row and (site / row[0]).exists())
    new = record.with_suffix(".new")  # the old file may be the installer's cache's, too
    with new.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    new.replace(record)


if __name__ == "__main__":
    gone = trim(Path(sys.argv[1]), patterns(LIST.read_text("utf-8")))
    print(f"{gone / 1e6:.0f} MB of the Python packages left out", file=sys.stderr)

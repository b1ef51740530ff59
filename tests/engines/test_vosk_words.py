import json
from pathlib import Path

import pytest

from ren_device.engines.vosk_words import restriction


class Words:
    """A model that knows these words."""

    def __init__(self, *known: str) -> None:
        self._known = known

    def vosk_model_find_word(self, word: str) -> int:
        return self._known.index(word) if word in self._known else -1


@pytest.mark.parametrize(
    ("known", "only", "grammar"),
    [
        (("꺼", "켜", "[unk]"), False, ["꺼", "켜", "[unk]"]),
        (("꺼", "켜", "<UNK>"), True, ["꺼", "켜", "<UNK>"]),
        (("꺼", "켜"), True, ["꺼", "켜"]),
        (("꺼", "켜"), False, None),
        (("[unk]",), True, None),
        ((), True, None),
    ],
)
def test_a_grammar_has_only_what_the_model_knows(
    known: tuple[str, ...], only: bool, grammar: list[str] | None, tmp_path: Path
) -> None:
    """One without a known word would crash the library."""
    (tmp_path / "graph").mkdir()
    assert restriction(Words(*known), tmp_path, {"켜", "꺼", "xyzzy"}, only=only) is None
    (tmp_path / "graph" / "Gr.fst").touch()
    made = restriction(Words(*known), tmp_path, {"켜", "꺼", "xyzzy"}, only=only)
    assert (None if made is None else json.loads(made)) == grammar
    assert made is None or "\\u" not in made

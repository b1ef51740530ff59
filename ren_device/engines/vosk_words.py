"""What a Vosk recogniser is told to listen for, and what its answers say."""

import json
import logging
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vosk import Model

log = logging.getLogger(__name__)

UNKNOWN = ("[unk]", "<unk>", "<UNK>")
"""How models write a word that is none of theirs."""
SURE = 0.7
"""The least confidence in a word that is not heard again with all words."""


def restriction(
    model: "Model", model_dir: Path, words: Collection[str], *, only: bool
) -> str | None:
    """The grammar that lets a recogniser hear these words alone; None where that cannot be.

    Words that the model does not know are left out. Without `only`, the model must have a word for
    all others, since else it hears every sound as one of these.
    """
    if not any((model_dir / path).is_file() for path in ("graph/Gr.fst", "Gr.fst")):
        log.warning("REN_STT_GRAMMAR: this Vosk model cannot be restricted; it hears all words")
        return None
    # The library would name every unknown word on standard error, and crash without a known one.
    known = sorted(word for word in set(words) if model.vosk_model_find_word(word) >= 0)
    others = [word for word in UNKNOWN if model.vosk_model_find_word(word) >= 0]
    if not known or not (others or only):
        log.warning("REN_STT_GRAMMAR: this Vosk model knows none of the words; it hears all words")
        return None
    log.info("the recogniser listens for %d of %d words", len(known), len(set(words)))
    return json.dumps(known + others, ensure_ascii=False)  # it does not read \u escapes


def heard(result: str) -> tuple[str, bool]:
    """The text of a result, and whether each word of it is known and clearly heard."""
    told = json.loads(result)
    text = without_unknown(told["text"])
    sure = text == told["text"] and all(word["conf"] >= SURE for word in told.get("result", ()))
    return text, sure


def without_unknown(text: str) -> str:
    """The words that the model knows."""
    return " ".join(word for word in text.split() if word not in UNKNOWN)

"""The offline matcher: hassil, some of the stock sentences, Ren's own, and near misses.

A sentence is first matched exactly. If that fails, the closest sentences of the grammar
(`near_miss`) are matched in its place; the best one counts if its score reaches the threshold.
The threshold was measured: see scripts/benchmarks/intents.py.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from hassil import Intents, RecognizeResult, recognize_all
from hassil.intents import IntentData
from home_assistant_intents import get_intents

from ren_device import languages
from ren_device.engines.near_miss import NearMisses
from ren_device.engines.slot_words import SlotRules
from ren_device.engines.word_graph import WordGraph
from ren_device.errors import EngineError
from ren_device.model import Intent

THRESHOLD = 80.0
"""The least score of a near miss, in percent. Exact matches score 100."""

_LONGEST = 30  # words; nobody says a command that is longer with a mistake in it
_BEST_OF = 4  # corrected sentences that are matched before giving up

_STOCK: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # stock intent -> Ren's, and the blocks of its sentences that are taken
    "HassGetCurrentTime": ("get_time", ("default",)),
    "HassGetCurrentDate": ("get_date", ("default",)),
    "HassNevermind": ("never_mind", ("default",)),
    "HassTimerStatus": ("list_timers", ("default", "name_only")),
    "HassCancelTimer": ("cancel_timer", ("default", "name_only")),
    "HassCancelAllTimers": ("cancel_all_timers", ("default",)),
    "HassPauseTimer": ("pause_timer", ("default", "name_only")),
    "HassUnpauseTimer": ("resume_timer", ("default", "name_only")),
    "HassShoppingListAddItem": ("add_to_list", ("item_only",)),
    "HassShoppingListCompleteItem": ("remove_from_list", ("item_only",)),
    "HassSetVolume": ("set_volume", ("default",)),
}
_SLOT_NAMES = {"item": "items", "name": "which", "short": "label", "volume_level": "level"}


class HassilMatcher:
    """Implements ports.IntentMatcher."""

    def __init__(
        self,
        language: str,
        intents: Intents,
        slots: SlotRules,
        near: NearMisses,
        threshold: float,
    ) -> None:
        """Made by `load`."""
        self._language = language
        self._intents = intents
        self._slots = slots
        self._near = near
        self.vocabulary = near.vocabulary
        self._threshold = threshold

    @classmethod
    def load(cls, language: str = "en", threshold: float = THRESHOLD) -> "HassilMatcher":
        """Read and compile the sentences, and warm up; blocks for some tenths of a second.

        `threshold` above 100 means exact matches only. Raises EngineError when there are no
        sentences for the language.
        """
        own = _own(language)
        stock = get_intents(own["language"]) if own else None
        if own is None or stock is None:
            raise EngineError(f"REN_LANGUAGE={language}: there are no sentences in this language.")
        chosen = _choose(stock)
        intents = Intents.from_dict(_merged(own, chosen))
        slots = SlotRules(own["words"], own["slots"])
        graph = WordGraph()
        for name, intent in intents.intents.items():
            if name in _STOCK or name in own["intents"]:
                for block in intent.data:
                    for sentence in () if _is_exact(block) else block.sentences:
                        graph.add(sentence, intents.expansion_rules)
        graph.finish()
        near = NearMisses(graph, slots, own["sounds_like"])
        matcher = cls(own["language"], intents, slots, near, threshold)
        matcher.match(own["warm_up"])
        return matcher

    def match(self, text: str) -> Intent | None:
        """See ports.IntentMatcher. Slots are as they were said, but for fixed ones."""
        text = " ".join(text.lower().split())
        if not text:
            return None
        exact = self._exact(text, 100.0)
        if exact is not None or self._threshold > 100 or text.count(" ") >= _LONGEST:
            return exact
        tried = 0
        for correction in self._near.search(text, self._threshold):
            if correction.text != text and correction.score >= self._threshold:
                found = self._exact(correction.text, correction.score)
                tried += 1
                if found is not None or tried == _BEST_OF:
                    return found
        return None

    def _exact(self, text: str, score: float) -> Intent | None:
        """The match that leaves the fewest letters to the person's own words."""
        best: tuple[tuple[int, int, str], RecognizeResult, str] | None = None
        for result in recognize_all(text, self._intents, language=self._language):
            if score < 100 and _is_exact(result.intent_data):
                continue
            free = typed = 0
            for entity in result.entities_list:
                said = entity.text.strip()
                if entity.is_wildcard and not self._slots.fits(entity.name, said):
                    break
                if entity.is_wildcard and self._slots.allowed(entity.name) is None:
                    free += len(said)
                else:
                    typed += len(said)
            else:
                name = _name(result.intent.name)
                rank = (free, typed, name)
                if best is None or rank < best[0]:
                    best = (rank, result, name)
        if best is None:
            return None
        return Intent(best[2], _slots(best[1]), score, text)


def _name(intent: str) -> str:
    return _STOCK[intent][0] if intent in _STOCK else intent


def _is_exact(block: IntentData) -> bool:
    """Whether a block's sentences have to be said as they stand: no near miss counts."""
    return bool((block.metadata or {}).get("exact"))


def _slots(result: RecognizeResult) -> dict[str, str | int | float]:
    slots: dict[str, str | int | float] = dict(result.intent_data.slots)
    for entity in result.entities_list:
        name = _SLOT_NAMES.get(entity.name, entity.name)
        value = entity.text if entity.is_wildcard else entity.value
        slots[name] = value.strip() if isinstance(value, str) else value
    return slots


def _own(language: str) -> dict[str, Any] | None:
    """Ren's own sentences, of all files of this language."""
    folder = languages.folder(language)
    main = folder / "sentences.yaml"
    if not main.is_file():
        return None
    own = _read(main)
    for path in sorted(folder.glob("sentences_*.yaml")):
        for part, entries in _read(path).items():
            own[part] |= entries
    return own


def _read(path: Path) -> dict[str, Any]:
    """A file of sentences; by the parser in C, where there is one, it takes a tenth of the time."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    read: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return read


def _choose(stock: Mapping[str, Any]) -> dict[str, Any]:
    """The part of the stock sentences that Ren uses, with the lists that they name."""
    blocks: dict[str, list[dict[str, Any]]] = {}
    for name, (_, combinations) in _STOCK.items():
        blocks[name] = [
            block
            for block in stock["intents"].get(name, {"data": []})["data"]
            if block["metadata"]["slot_combination"] in combinations
        ]
    sentences = [text for data in blocks.values() for block in data for text in block["sentences"]]
    named = _references(sentences)
    return {
        "intents": {name: {"data": data} for name, data in blocks.items() if data},
        "lists": {name: values for name, values in stock["lists"].items() if name in named},
        "expansion_rules": stock["expansion_rules"],
    }


def _references(sentences: Iterable[str]) -> set[str]:
    return {name for text in sentences for name in re.findall(r"\{([a-z_]+)", text)}


def _merged(own: Mapping[str, Any], stock: Mapping[str, Any]) -> dict[str, Any]:
    """Both as one grammar. Ren's rules get names of their own, so that none hides a stock one."""
    rules = own["expansion_rules"]

    def renamed(text: str) -> str:
        return re.sub(r"<([a-z_]+)>", r"<ren_\1>", text)

    intents = {
        name: {
            "data": [
                {**block, "sentences": [renamed(text) for text in block["sentences"]]}
                for block in intent["data"]
            ]
        }
        for name, intent in own["intents"].items()
    }
    return {
        "language": own["language"],
        "intents": {**stock["intents"], **intents},
        "lists": {**stock["lists"], **own["lists"]},
        "expansion_rules": {
            **stock["expansion_rules"],
            **{f"ren_{name}": renamed(text) for name, text in rules.items()},
        },
    }

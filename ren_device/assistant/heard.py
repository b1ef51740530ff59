"""What was heard, made plain: the words that carry meaning, in lower case, without punctuation."""

import re
from dataclasses import dataclass

from ren_device.languages.tables import Pattern, Rewrites, WordSet, rewritten


@dataclass(frozen=True, slots=True)
class HearingWords:
    """The table [hearing]; see languages/en/mind.toml for what each is."""

    rewrites: Rewrites
    wake: Pattern
    hesitation: Pattern
    fillers: Pattern
    leading: Pattern
    listing: Pattern
    listed: Rewrites
    contractions: tuple[tuple[str, str], ...]
    trailing: Pattern
    keep_capitals: bool
    said_twice: WordSet
    joiners: WordSet
    after_joiners: WordSet
    command_starts: WordSet


class Hearing:
    """Makes the sentences of one language plain."""

    def __init__(self, words: HearingWords) -> None:
        """By these words."""
        self._words = words
        self.keeps_capitals = words.keep_capitals
        self._contractions = dict(words.contractions)

    def plain(self, text: str) -> str:
        """Lower case, no punctuation but in numbers and apostrophes, no fillers, no politeness.

        Empty when nothing but fillers was said.
        """
        text = rewritten(text.lower().replace("\u2019", "'"), self._words.rewrites)
        text = self._words.hesitation.sub(" ", text)
        text = self._words.listing.sub(lambda found: rewritten(found[0], self._words.listed), text)
        text = " ".join(self._bare_words(text))
        before = None
        while before != text:
            before = text
            text = self._words.wake.sub("", text, count=1).lstrip()
            text = self._words.leading.sub("", text, count=1)
            text = self._words.trailing.sub("", text)
        words = self._without_stutter(text.split())
        middle = len(words) // 2
        if middle > 1 and words[:middle] == words[middle:]:  # said twice, to be sure
            words = words[:middle]
        return " ".join(words)

    def plain_words(self, word: str) -> list[str]:
        """What `plain` makes of one word, were it not left out."""
        return self._bare_words(
            rewritten(word.lower().replace("\u2019", "'"), self._words.rewrites)
        )

    def without_fillers(self, text: str) -> str:
        """`text` as it was written, without the sounds that are no words and their commas."""
        return self._words.fillers.sub("", text)

    def halves(self, text: str) -> list[tuple[str, str]]:
        """The ways to cut `text` in two where a second command may begin: after "and"."""
        words = text.split()
        joiners = self._words.joiners
        cuts = []
        for index in range(1, len(words) - 1):
            if words[index] not in joiners or words[index - 1] in joiners:
                continue
            after = index + 1
            while after < len(words) and words[after] in joiners | self._words.after_joiners:
                after += 1
            if after < len(words) and words[after] in self._words.command_starts:
                cuts.append((" ".join(words[:index]), " ".join(words[after:])))
        return cuts

    def _bare_words(self, text: str) -> list[str]:
        """Words without signs, contractions in full."""
        text = re.sub(r"(?<!\d)[.:,]|[.:,](?!\d)|[^\w\s'.:]|_", " ", text)
        full = " ".join(self._contractions.get(word, word) for word in text.split())
        return [bare for word in full.split() if (bare := word.strip("'"))]

    def _without_stutter(self, words: list[str]) -> list[str]:
        return [
            word
            for index, word in enumerate(words)
            if index == 0
            or word != words[index - 1]
            or word in self._words.said_twice
            or word.isdigit()
        ]

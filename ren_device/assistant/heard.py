"""What was heard, made plain: the words that carry meaning, in lower case, without punctuation."""

import re

_WAKE = re.compile(r"^(?:(?:hey|hi|okay|ok)\s+)?(?:jarvis|ren|wren|alexa|mycroft|nabu)\b(?!'s)\s*")
_HESITATION = re.compile(
    r"\b(?:u+m+|u+h+|e+r+m*|h+m+|uhm|(?<!do )(?<!did )you know(?! about)|i mean|please|pls)\b"
)
_LEADING = re.compile(
    r"^(?:(?:okay|ok|so|well|right|alright|now|and(?!.* list$)|then|oh|hey|just|also|yeah|"
    r"actually|let us|"
    r"(?:hi|hello)(?! there| again)|"
    r"(?:can|could|would|will) you|i(?:'d| would)? like(?: you)? to|"
    r"i (?:want|need)(?: you)? to|go ahead and|do me a favou?r and)\s+)+"
)
_LISTING = re.compile(r"\b(?:add|put|remove|take|delete|need|buy)\b.*\b(?:list|lists)\b")
"""Where a comma stands for "and"."""
CONTRACTIONS = {
    "what's": "what is",
    "whats": "what is",
    "who's": "who is",
    "where's": "where is",
    "when's": "when is",
    "how's": "how is",
    "it's": "it is",
    "that's": "that is",
    "there's": "there is",
    "i'm": "i am",
    "you're": "you are",
    "we're": "we are",
    "don't": "do not",
    "dont": "do not",
    "didn't": "did not",
    "can't": "cannot",
    "let's": "let us",
}
_TRAILING = re.compile(
    r"(?:\s+(?:for me|now|right now|thanks|thank you|okay|ok|then|will you|would you|can you|"
    r"jarvis|ren|wren))+$"
)
_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve twenty thirty forty "
    "fifty".split()
)
_COMMAND_STARTS = (
    "set start add put remind cancel turn what what's tell stop delete remove wake clear show "
    "create make how take list switch dim open close lock unlock"
).split()


def plain(text: str) -> str:
    """Lower case, no punctuation but in numbers and apostrophes, no fillers and no politeness.

    Empty when nothing but fillers was said.
    """
    text = text.lower().replace("\u2019", "'")
    text = re.sub(r"%|\bper cent\b", " percent ", text)
    text = re.sub(r"\b([ap])\s?\.\s?m\b\.?", r"\1m", text)
    text = re.sub(r"\bto-(day|night|morrow)\b", r"to\1", text)
    text = _HESITATION.sub(" ", text)
    text = _LISTING.sub(lambda found: re.sub(r",(?: and)? +", " and ", found[0]), text)
    text = re.sub(r"(?<!\d)[.:,]|[.:,](?!\d)|[^\w\s'.:]|_", " ", text)
    text = " ".join(CONTRACTIONS.get(word, word) for word in text.split())
    text = " ".join(word.strip("'") for word in text.split())
    before = None
    while before != text:
        before = text
        text = _LEADING.sub("", _WAKE.sub("", text, count=1).lstrip(), count=1)
        text = _TRAILING.sub("", text)
    words = _without_stutter(text.split())
    middle = len(words) // 2
    if middle > 1 and words[:middle] == words[middle:]:  # said twice, to be sure
        words = words[:middle]
    return " ".join(words)


def _without_stutter(words: list[str]) -> list[str]:
    return [
        word
        for index, word in enumerate(words)
        if index == 0 or word != words[index - 1] or word in _NUMBERS or word.isdigit()
    ]


def halves(text: str) -> list[tuple[str, str]]:
    """The ways to cut `text` in two where a second command may begin: after "and" or "then"."""
    words = text.split()
    cuts = []
    for index in range(1, len(words) - 1):
        if words[index] not in ("and", "then") or words[index - 1] in ("and", "then"):
            continue
        after = index + 1
        while after < len(words) and words[after] in ("and", "then", "also"):
            after += 1
        if after < len(words) and words[after] in _COMMAND_STARTS:
            cuts.append((" ".join(words[:index]), " ".join(words[after:])))
    return cuts

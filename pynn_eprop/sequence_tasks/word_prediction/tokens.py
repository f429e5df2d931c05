"""From text to words, and from words to numbers."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pynn_eprop.errors import TaskError

UNKNOWN, END_OF_LINE, END_OF_PARAGRAPH = "<unk>", "<eos>", "<eop>"

# letters of any alphabet, with apostrophes inside; underscores mark emphasis in plain text
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")


def words_of_prose(text: str) -> list[str]:
    """Lower-case words of running text; after each paragraph that has any, END_OF_PARAGRAPH.

    Blank lines are between paragraphs. Digits, punctuation and hyphens only separate words.
    """
    words: list[str] = []
    for paragraph in _BLANK_LINES.split(text.lower()):
        found = [word.replace("’", "'") for word in _WORD.findall(paragraph)]
        if found:
            words += [*found, END_OF_PARAGRAPH]
    return words


def words_of_lines(text: str) -> list[str]:
    """Words of text that has been cut already, with spaces; at each line's end, END_OF_LINE."""
    words: list[str] = []
    lines = text.split("\n")
    for line in lines[:-1] if not lines[-1].strip() else lines:
        words += [*line.split(), END_OF_LINE]
    return words


def require_length(words: Mapping[str, Sequence[str]], batch: int, interval: int) -> None:
    """Raise :class:`TaskError` for a set that is too short for an interval of steps in each row."""
    needed = batch * interval + 1
    for name, found in words.items():
        if len(found) < needed:
            raise TaskError(f"word-prediction: the {name} set has {len(found)} words; one interval "
                            f"of {interval} steps in each of {batch} rows needs {needed}")


def make_vocabulary(words: Iterable[str], size: int) -> tuple[str, ...]:
    """UNKNOWN and the ``size`` - 1 most frequent words, the most frequent one first.

    Of words that are equally frequent those that come first in the alphabet are taken. Raises
    :class:`TaskError` if there are not so many words.
    """
    counts = Counter(words)
    counts.pop(UNKNOWN, None)
    if size > len(counts) + 1:
        raise TaskError(f"word-prediction: vocabulary={size} is more than the {len(counts)} "
                        f"different words of the training set and {UNKNOWN}; choose at most "
                        f"{len(counts) + 1}")
    ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return (UNKNOWN, *(word for word, _ in ranked[:size - 1]))


def numbers_of(words: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
    """The place of each word in the vocabulary, that of UNKNOWN for all others; int32."""
    places = {word: place for place, word in enumerate(vocabulary)}
    unknown = places[UNKNOWN]
    return np.array([places.get(word, unknown) for word in words], np.int32)

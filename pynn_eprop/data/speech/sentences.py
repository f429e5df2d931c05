"""Stretches of text to be spoken: words that follow each other within one sentence."""

import re

import numpy as np

from pynn_eprop.errors import DataError

SHORTEST, LONGEST = 4, 8        # words

_TITLES = re.compile(r"\b(mr|mrs|dr|st)\.")     # their full stop ends no sentence
_ENDS = re.compile(r"[.!?;:,()\"]+|--|\n\s*\n")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


def choose_sentences(text: str, number: int, seed: int) -> list[str]:
    """Different stretches of 4 to 8 words in random order, the same for the same seed.

    More of them begin with the same ones. Raises :class:`DataError` if the text has too few.
    """
    rng = np.random.default_rng([seed, 0])
    stretches = sorted(set(_stretches(text, rng)))
    if len(stretches) < number:
        raise DataError(f"the text has {len(stretches)} different stretches of {SHORTEST} to "
                        f"{LONGEST} English words; {number} utterances need a longer one")
    return [stretches[i] for i in rng.permutation(len(stretches))[:number]]


def _stretches(text: str, rng: np.random.Generator) -> list[str]:
    found = []
    for sentence in _ENDS.split(_TITLES.sub(r"\1", text.lower().replace("_", ""))):
        words = _WORD.findall(sentence)
        while len(words) >= SHORTEST:
            length = int(rng.integers(SHORTEST, LONGEST + 1))
            if len(words) >= length:
                found.append(" ".join(words[:length]))
            words = words[length:]
    return found

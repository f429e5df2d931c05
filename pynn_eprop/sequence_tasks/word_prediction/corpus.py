"""The text to be predicted: files as those of the Penn Treebank, or six novels."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.data.novels import read_novels
from pynn_eprop.errors import DataError
from pynn_eprop.sequence_tasks.word_prediction.tokens import (
    UNKNOWN,
    make_vocabulary,
    numbers_of,
    require_length,
    words_of_lines,
    words_of_prose,
)

TRAINING, VALIDATION, TEST = "training", "validation", "test"
FILES = {TRAINING: "ptb.train.txt", VALIDATION: "ptb.valid.txt", TEST: "ptb.test.txt"}
NOVELS, TREEBANK = "novels", "Penn Treebank files"
SPLIT = {TRAINING: (0.0, 0.85), VALIDATION: (0.85, 0.925), TEST: (0.925, 1.0)}
"""Parts of the novels' words, from their beginning to their end."""


@dataclass(frozen=True)
class Corpus:
    """A text in three sets, as places of its words in a vocabulary.

    sets: (words,) of int32 by the name of the set. checksum: SHA-256 of the text that was read.
    """

    name: str
    vocabulary: tuple[str, ...]
    sets: Mapping[str, np.ndarray]
    checksum: str

    @property
    def about(self) -> dict[str, Any]:
        """Numbers for results: words of each set, and the part of them that is unknown."""
        unknown = self.vocabulary.index(UNKNOWN)
        return {"name": self.name, "vocabulary": len(self.vocabulary), "checksum": self.checksum,
                "words": {name: len(words) for name, words in self.sets.items()},
                "unknown": {name: float(np.mean(words == unknown))
                            for name, words in self.sets.items()}}


def read_corpus(data: str, vocabulary: int, fraction: float, batch: int = 1, interval: int = 1
                ) -> Corpus:
    """The files of a folder, or the novels if ``data`` is empty.

    fraction: of the training set, from its beginning. The vocabulary is that of what is left of it.
    batch, interval: rows that a set is read in, and steps that each has at least. Raises
    :class:`DataError` for files that are missing or cannot be read,
    :class:`MissingDependencyError` without the novels, :class:`TaskError` for a set that is too
    short and a vocabulary that is too large.
    """
    texts = _files(Path(data)) if data else {"": read_novels(
        "give word-prediction the folder of a copy of the Penn Treebank files (--data DIR)")}
    checksum = hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()
    if data:
        words = {name: words_of_lines(text) for name, text in texts.items()}
    else:
        all_words = words_of_prose(texts[""])
        words = {name: all_words[round(begin * len(all_words)):round(end * len(all_words))]
                 for name, (begin, end) in SPLIT.items()}
    words[TRAINING] = words[TRAINING][:round(fraction * len(words[TRAINING]))]
    require_length(words, batch, interval)
    known = make_vocabulary(words[TRAINING], vocabulary)
    return Corpus(TREEBANK if data else NOVELS, known,
                  {name: numbers_of(found, known) for name, found in words.items()}, checksum)


def _files(folder: Path) -> dict[str, str]:
    if not folder.is_dir():
        raise DataError(f"{folder} is {'not a folder' if folder.exists() else 'not there'}; give "
                        f"--data a folder with {', '.join(FILES.values())}")
    missing = [name for name in FILES.values() if not (folder / name).exists()]
    if missing:
        raise DataError(f"{folder} has no {', no '.join(missing)}; word-prediction needs "
                        f"{', '.join(FILES.values())} there, or no --data for the novels")
    texts = {}
    for part, name in FILES.items():
        try:
            texts[part] = (folder / name).read_text(encoding="utf-8-sig")
        except OSError as error:
            raise DataError(f"{folder / name} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise DataError(f"{folder / name} is not in UTF-8 ({error.reason} at byte "
                            f"{error.start})") from error
        if not texts[part].strip():
            raise DataError(f"{folder / name} has no words")
    return texts

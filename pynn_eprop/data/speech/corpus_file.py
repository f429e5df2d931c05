"""A corpus as a file (npz)."""

import json
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.data.cache import write_whole
from pynn_eprop.data.speech.corpus import Corpus, Utterance, contents_checksum
from pynn_eprop.data.speech.scaling import NONE
from pynn_eprop.errors import DataError

_FORMAT = "pynn_eprop speech 1"


def save_corpus(path: Path, corpus: Corpus) -> None:
    """Write a corpus whose features were not mapped; all of the file appears at once.

    Raises :class:`DataError` if it cannot be written.
    """
    if corpus.scaling != NONE:
        raise DataError(f"features are kept as they were computed, not with scaling "
                        f"{corpus.scaling!r}")
    utterances = list(corpus)
    save_utterances(path, utterances, {
        "source": corpus.source, "phones": corpus.phones, "origin": dict(corpus.origin),
        "checksum": corpus.checksum,
        "sets": {name: len(each) for name, each in corpus.sets.items()}})


def load_corpus(path: Path) -> Corpus:
    """Read a corpus. Raises :class:`DataError` for a file that is missing, damaged or another."""
    utterances, header = load_utterances(path)
    try:
        sets, at = {}, 0
        for name, size in header["sets"].items():
            sets[name], at = tuple(utterances[at:at + size]), at + size
        corpus = Corpus(header["source"], tuple(header["phones"]), sets, header["origin"],
                        checksum=header["checksum"])
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is damaged: its header lacks {error}") from error
    if at != len(utterances) or contents_checksum(corpus) != corpus.checksum:
        raise DataError(f"{path} is damaged: its contents do not have its checksum")
    return corpus


def save_utterances(path: Path, utterances: list[Utterance], header: dict[str, Any]) -> None:
    """Write utterances, and a header of plain values."""
    fields = {"format": _FORMAT, **header, "names": [each.name for each in utterances],
              "speakers": [each.speaker for each in utterances]}
    arrays = {
        "header": np.frombuffer(json.dumps(fields).encode(), dtype=np.uint8),
        "lengths": np.array([each.n_frames for each in utterances]),
        "features": np.concatenate([each.features for each in utterances]),
        "labels": np.concatenate([each.labels for each in utterances])}
    write_whole(path, lambda file: np.savez(file, **arrays))


def load_utterances(path: Path) -> tuple[list[Utterance], dict[str, Any]]:
    """Read utterances and header.

    Raises :class:`DataError` for a file that is missing, damaged or something else.
    """
    try:
        if path.exists() and not zipfile.is_zipfile(path):
            raise ValueError("not an npz file")     # NumPy would say something about pickles
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(bytes(file["header"]))
            lengths, features, labels = file["lengths"], file["features"], file["labels"]
        if header["format"] != _FORMAT:
            raise ValueError(f"it has format {header['format']!r}, not {_FORMAT!r}")
        bounds = np.concatenate([[0], np.cumsum(lengths)])
        if not bounds[-1] == len(features) == len(labels):
            raise ValueError("its lengths do not add up")
        utterances = [
            Utterance(name, speaker, features[start:end], labels[start:end])
            for name, speaker, (start, end) in zip(header["names"], header["speakers"],
                                                   pairwise(bounds), strict=True)]
    except FileNotFoundError as error:
        raise DataError(f"{path} does not exist") from error
    except (OSError, ValueError, TypeError, KeyError, EOFError, AttributeError,
            NotImplementedError, zipfile.BadZipFile, zlib.error, DataError) as error:
        raise DataError(f"{path} is damaged, or not a corpus of speech ({error})") from error
    return utterances, header

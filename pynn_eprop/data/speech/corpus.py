"""Speech in memory: utterances of features and phone labels, in sets."""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from pynn_eprop.errors import DataError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
HELD_OUT = "held-out voice"
"""A second test set, of a voice that is in no other set."""
RECORDED = "recorded"
"""A third, of people; only in speech that is otherwise made."""
SETS = (TRAIN, VALIDATION, TEST, HELD_OUT, RECORDED)


@dataclass(frozen=True, eq=False)
class Utterance:
    """What one speaker said, frame by frame.

    name: unique in its corpus. speaker: person or voice. features: float32 (frames, channels).
    labels: the phone at the centre of each frame, as its index in ``Corpus.phones``, uint8
    (frames,). The arrays cannot be written to.
    """

    name: str
    speaker: str
    features: np.ndarray
    labels: np.ndarray

    def __post_init__(self) -> None:
        features, labels = self.features.view(), self.labels.view()
        if features.dtype != np.float32 or labels.dtype != np.uint8 or features.ndim != 2 \
                or labels.shape != features.shape[:1] or not len(labels):
            raise DataError(f"utterance {self.name}: features {features.dtype}{features.shape} and "
                            f"labels {labels.dtype}{labels.shape}; float32 (frames, channels) and "
                            "uint8 (frames,) are needed, of one frame or more")
        for name, array in (("features", features), ("labels", labels)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Corpus:
    """Sets of utterances with the phones that they are labelled with.

    Parameters
    ----------
    source: a phrase for headings that says what speech this is
    phones: the classes; a label is an index into them
    sets: utterances by name of the set, of ``SETS``; a corpus need not have all of them
    origin: what the corpus was made of or read from, in plain values
    scaling: how the features were mapped ("none" as they were computed)
    checksum: SHA-256 of all but origin and scaling, with the features before they were mapped;
        computed if it is not given

    Raises :class:`DataError` if the parts do not fit together.
    """

    source: str
    phones: tuple[str, ...]
    sets: Mapping[str, tuple[Utterance, ...]]
    origin: Mapping[str, Any] = field(default_factory=dict)
    scaling: str = "none"
    checksum: str = ""

    def __post_init__(self) -> None:
        unknown = [name for name in self.sets if name not in SETS]
        if unknown:
            raise DataError(f"a corpus has no set {unknown[0]!r}; sets are {list(SETS)}")
        sets = {name: tuple(self.sets[name]) for name in SETS if name in self.sets}
        if not sets.get(TRAIN):
            raise DataError("a corpus needs utterances in its training set")
        object.__setattr__(self, "sets", MappingProxyType(sets))
        object.__setattr__(self, "origin", MappingProxyType(dict(self.origin)))
        self._check_utterances()
        if not self.checksum:
            object.__setattr__(self, "checksum", contents_checksum(self))

    def _check_utterances(self) -> None:
        names: set[str] = set()
        for utterance in self:
            if utterance.name in names:
                raise DataError(f"utterance {utterance.name} is there twice")
            names.add(utterance.name)
            if utterance.features.shape[1] != self.n_channels:
                raise DataError(f"utterance {utterance.name} has {utterance.features.shape[1]} "
                                f"channels, others have {self.n_channels}")
            if utterance.labels.max() >= len(self.phones):
                raise DataError(f"utterance {utterance.name} has label {utterance.labels.max()}; "
                                f"there are {len(self.phones)} phones")

    def __iter__(self) -> Iterator[Utterance]:
        """All utterances, one set after another."""
        for utterances in self.sets.values():
            yield from utterances

    def __len__(self) -> int:
        return sum(len(utterances) for utterances in self.sets.values())

    def __getitem__(self, name: str) -> tuple[Utterance, ...]:
        """The utterances of a set. Raises :class:`DataError` for one that it does not have."""
        try:
            return self.sets[name]
        except KeyError:
            raise DataError(f"{self.source} has no set {name!r}; its sets are "
                            f"{list(self.sets)}") from None

    @property
    def n_channels(self) -> int:
        """Features of a frame."""
        return int(self.sets[TRAIN][0].features.shape[1])

    @property
    def longest(self) -> int:
        """Frames of the longest utterance."""
        return max(utterance.n_frames for utterance in self)

    def with_set(self, name: str, utterances: tuple[Utterance, ...],
                 origin: Mapping[str, Any]) -> "Corpus":
        """This corpus with one more set, and more to say of its origin."""
        return Corpus(self.source, self.phones, {**self.sets, name: utterances},
                      {**self.origin, **origin}, self.scaling)

    def with_features(self, scaling: str, features: list[np.ndarray]) -> "Corpus":
        """This corpus with other features, in the order of iteration, and the same checksum."""
        mapped = iter(features)
        return dataclasses.replace(
            self, scaling=scaling, sets={
                name: tuple(dataclasses.replace(utterance, features=next(mapped))
                            for utterance in utterances)
                for name, utterances in self.sets.items()})


def contents_checksum(corpus: Corpus) -> str:
    """SHA-256 of phones, sets, names, speakers, labels and features as they are now."""
    digest = hashlib.sha256("\0".join([corpus.source, *corpus.phones]).encode())
    for name, utterances in corpus.sets.items():
        digest.update(f"\0{name}\0{len(utterances)}\0".encode())
        for utterance in utterances:
            digest.update(f"{utterance.name}\0{utterance.speaker}\0{utterance.n_frames}\0".encode())
            digest.update(np.ascontiguousarray(utterance.labels).data)
            digest.update(np.ascontiguousarray(utterance.features).data)
    return digest.hexdigest()

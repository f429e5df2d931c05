"""Numbers about a corpus, for logs and pages."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.data.speech.corpus import TRAIN, Corpus, Utterance


@dataclass(frozen=True)
class SetStatistics:
    """A set: utterances, speakers, frames, and lengths of utterances in frames.

    majority: share of frames with the phone that is the most frequent one in training, the
    accuracy of a network that always says it.
    """

    utterances: int
    speakers: int
    frames: int
    shortest: int
    median: float
    longest: int
    majority: float


@dataclass(frozen=True)
class Statistics:
    """sets: by name. phones: share of frames in training, the most frequent phone first."""

    sets: dict[str, SetStatistics]
    phones: dict[str, float]


def describe(corpus: Corpus) -> Statistics:
    """Numbers about the sets of a corpus and its phones."""
    counts = np.zeros(len(corpus.phones), dtype=np.int64)
    for utterance in corpus[TRAIN]:
        counts += np.bincount(utterance.labels, minlength=len(counts))
    order = np.argsort(-counts, kind="stable")
    return Statistics(
        {name: _describe_set(utterances, int(order[0]))
         for name, utterances in corpus.sets.items() if utterances},
        {corpus.phones[i]: float(counts[i] / counts.sum()) for i in order})


def _describe_set(utterances: tuple[Utterance, ...], majority: int) -> SetStatistics:
    lengths = np.array([utterance.n_frames for utterance in utterances])
    hits = sum(int(np.count_nonzero(utterance.labels == majority)) for utterance in utterances)
    return SetStatistics(
        len(lengths), len({utterance.speaker for utterance in utterances}), int(lengths.sum()),
        int(lengths.min()), float(np.median(lengths)), int(lengths.max()),
        hits / int(lengths.sum()))


def lines(corpus: Corpus) -> list[str]:
    """The numbers as text, a line for each set and one for the phones."""
    found = describe(corpus)
    text = [f"{corpus.source}: {len(corpus)} utterances, {len(corpus.phones)} phones, "
            f"{corpus.n_channels} channels, checksum {corpus.checksum[:16]}"]
    text += [f"  {name:15}{each.utterances:5} utterances of {_plural(each.speakers, 'speaker')}, "
             f"{each.frames} frames ({each.shortest} to {each.longest}, median {each.median:g}), "
             f"majority {each.majority:.3f}"
             for name, each in found.sets.items()]
    text.append("  phones in training, % of frames: "
                + ", ".join(f"{phone} {100 * share:.1f}" for phone, share in found.phones.items()))
    return text


def _plural(number: Any, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"

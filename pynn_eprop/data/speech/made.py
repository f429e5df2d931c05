"""A corpus of speech with phone labels that flite makes: seeded, kept in the user's cache.

It is as large as the usual sets of TIMIT (3,696 utterances to train, 400 and 192 to validate and
test), but speech of a synthesiser with three voices; a fourth voice is kept for a second test set.
"""

import hashlib
import json
import os
import tempfile
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.data.cache import cache_folder
from pynn_eprop.data.speech.corpus import HELD_OUT, TEST, TRAIN, VALIDATION, Corpus, Utterance
from pynn_eprop.data.speech.corpus_file import (
    load_corpus,
    load_utterances,
    save_corpus,
    save_utterances,
)
from pynn_eprop.data.speech.features import describe_features, features
from pynn_eprop.data.speech.flite import PHONES, flite_version, speak
from pynn_eprop.data.speech.segments import frame_labels
from pynn_eprop.data.speech.sentences import choose_sentences
from pynn_eprop.data.speech.variation import Variation
from pynn_eprop.errors import DataError, DataWarning

SIZES = {VALIDATION: 400, TEST: 192, HELD_OUT: 192, TRAIN: 3696}
N_UTTERANCES = sum(SIZES.values())
FEWEST = 12
VOICES = ("kal16", "awb", "slt")
HELD_OUT_VOICE = "rms"

RECIPE_VERSION = 1
"""To be raised with any change of this folder that changes a made corpus."""

_PART = 40      # utterances that are kept together while others are still to be spoken

Progress = Callable[[int, int], object]
"""Is called with the number of utterances done and of all."""


@dataclass(frozen=True)
class Recipe:
    """What a made corpus depends on: the same recipe makes the same corpus.

    text: SHA-256 of the text. flite, features: versions of what makes sound and features.
    """

    utterances: int
    seed: int
    text: str
    flite: str
    features: dict[str, Any]
    version: int = RECIPE_VERSION

    @property
    def key(self) -> str:
        """A name for the recipe, for files."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class _Line:
    """One utterance to be spoken."""

    index: int
    set: str
    voice: str
    text: str


def set_sizes(utterances: int) -> dict[str, int]:
    """Utterances in each set, in the proportions of ``SIZES``; what is left is the training set."""
    sizes = {name: max(1, round(utterances * size / N_UTTERANCES)) for name, size in SIZES.items()}
    sizes[TRAIN] = utterances - sum(size for name, size in sizes.items() if name != TRAIN)
    return sizes


def make_corpus(text: str, utterances: int = N_UTTERANCES, seed: int = 1,
                processes: int | None = None, progress: Progress = lambda done, of: None) -> Corpus:
    """The corpus made of a text, from the cache or spoken now.

    processes: how many flite run side by side, as many as processors if None; the corpus does not
    depend on it. What an interrupted call has spoken is kept, and the next one goes on.

    Raises :class:`DataError` for numbers out of range, or a text that is too short;
    :class:`MissingDependencyError` without flite or the library for features.
    """
    for name, value, least in (("utterances", utterances, FEWEST), ("seed", seed, 0),
                               ("processes", processes, 1)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)
                                  or value < least):
            raise DataError(f"{name}={value!r} must be a whole number >= {least}")
    recipe = Recipe(utterances, seed, hashlib.sha256(text.encode()).hexdigest(), flite_version(),
                    describe_features())
    folder = cache_folder("speech", recipe.key, make=True)
    corpus = _kept(folder / "corpus.npz", recipe)
    if corpus is None:
        lines = _plan(text, utterances, seed)
        spoken = _Speaking(recipe, folder, progress).all(lines, processes or os.cpu_count() or 1)
        corpus = _assemble(lines, spoken, recipe)
        save_corpus(folder / "corpus.npz", corpus)
        for part in folder.glob("part-*.npz"):
            part.unlink(missing_ok=True)
    return corpus


def _kept(path: Path, recipe: Recipe) -> Corpus | None:
    """The corpus in the cache, or None if there is none that can be used."""
    if not path.exists():
        return None
    try:
        corpus = load_corpus(path)
        if corpus.origin.get("recipe") == asdict(recipe):
            return corpus
        why = f"{path} was made in another way"
    except DataError as error:
        why = str(error)
    warnings.warn(f"{why}; the corpus is made again", DataWarning, stacklevel=3)
    return None


def _plan(text: str, utterances: int, seed: int) -> list[_Line]:
    """What is said by whom: no stretch of text twice, voices in turn."""
    sentences = iter(enumerate(choose_sentences(text, utterances, seed)))
    return [_Line(index, name, HELD_OUT_VOICE if name == HELD_OUT else VOICES[i % len(VOICES)],
                  sentence)
            for name, size in set_sizes(utterances).items()
            for i, (index, sentence) in zip(range(size), sentences, strict=False)]


def _assemble(lines: list[_Line], spoken: list[Utterance], recipe: Recipe) -> Corpus:
    sets: dict[str, list[Utterance]] = {}
    for line, utterance in zip(lines, spoken, strict=True):
        sets.setdefault(line.set, []).append(utterance)
    return Corpus(
        f"speech made with flite {recipe.flite}", PHONES,
        {name: tuple(utterances) for name, utterances in sets.items()},
        {"recipe": asdict(recipe), "voices": VOICES, "held-out voice": HELD_OUT_VOICE})


def say(text: str, voice: str, seed: int, index: int, scratch: Path) -> Utterance:
    """Utterance ``index`` of a corpus, a function of these arguments; ``scratch`` is for a file."""
    rng = np.random.default_rng([seed, 1, index])
    variation = Variation.draw(rng)
    sound = variation.of(speak(text, voice, variation.tempo, variation.pitch, scratch), rng)
    channels = features(sound.samples.astype(np.float32))
    return Utterance(f"made/{index:05d}", voice, channels,
                     frame_labels(sound.segments, PHONES, len(channels)))


class _Speaking:
    """Utterances spoken side by side, in parts that are kept in a folder."""

    def __init__(self, recipe: Recipe, folder: Path, progress: Progress) -> None:
        self._recipe, self._folder, self._progress = recipe, folder, progress
        self._stop = threading.Event()

    def all(self, lines: list[_Line], processes: int) -> list[Utterance]:
        parts = [lines[at:at + _PART] for at in range(0, len(lines), _PART)]
        spoken = {number: part for number in range(len(parts))
                  if (part := self._read(number, parts[number])) is not None}
        done = sum(map(len, spoken.values()))
        self._progress(done, len(lines))
        # threads, as flite's processes do most of the work, and NumPy and the features the rest
        with ThreadPoolExecutor(processes) as pool:
            futures = {pool.submit(self._speak_part, number, part): number
                       for number, part in enumerate(parts) if number not in spoken}
            try:
                for future in as_completed(futures):
                    spoken[futures[future]] = future.result()
                    done += len(future.result())
                    self._progress(done, len(lines))
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        return [utterance for number in range(len(parts)) for utterance in spoken[number]]

    def _speak_part(self, number: int, lines: list[_Line]) -> list[Utterance]:
        utterances = []
        with tempfile.TemporaryDirectory() as scratch:
            for line in lines:
                if self._stop.is_set():
                    return []
                utterances.append(say(line.text, line.voice, self._recipe.seed, line.index,
                                      Path(scratch)))
        save_utterances(self._path(number), utterances, {"recipe": asdict(self._recipe)})
        return utterances

    def _read(self, number: int, lines: list[_Line]) -> list[Utterance] | None:
        """A part spoken before, or None if it has to be spoken."""
        try:
            utterances, header = load_utterances(self._path(number))
        except DataError:
            return None
        fits = header.get("recipe") == asdict(self._recipe) and len(utterances) == len(lines)
        return utterances if fits else None

    def _path(self, number: int) -> Path:
        return self._folder / f"part-{number:04d}.npz"

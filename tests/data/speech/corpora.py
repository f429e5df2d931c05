"""Small corpora of drawn numbers."""

import numpy as np

from pynn_eprop.data.speech import Corpus, Utterance

PHONES = ("a", "b", "c")


def utterance(name, rng, frames=None, channels=4, spread=1.0, speaker="one"):
    """Features near a phone's own pattern."""
    frames = frames or int(rng.integers(5, 20))
    labels = rng.integers(0, len(PHONES), frames).astype(np.uint8)
    features = spread * rng.standard_normal((frames, channels)) + np.eye(3, channels)[labels]
    return Utterance(name, speaker, features.astype(np.float32), labels)


def small_corpus(seed=1, spread=1.0, constant_channel=False, training=6, noise=1.0):
    """Three sets; ``spread`` widens all but the training set."""
    rng = np.random.default_rng(seed)
    sets = {name: tuple(utterance(f"{name}/{i}", rng, speaker=f"voice {i % 2}",
                                  spread=noise * (1.0 if name == "train" else spread))
                        for i in range(number))
            for name, number in (("train", training), ("validation", 2), ("test", 2))}
    corpus = Corpus("drawn numbers", PHONES, sets, {"seed": seed})
    if constant_channel:
        features = [each.features.copy() for each in corpus]
        for each in features:
            each[:, 0] = 3.0
        corpus = corpus.with_features("none", features)
    return corpus

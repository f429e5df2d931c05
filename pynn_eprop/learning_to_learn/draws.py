"""Random numbers, as functions of a seed, of what they are for, and of its number."""

import numpy as np

WEIGHTS, TRAINING, VALIDATION, TEST, ONE_SHOT = range(5)
"""Initial weights; tasks of an iteration, of validations, of the test, of one-shot runs."""

_OF_THESE = 21


def random_numbers(seed: int, purpose: int, number: int = 0) -> np.random.Generator:
    """The generator of a purpose; those of one seed are independent of one another."""
    return np.random.default_rng([seed, _OF_THESE, purpose, number])

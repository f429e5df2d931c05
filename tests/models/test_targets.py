"""Targets of steps, and what recordings begin with, from docs/semantics.md."""

import numpy as np
import pytest

from pynn_eprop.models.first_samples import first_samples
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.targets import target_end, targets_at
from tests.descriptions import readouts

TARGET = np.array([[1.0, 2.0, np.nan], [4.0, 5.0, 6.0]])


def test_a_target_of_one_interval_repeats():
    """Column s - 1 belongs to step s of every interval."""
    found = targets_at(readouts(2, loss=MSE(), target=TARGET), np.arange(1, 8))
    np.testing.assert_array_equal(found, TARGET.T[[0, 1, 2, 0, 1, 2, 0]])


def test_a_target_of_the_run_begins_after_its_start_and_ends():
    taught = readouts(2, loss=MSE(), target=TARGET, target_repeats=False, target_start=4)
    found = targets_at(taught, [0, 4, 5, 7, 8])
    none = np.full(2, np.nan)
    np.testing.assert_array_equal(found, [none, none, TARGET[:, 0], TARGET[:, 2], none])
    assert target_end(taught) == 7


def test_without_a_target_there_is_none():
    assert np.all(np.isnan(targets_at(readouts(2), 1))) and target_end(readouts(2)) is None
    assert targets_at(readouts(2), 1).shape == (1, 2)
    assert target_end(readouts(2, target=TARGET)) is None


@pytest.mark.parametrize("variable, step, value", [
    ("h", 0, 0.0), ("error", 0, 0.0), ("target", 0, np.nan), ("h", 5, np.nan)])
def test_what_recordings_begin_with(variable, step, value):
    np.testing.assert_array_equal(first_samples(variable, step, 2), [value, value])

"""Targets: shapes and values that are taken, and the errors of others."""

import numpy as np
import pytest
from pyNN.parameters import Sequence

from pynn_eprop.common.standardmodels.targets import (
    as_sequences,
    check_rows,
    check_target,
    to_matrix,
)
from pynn_eprop.errors import TargetError
from pynn_eprop.models.losses import MSE, CrossEntropy


def matrix_of(target, size):
    rows = as_sequences(target, "r")
    check_rows(rows, size, "r")
    sequences = np.empty(size, dtype=object)
    sequences[:] = rows if isinstance(rows, list) else [rows] * size
    return to_matrix(sequences, "r")


def test_all_forms_give_the_same_matrix():
    array = np.arange(6.0).reshape(2, 3)
    for form in (array, array.tolist(), [Sequence(row) for row in array]):
        np.testing.assert_array_equal(matrix_of(form, 2), array)
    for form in (array[0], Sequence(array[0])):
        np.testing.assert_array_equal(matrix_of(form, 2), [array[0], array[0]])


def test_no_target():
    assert matrix_of(Sequence([]), 3) is None


@pytest.mark.parametrize(("target", "message"), [
    (np.ones((3, 5)), "3 rows, but there are 2 readouts"),
    ([Sequence([1.0]), Sequence([1.0, 2.0])], "differ in length .1 to 2 steps"),
    (np.ones((2, 2, 2)), r"shape \(2, 2, 2\); it must be \(readouts, steps\)"),
    ("sine", "neither an array"),
])
def test_bad_shapes_are_refused(target, message):
    with pytest.raises(TargetError, match=message):
        matrix_of(target, 2)


def test_one_interval_repeats_and_several_do_not():
    assert check_target(np.zeros((2, 10)), MSE(), 10, "r") is True
    assert check_target(np.zeros((2, 30)), MSE(), 10, "r") is False
    assert check_target(np.zeros((2, 30)), MSE(), None, "r") is False


@pytest.mark.parametrize("steps", [9, 11, 25])
def test_a_length_that_is_no_whole_number_of_intervals_is_refused(steps):
    with pytest.raises(TargetError, match=f"{steps} steps, but an interval has 10; give one "):
        check_target(np.zeros((2, steps)), MSE(), 10, "r")


def test_values_are_checked_by_the_loss():
    with pytest.raises(TargetError, match="infinite"):
        check_target(np.full((2, 10), np.inf), MSE(), 10, "r")
    with pytest.raises(TargetError, match="sum to 1"):
        check_target(np.zeros((2, 10)), CrossEntropy(), 10, "r")
    partly = np.full((2, 10), 0.5)
    partly[0, 3] = np.nan
    with pytest.raises(TargetError, match="step 4 only some"):
        check_target(partly, CrossEntropy(), 10, "r")

"""Means and intervals of the evidence."""

import pytest

from evidence.tables import mean_and_interval


def test_interval_of_five_values():
    # 1..5: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776
    mean, half = mean_and_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert mean == 3.0
    assert half == pytest.approx(2.776 * 2.5**0.5 / 5**0.5)

"""Means and intervals of the evidence."""

from types import SimpleNamespace

import pytest

from evidence.tables import _shorter_runs, mean_and_interval


def test_interval_of_five_values():
    # 1..5: mean 3, standard deviation sqrt(2.5), t(0.975, 4) = 2.776
    mean, half = mean_and_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert mean == 3.0
    assert half == pytest.approx(2.776 * 2.5**0.5 / 5**0.5)


def test_errors_of_shorter_runs_stand_beside_the_same_updates():
    """The last 50 of 100 updates are those 51 to 100, in which the longer runs have 0.2."""
    def entry(label, updates, curve):
        return SimpleNamespace(label=label), [{"updates": updates, "error_curve": curve}] * 2

    longer = entry("e-prop 1", 200, [0.4] * 50 + [0.1, 0.3] * 25 + [0.0] * 100)
    text = " ".join(_shorter_runs([longer, entry("BPTT", 100, [0.3] * 100)]))
    assert "Of runs with 100 updates" in text and "e-prop 1 has 20.0%." in text
    assert _shorter_runs([longer, entry("LIF", 200, [0.3] * 200)]) == []

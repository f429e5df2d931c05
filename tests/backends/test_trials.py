"""Trials of durations of their own and populations that run backwards, on every backend."""

import numpy as np
import pytest

from tests.backends import scripts


@pytest.mark.parametrize("backend", ["jax"])
def test_a_script_means_the_same(on_backend):
    """As on the host's engine, within what float32 leaves of learning."""
    found, expected = on_backend("trials.played"), scripts.call("host", "trials.played")
    assert found.keys() == expected.keys()
    assert sum(len(train) for name, train in expected.items() if name[-1].isdigit()) > 40
    assert np.isnan(expected["back v"]).sum() == 5 * (7 + 13)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("backend", ["nest", "brian2", "spinnaker"])
def test_what_a_backend_lacks_is_refused_by_name(on_backend):
    """Before anything runs; then the network, which has none of it, does."""
    (kinds, backwards), (of_trials, durations), (_, ran) = on_backend("trials.refused")
    assert "UnsupportedError" in kinds and "UnsupportedError" in of_trials
    assert backwards.startswith("back: backwards=True is not known to ")
    assert "a network of one direction" in backwards
    assert durations.startswith("set_trial_durations(): trials of durations of their own are not ")
    assert ran == ""

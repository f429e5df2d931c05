"""Weights that act on emulated cores, and warnings before a run, as the host has them."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
from pynn_eprop.emulator import Board
from tests.fixed.rounded_scripts import (
    INTERVAL,
    acts,
    first_input,
    one_to_one,
    warned,
    weak_beside_strong,
)
from tests.spinnaker.virtual import virtual_board

WEIGHTS = np.array([0.3, -0.2, 1.6e-5, 1e-5, -2.0 ** -14, 0.0, 0.7])
CASES = {"weak beside strong": (2e-4, 8.0), "half a unit": (1.6e-5, None)}


def test_acting_weights_are_what_arrives_at_an_emulated_core():
    """They are v at the step of the arrival, on a core that has nothing but the weights."""
    expected = acts(one_to_one(host, WEIGHTS, precision="fixed"))
    with Board(chips=4, real_time=False):
        import pynn_eprop.spinnaker as sim
        network = one_to_one(sim, WEIGHTS)
        found = acts(network)
        learned = network["in"].get("acting_weight", "list", with_address=False)
        report = sim.range_report()
        network = weak_beside_strong(sim, *CASES["weak beside strong"])
        warned(lambda: sim.run(INTERVAL))
        arrived = first_input(network)
        sim.end()
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[3])
    assert np.any(found[0] != found[1]) and np.any(learned != found[1])
    assert arrived == 8.0
    assert report.projections[0].saturated == {}
    assert report.populations[0].saturated["weights"] == 0
    assert str(report).splitlines()[1].split()[-1] == "-"   # counted by population


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", CASES)
def test_the_warnings_are_those_of_the_host(case: str, tmp_path: Path):
    weak_beside_strong(host, *CASES[case], precision="fixed")
    expected = warned(lambda: host.run(INTERVAL))
    assert len(expected) == 1
    with virtual_board(tmp_path):
        import pynn_eprop.spinnaker as sim
        network = weak_beside_strong(sim, *CASES[case])
        assert warned(lambda: sim.run(INTERVAL)) == expected
        assert warned(lambda: sim.run(INTERVAL)) == []
        weak = network["projections"][0].get("weight", "array") * 1.05
        weak[1:21] = 1e-5
        network["projections"][0].set(weight=weak)
        said, = warned(lambda: sim.run(INTERVAL))
        assert f"{177 if 'beside' in case else 60} of 180 weights act as zero" in said
        sim.end()

"""Recordings of what a script gave, on a virtual board: rounded as cores and the host round it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from tests.spinnaker.virtual import virtual_board

T = 10
HALVES = np.arange(-3.5, 4.0)      # between two numbers that a core holds


def recorded(module: Any, **setup: Any) -> list[np.ndarray]:
    """The first samples of states and all targets."""
    module.setup(timestep=1.0, update_interval=T, **setup)
    cells = module.Population(len(HALVES), module.EPropALIF(), label="cells")
    cells.initialize(v=HALVES * 2.0 ** -15, a=HALVES * 2.0 ** -19)
    target = np.concatenate([HALVES, [np.nan, 0.1]])[np.newaxis] * 2.0 ** -15
    readout = module.Population(1, module.EPropReadout(target=target), label="readout")
    cells.record(["v", "a"])
    readout.record("target")
    module.run(T)
    v, a = (cells.get_data(name).segments[0].analogsignals[0].magnitude[0] for name in "va")
    return [v, a, readout.get_data("target").segments[0].analogsignals[0].magnitude]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_given_values_are_recorded_as_the_host_records_them(tmp_path: Path) -> None:
    expected = recorded(host, precision="fixed")
    even = np.array([-4, -2, -2, 0, 0, 2, 2, 4])        # halves are rounded to even numbers
    np.testing.assert_array_equal(expected[0], even * 2.0 ** -15)
    np.testing.assert_array_equal(expected[1], even * 2.0 ** -19)
    with virtual_board(tmp_path):
        found = recorded(sim)
        sim.end()
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)

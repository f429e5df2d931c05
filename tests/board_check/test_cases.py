"""The networks of the check, on the host: that they could show a fault."""

import warnings

import numpy as np
import pytest

import pynn_eprop.host as host
from pynn_eprop.board_check.cases import CASES
from pynn_eprop.board_check.networks.drawn import Drawn, Size
from pynn_eprop.board_check.recorded import Spikes


@pytest.mark.parametrize("name", CASES)
def test_a_network_spikes_and_learns_within_its_formats(name):
    """One that does nothing would agree with any board; a warning tells of saturations."""
    case = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = (case.expected or case.script)(host, precision="fixed")
    assert host.num_updates() >= 2
    assert sum(each.size for each in found.values() if isinstance(each, Spikes)) >= 80
    gradients = [values for name, values in found.items() if name.endswith("gradient")]
    assert gradients
    for each in gradients:
        assert np.any(each.values != 0)


def test_networks_have_every_kind_of_quantity():
    names = {name.split()[-1] for case in (CASES["regression"], CASES["classification"])
             for name in case.script(host, precision="fixed")}
    assert names == {"spikes", "v", "a", "h", "learning_signal", "y", "error", "loss", "bias",
                     "weight", "gradient"}


def test_the_load_is_what_its_row_says():
    spikes = CASES["load"].script(host, precision="fixed")["network spikes"]
    assert len(spikes.trains) == 400
    rate = spikes.size / 400 / 0.4      # Hz, over 400 ms
    assert rate == pytest.approx(60.0, abs=3.0)


def test_what_is_drawn_is_drawn_again():
    first, second = (Drawn(Size(), 3) for _ in range(2))
    for one, other in ((each.weights(5, 3), each.curves()) for each in (first, second)):
        assert one.shape == (5, 3) and other.shape == (2, 40)
    assert first.rows(6, 6, 0.5, (1.0, 2.0)) == second.rows(6, 6, 0.5, (1.0, 2.0))
    assert all(row[0] != row[1] and row[3] in (1.0, 2.0)
               for row in first.rows(6, 6, 0.9, (1.0, 2.0)))

"""Pseudo-derivatives of one's own, and machines that lack one."""

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.network import Inputs
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import lif, network, record
from tests.own_kinds import Box


def test_a_shape_from_outside_runs_on_the_reference():
    """v decays from 0.5 with alpha = exp(-1/20); u = (v - 0.61) / 0.1525 enters -1 .. 1 never
    below 0.4575: for the first step only."""
    machine = ReferenceMachine(network([lif(
        v_initial=0.5, pseudo_derivative=Box(height=0.4, width=0.25))]))
    run = machine.run(3, Inputs(), [record(0, "h")])
    assert run.entries[0][:, 0].tolist() == [0.4, 0.0, 0.0]
    assert 0.5 * np.exp(-1 / 20) > 0.4575 > 0.5 * np.exp(-2 / 20)


@pytest.mark.parametrize("precision", ["float32", "float64", "fixed"])
def test_the_engine_names_the_shape_that_it_does_not_know(precision):
    with pytest.raises(UnsupportedError, match=r"cells: pseudo-derivative 'box' is not known to th"
                       r"e host engine.*; choose one of \['piecewise_linear', .*reference"):
        HostEngine(network([lif(pseudo_derivative=Box())]), precision)

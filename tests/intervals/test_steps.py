"""Steps as both machines take them."""

import numpy as np
import pytest

from pynn_eprop.errors import SimulationError
from pynn_eprop.intervals import INTERVAL_RULES, IntervalLearning, UnitNetwork, build_machine
from pynn_eprop.models.optimizers import SGD
from tests.intervals.cases import sequences

NETWORK = UnitNetwork(5, 3, 4)


@pytest.mark.parametrize("kind", ["compiled", "jax"])
def test_what_is_no_array_of_numbers_is_refused(kind):
    """Lists are taken as the arrays that they stand for."""
    if kind == "jax":
        pytest.importorskip("jax")
    x, y, active = sequences(NETWORK, 6, 2).values()
    learning = IntervalLearning(INTERVAL_RULES["traces"], 2, 3, SGD(0.1))

    def made():
        return build_machine(NETWORK, learning, NETWORK.first_parameters(1), 1, kind)

    for given, message in (((None, y, active), "inputs must be an array of numbers with a row for "
                                               "each step, not NoneType"),
                           ((x, None, active), "targets must be .* not NoneType"),
                           ((x, y, None), "active must be .* not NoneType"),
                           ((x.astype(str), y, active), "inputs must be .* not an array of "),
                           ((x * 1j, y, active), "inputs must be .* not an array of "),
                           ((x, [[1], [1, 2]], active), "targets must be .* not list"),
                           ((5, y, active), "inputs must be .* not int")):
        for use in ("train", "evaluate"):
            with pytest.raises(SimulationError, match=message):
                getattr(made(), use)(*given)
    with pytest.raises(SimulationError, match="inputs must be"):
        made().outputs(None)
    one, other = made(), made()
    assert one.train(x, y, active) == other.train(x.tolist(), y.tolist(), active.tolist())
    np.testing.assert_array_equal(one.outputs(x)[0], other.outputs(x.tolist())[0])

"""Weights as both machines take them."""

import pytest

from pynn_eprop.errors import ParameterError
from pynn_eprop.intervals import INTERVAL_RULES, IntervalLearning, UnitNetwork, build_machine
from pynn_eprop.models.optimizers import SGD

NETWORK = UnitNetwork(5, 3, 4)


@pytest.mark.parametrize("kind", ["compiled", "jax"])
def test_weights_that_the_precision_does_not_hold_are_refused(kind):
    """1e39 is beyond float32."""
    if kind == "jax":
        pytest.importorskip("jax")
    learning = IntervalLearning(INTERVAL_RULES["traces"], 2, 3, SGD(0.1))
    large = NETWORK.first_parameters(1, forget_bias=1e39)
    with pytest.raises(ParameterError, match="weights has values that are not finite in float32"):
        build_machine(NETWORK, learning, large, 1, kind)
    machine = build_machine(NETWORK, learning, NETWORK.first_parameters(1), 1, kind)
    with pytest.raises(ParameterError, match="weights has values that are not finite in float32"):
        machine.set_parameters(large)
    build_machine(NETWORK, learning, large, 1, kind, "float64")

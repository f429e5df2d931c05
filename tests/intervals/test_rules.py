"""Rules of learning in intervals, and what they are made of."""

import numpy as np
import pytest

from pynn_eprop.errors import ParameterError
from pynn_eprop.intervals import (
    IntervalLearning,
    IntervalRule,
    Signal,
    Traces,
    UnitNetwork,
    build_machine,
)
from pynn_eprop.models.optimizers import SGD
from tests.intervals.cases import sequences

NETWORK = UnitNetwork(4, 3, 2)


def test_names_stand_for_traces_and_signals():
    """A machine of such a rule has its traces, and its random weights."""
    named = IntervalRule("own", "", "carried", "random")
    assert named == IntervalRule("own", "", Traces.CARRIED, Signal.RANDOM)
    assert named.traces is Traces.CARRIED and named.signal is Signal.RANDOM
    states = []
    for rule in (named, IntervalRule("own", "", Traces.CARRIED, Signal.RANDOM)):
        machine = build_machine(NETWORK, IntervalLearning(rule, 2, 3, SGD(0.1)),
                                NETWORK.first_parameters(1), 1)
        machine.train(**sequences(NETWORK, 6, 2), last=False)
        states.append(machine.state())
    assert states[0].keys() == states[1].keys() and "traces" in states[0]
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name])


@pytest.mark.parametrize(("field", "message"), [
    ({"traces": "long"}, r"traces='long' is unknown; choose one of \['none', 'carried', 'trunc"),
    ({"traces": None}, "traces=None is unknown"),
    ({"signal": "loud"}, r"signal='loud' is unknown; choose one of \['propagated', 'symmetric'"),
])
def test_what_is_unknown_is_refused(field, message):
    with pytest.raises(ParameterError, match=message):
        IntervalRule("own", "", **field)


def test_synthetic_gradients_are_an_object():
    with pytest.raises(ParameterError, match="synthetic=128 must be None or a SyntheticGradients"):
        IntervalLearning(IntervalRule("own", "", synthetic=True), 2, synthetic=128)

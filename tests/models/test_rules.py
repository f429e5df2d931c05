"""Rules from outside, and what machines say of rules that they do not know."""

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import EProp, Rule, register_rule
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import feedback, lif, network, readouts, spikes, synapses
from tests.own_kinds import Counting


def test_traces_with_names_that_machines_use_are_refused():
    class Clashing(Rule):
        name = "clashing"
        traces = ("e_bar",)

    with pytest.raises(ParameterError, match="trace cannot be called 'e_bar'"):
        register_rule(Clashing)


def counted(machine, rule, optimizer=SGD(lr=0.0)):  # noqa: B008 (immutable)
    """A cell that two source spikes reach; the readout's error is -1 in each of the 4 steps."""
    return machine(network(
        [Sources("source", 1), lif(), readouts(loss=MSE(), target=np.ones((1, 4)), tau_m=1e-6)],
        [synapses(0, 1, [(0, 0)], 0.01, optimizer=optimizer, rule=rule)],
        [feedback(2, 1, [[-1.0]])], interval_steps=4))


def test_a_rule_from_outside_runs_on_the_reference():
    """The readout does not filter: ebar = e, L = 1, and so the gradient is gain times 2 spikes."""
    machine = counted(ReferenceMachine, Counting(gain=1.5))
    machine.run(4, spikes(0, (0, 0), (2, 0)))
    assert machine.gradient(0) == pytest.approx([3.0], rel=1e-12)


def test_the_engine_names_the_rule_that_it_does_not_know():
    class Mine(EProp):
        """Derived, and so not the engine's."""

    with pytest.raises(UnsupportedError, match=r"0 to 1: rule 'counting' is not known to the host "
                       r"engine; choose one of \['e-prop', 'truncated-traces', .*reference"):
        counted(HostEngine, Counting())
    with pytest.raises(UnsupportedError, match="rule 'e-prop' is not known"):
        counted(HostEngine, Mine())
    counted(HostEngine, Counting(), optimizer=None)     # nothing learns: the rule has no use

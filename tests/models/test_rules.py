"""Rules from outside, and what machines say of rules that they do not know."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import ParameterError, SimulationError, UnsupportedError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import (
    RULES,
    EProp,
    PostsynapticFactor,
    Rule,
    register_rule,
    resolve_rule,
)
from pynn_eprop.models.rules.registry import KEPT_BY_MACHINES
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import feedback, lif, network, readouts, spikes, synapses
from tests.own_kinds import Counting


@pytest.fixture
def registry():
    """The registry, put back afterwards."""
    before = dict(RULES)
    yield RULES
    RULES.clear()
    RULES.update(before)


def test_traces_with_names_that_machines_use_are_refused():
    class Clashing(Rule):
        name = "clashing"
        traces = ("e_bar",)

    with pytest.raises(ParameterError, match="trace cannot be called 'e_bar'"):
        register_rule(Clashing)


@dataclass(frozen=True)
class WithAName(Counting):
    """Of one trace by a bare name."""

    name: ClassVar[str] = "with a name"
    traces: ClassVar[Any] = "seen"


@dataclass(frozen=True)
class NeedsAName(Counting):
    """Of one variable by a bare name."""

    name: ClassVar[str] = "needs a name"
    needs: ClassVar[Any] = "h"


@dataclass(frozen=True)
class Hiding(Counting):
    """With a trace that would hide a method of the reference's traces."""

    name: ClassVar[str] = "hiding"
    traces: ClassVar[tuple[str, ...]] = ("advance",)


@dataclass(frozen=True)
class Empty(Rule):
    """Without its step."""

    name: ClassVar[str] = "empty"


@dataclass(frozen=True)
class WithoutFactor(PostsynapticFactor):
    """Without its factor."""

    name: ClassVar[str] = "without factor"


@dataclass(frozen=True)
class Remembering(WithoutFactor):
    """With a memory that would hide the filtered spikes."""

    memory: ClassVar[tuple[str, ...]] = ("zhat",)

    def factor(self, memory, cells):
        return cells.h, memory


@dataclass(frozen=True)
class RememberingAName(Remembering):
    """With a name in the place of a list of names."""

    memory: ClassVar[str] = "seen"


@pytest.mark.parametrize(("rule", "message"), [
    (WithoutFactor, r"rule WithoutFactor has no factor\(\)"),
    (Remembering, "a trace cannot be called 'zhat'"),
    (RememberingAName, "rule RememberingAName: memory='seen' must be a tuple of names"),
    (WithAName, "rule WithAName: traces='seen' must be a tuple of names"),
    (NeedsAName, "rule NeedsAName: needs='h' must be a tuple of names"),
    (Hiding, "a trace cannot be called 'advance'"),
    (Empty, r"rule Empty has no eligibility\(\)"),
])
def test_incomplete_rules_are_refused_by_name_and_as_objects(registry, rule, message):
    for made in (lambda: register_rule(rule), lambda: resolve_rule(rule())):
        with pytest.raises(ParameterError, match=message):
            made()


def test_parameters_need_a_dataclass(registry):
    class Undecorated(Counting):
        slope: float = 1.0
        name = "undecorated"

    with pytest.raises(ParameterError, match="'slope' is not a parameter, as the class is not a"):
        register_rule(Undecorated)


def counted(machine, rule, optimizer=SGD(lr=0.0)):  # noqa: B008 (immutable)
    """A cell that two source spikes reach; the readout's error is -1 in each of the 4 steps."""
    return machine(network(
        [Sources("source", 1), lif(), readouts(loss=MSE(), target=np.ones((1, 4)), tau_m=1e-6)],
        [synapses(0, 1, [(0, 0)], 0.01, optimizer=optimizer, rule=rule)],
        [feedback(2, 1, [[-1.0]])], interval_steps=4))


@dataclass(frozen=True)
class Alternating(PostsynapticFactor):
    """P is 0 or 1 in turn: one number for all cells, and so is what is kept of it."""

    name: ClassVar[str] = "alternating"
    needs: ClassVar[tuple[str, ...]] = ()
    memory: ClassVar[tuple[str, ...]] = ("on",)
    membrane_trace: ClassVar[bool] = False

    def factor(self, memory, cells):
        return memory["on"], {"on": 1.0 - np.max(memory["on"])}


def test_a_factor_and_its_memory_may_be_one_number_for_all_cells():
    """Spikes arrive at steps 1, 2 and 4, P is 1 at the even ones, L = 1 and ebar = e."""
    machine = counted(ReferenceMachine, Alternating())
    machine.run(4, spikes(0, (0, 0), (1, 0), (3, 0)))
    assert machine.gradient(0) == pytest.approx([2.0], rel=1e-12)


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


def test_names_that_traces_cannot_have_are_those_of_the_reference():
    """Every attribute of the traces of a rule that keeps none itself."""
    traces = counted(ReferenceMachine, EProp()).plastic[0].traces
    own = {*vars(traces), *dir(type(traces))} - {f"eps_{state}" for state in ("v", "a")}
    assert {name for name in own if not name.startswith("_")} == set(KEPT_BY_MACHINES)


def wrong(answer):
    """A rule whose step gives or does something else."""
    return type("Wrong", (Counting,), {"name": "wrong", "eligibility": answer})()


@pytest.mark.parametrize(("answer", "error", "message"), [
    (lambda self, traces, arriving, cells, post: None, ParameterError, "is NoneType"),
    (lambda self, traces, arriving, cells, post: np.zeros(5), ParameterError, r"shape \(5,\)"),
    (lambda self, traces, arriving, cells, post: setattr(traces, "seen", 0.0) or arriving,
     ParameterError, r"the trace 'seen' is float64 of shape \(\)"),
    (lambda self, traces, arriving, cells, post: cells.v[post], SimulationError,
     "failed: AttributeError: Wrong reads 'v' of its cells; name it in the rule's needs"),
    (lambda self, traces, arriving, cells, post: cells.z_reset[post], SimulationError,
     "failed: AttributeError: Wrong reads 'z_reset' of its cells; name it in the rule's needs"),
    (lambda self, traces, arriving, cells, post: cells.tau_syn[post], SimulationError,
     "failed: AttributeError: EPropLIF cells have no 'tau_syn'"),
])
def test_steps_of_a_rule_that_are_none_are_named(answer, error, message):
    machine = counted(ReferenceMachine, wrong(answer))
    with pytest.raises(error, match=rf"eligibility\(\) of rule 'wrong'.*{message}"):
        machine.run(3, spikes(0, (1, 0)))
    assert machine.step == 0

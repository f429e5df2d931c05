"""The compiled machine against that in JAX, whose gradients come from differentiation."""

import importlib.util
from dataclasses import dataclass, replace

import numpy as np
import pytest

from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    IntervalRule,
    Signal,
    SyntheticGradients,
    Traces,
    UnitNetwork,
    build_machine,
)
from pynn_eprop.models.optimizers import SGD, Adam, StepDecay
from tests.intervals.cases import first_weights, sequences

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pynn_eprop.intervals.compiled") is None,
    reason="the compiled machine is not there")

INTERVAL = 3

# sizes that vectors of no length divide
LSTM = UnitNetwork(17, 3, 2)
WORDS = UnitNetwork(5, 4, 6, loss="softmax", words=7, tanh_output=True)
TANH = UnitNetwork(9, 3, 3, "tanh", leak=0.7)
SIGMOID = UnitNetwork(5, 2, 4, "sigmoid", "softmax")
RELU = UnitNetwork(6, 3, 2, "relu", words=5, leak=0.5)

OWN_RULE = IntervalRule("own", "", Traces.TRUNCATED, Signal.RANDOM)
NEXT = SyntheticGradients(11, factor=0.7)
EXTRA = replace(NEXT, schedule="extra pass", sees_state=True)


@dataclass(frozen=True)
class Case:
    """A network, a rule by name or object, and what else is not as usual."""

    network: UnitNetwork
    rule: str | IntervalRule
    synthetic: SyntheticGradients = NEXT
    optimizer: Adam | SGD = Adam(0.01)  # noqa: RUF009 (immutable)
    clip: float | None = None
    batch: int = 3

    def learning(self):
        rule = INTERVAL_RULES[self.rule] if isinstance(self.rule, str) else self.rule
        return IntervalLearning(rule, self.batch, INTERVAL, self.optimizer, self.clip,
                                self.synthetic if rule.synthetic else None)


CASES = {
    "truncated BPTT": Case(LSTM, "truncated-bptt", optimizer=SGD(0.05), clip=0.5),
    "synthetic gradients": Case(WORDS, "truncated-bptt-sg"),
    "traces": Case(TANH, "traces", batch=1),
    "traces of words": Case(WORDS, "traces", optimizer=SGD(0.1, schedule=StepDecay(0.5, 3))),
    "e-prop 1": Case(WORDS, "eprop1", clip=0.3),
    "e-prop 1, random": Case(RELU, "eprop1-random"),
    "e-prop 3": Case(LSTM, "eprop3", replace(NEXT, shuffled=True, sees_state=True),
                     Adam(0.01, eps_hat=True, schedule=StepDecay(0.5, 4)), batch=5),
    "e-prop 3, extra pass": Case(SIGMOID, "eprop3", replace(EXTRA, sees_state=False)),
    "e-prop 3, through the network": Case(LSTM, "eprop3", replace(
        EXTRA, through_network=True, optimizer=SGD(0.1))),
    "truncated traces": Case(TANH, "truncated-traces", replace(
        EXTRA, through_network=True, shuffled=True)),
    "truncated traces, random": Case(WORDS, OWN_RULE),
    "BPTT": Case(RELU, "bptt"),
}


def assert_agree(case):
    """Errors, weights and outputs of both after sequences in parts, and of other lengths."""
    weights = first_weights(case.network)
    machines = {name: build_machine(case.network, case.learning(), weights, 3, machine=name,
                                    precision="float64") for name in ("compiled", "jax")}
    found = {}
    for name, machine in machines.items():
        seen, whole = [], machine.learning.rule.whole
        for number, steps in enumerate((8, 12, 8, 10)):
            rows = tuple(sequences(case.network, steps, case.batch, seed=number).values())
            machine.start()
            first = 0 if whole else 6
            if first:
                seen.append(machine.train(*(each[:first] for each in rows), last=number == 3))
            seen.append(machine.train(*(each[first:] for each in rows), rate=0.9 ** number))
        state = machine.state()
        rows = tuple(sequences(case.network, 7, case.batch, seed=9).values())
        machine.start()
        seen.append(machine.evaluate(*rows))
        y, h = machine.outputs(rows[0])
        found[name] = {"errors": np.array(seen), "y": y, "h": h, "explained": machine.explained(),
                       **state}
    assert found["compiled"].keys() == found["jax"].keys()
    for name, values in found["jax"].items():
        if name == "description":
            assert found["compiled"][name].tolist() == values.tolist()
        else:
            np.testing.assert_allclose(found["compiled"][name], values, rtol=1e-10, atol=1e-10,
                                       err_msg=name)
    # and either goes on from the other's state
    machines["jax"].load(state)
    machines["compiled"].load(machines["jax"].state())
    rows = tuple(sequences(case.network, 9, case.batch, seed=5).values())
    errors = {name: machine.train(*rows) for name, machine in machines.items()}
    assert errors["compiled"] == pytest.approx(errors["jax"], rel=1e-12)
    moved = {name: np.abs(values - weights[name]).max()
             for name, values in machines["jax"].parameters().items()}
    assert min(moved.values()) > 1e-4, moved


@pytest.mark.parametrize("name", CASES)
def test_machines_agree(name):
    assert_agree(CASES[name])

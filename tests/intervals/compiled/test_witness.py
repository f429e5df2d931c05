"""The compiled machine against derivatives taken forwards (tests/intervals/witness.py).

Several updates are compared, so that a wrong order of parts of an interval shows, too.
"""

import pytest

from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    IntervalRule,
    Signal,
    SyntheticGradients,
    Traces,
    UnitNetwork,
)
from pynn_eprop.models.optimizers import SGD, Adam
from tests.intervals.compiled.machines import both, data, difference

NETWORKS = {
    "lstm": UnitNetwork(3, 2, 4),
    "lstm-tanh": UnitNetwork(3, 2, 4, tanh_output=True, loss="softmax"),
    "lstm-words": UnitNetwork(3, 2, 4, loss="softmax", words=5),
    "tanh": UnitNetwork(3, 2, 4, kind="tanh", leak=0.5),
    "sigmoid": UnitNetwork(3, 2, 4, kind="sigmoid", leak=0.9, words=5),
    "relu": UnitNetwork(3, 2, 4, kind="relu", leak=0.5, loss="softmax"),
}
RULES = {**INTERVAL_RULES, **{rule.name: rule for rule in (
    IntervalRule("truncated-symmetric", "", Traces.TRUNCATED, Signal.SYMMETRIC),
    IntervalRule("truncated-random-whole", "", Traces.TRUNCATED, Signal.RANDOM, whole=True),
    IntervalRule("traces-whole", "", Traces.CARRIED, whole=True),
    IntervalRule("truncated", "", Traces.TRUNCATED))}}
MODULES = {
    "next": {}, "next-state-shuffled": {"sees_state": True, "shuffled": True},
    "extra": {"schedule": "extra pass"},
    "extra-through": {"schedule": "extra pass", "through_network": True},
    "extra-all": {"schedule": "extra pass", "through_network": True, "sees_state": True,
                  "shuffled": True}}


def compare(network, learning, threads=1, rate=1.0) -> None:
    machine, witness = both(network, learning, threads=threads)
    for sequence, (steps, last) in enumerate([(6, False), (5, True), (2, True)]):
        if sequence == 2:
            machine.start()
            witness.start()
        given = data(network, steps, learning.batch, sequence)
        error = machine.train(*given, last=last, rate=rate)
        assert error == pytest.approx(witness.train(*given, last=last, rate=rate), rel=1e-12)
    assert difference(machine, witness) < 1e-12


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("network", NETWORKS)
def test_updates_of_every_rule(network: str, rule: str) -> None:
    compare(NETWORKS[network], IntervalLearning(
        RULES[rule], 2, 3, SGD(0.2), synthetic=SyntheticGradients(4, factor=0.7)))


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("rule", ["truncated-bptt-sg", "eprop3", "truncated-traces"])
@pytest.mark.parametrize("network", ["lstm", "lstm-tanh", "relu"])
def test_updates_with_every_module(network: str, rule: str, module: str) -> None:
    compare(NETWORKS[network], IntervalLearning(
        RULES[rule], 2, 3, SGD(0.2), synthetic=SyntheticGradients(
            4, factor=0.7, optimizer=SGD(0.3), **MODULES[module])))


@pytest.mark.parametrize("optimizer", [SGD(0.2), Adam(0.01), Adam(0.01, eps_hat=True, eps=1e-3)],
                         ids=["sgd", "adam", "adam-eps-hat"])
@pytest.mark.parametrize("clip", [None, 0.3])
@pytest.mark.parametrize("network", ["lstm-words", "sigmoid"])
def test_optimisers_clipping_rates_and_threads(network: str, clip: float | None, optimizer) -> None:
    compare(NETWORKS[network], IntervalLearning(
        RULES["eprop3"], 2, 3, optimizer, clip, SyntheticGradients(4, optimizer=Adam(0.03))),
        threads=2, rate=0.5)

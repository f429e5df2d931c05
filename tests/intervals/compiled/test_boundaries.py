"""With exact values at its end, an interval has its part of the gradient of the whole sequence.

Theory of the paper (below eq. 65 and 70), at sizes that fill no vector. The exact values are
derivatives of the second half of a sequence by what it starts with, taken forwards by the witness;
the module is given them as its output's bias.
"""

import numpy as np
import pytest

from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    SyntheticGradients,
    UnitNetwork,
)
from pynn_eprop.intervals.compiled import CompiledMachine
from pynn_eprop.models.optimizers import SGD
from tests.intervals.compiled.machines import data
from tests.intervals.witness import Steps, Witness, simulate

NETWORKS = {"lstm": UnitNetwork(5, 3, 4, tanh_output=True),
            "words": UnitNetwork(5, 3, 4, loss="softmax", words=6),
            "leaky": UnitNetwork(5, 3, 4, kind="tanh", leak=0.8)}


def gradient(machine: CompiledMachine, before, given, last: bool):
    """The gradient of an interval, as the change that one step of SGD with rate 1 makes."""
    machine.set_parameters(before)
    machine.train(*given, last=last)
    return {name: before[name] - after for name, after in machine.parameters().items()}


def learning(rule: str, interval: int) -> IntervalLearning:
    return IntervalLearning(INTERVAL_RULES[rule], 1, interval, SGD(1.0),
                            synthetic=SyntheticGradients(2, factor=0.5))


def largest_difference(found, expected) -> float:
    return max(float(np.max(np.abs(found[name] - expected[name]))) for name in expected)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rule", ["truncated-bptt-sg", "eprop3"])
def test_intervals_with_exact_boundaries_add_up_to_bptt(network: str, rule: str) -> None:
    network, steps, half = NETWORKS[network], 8, 4
    before = network.first_parameters(1)
    given = data(network, steps, 1)
    first, second = (tuple(a[:half] for a in given), tuple(a[half:] for a in given))

    witness = Witness(network, learning(rule, half), before)
    end = simulate(network, before, witness.state, witness.h, Steps(*first))
    exact = witness.starts(end.state, end.h, Steps(*second), np.zeros((1, 10)))[0]

    machine = CompiledMachine(network, learning(rule, half), before, 1, "float64")
    state = machine.state()
    state["module.output_bias"] = exact / 0.5       # outputs' weights are 0 at first
    machine.load(state)
    parts = [gradient(machine, before, first, False), gradient(machine, before, second, True)]

    whole = CompiledMachine(network, learning("bptt", half), before, 1, "float64")
    expected = gradient(whole, before, given, True)
    names = expected.keys() - ({"embedding"} if rule == "eprop3" else set())
    summed = {name: parts[0][name] + parts[1][name] for name in expected}
    assert largest_difference(summed, {name: expected[name] for name in names}) < 1e-13
    without = CompiledMachine(network, learning(rule, half), before, 1, "float64")
    parts = [gradient(without, before, first, False), gradient(without, before, second, True)]
    assert largest_difference({"weights": parts[0]["weights"] + parts[1]["weights"]},
                              {"weights": expected["weights"]}) > 1e-3


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rule", ["truncated-bptt", "truncated-bptt-sg", "traces", "eprop3"])
def test_one_interval_is_bptt(network: str, rule: str) -> None:
    network = NETWORKS[network]
    before, given = network.first_parameters(1), data(network, 7, 1)
    found, expected = (
        gradient(CompiledMachine(network, learning(name, 7), before, 1, "float64"), before, given,
                 True) for name in (rule, "bptt"))
    assert largest_difference(found, expected) < 1e-14


def noise(rule: str, forget_bias: float, seed: int) -> float:
    """Expected squared error of dE/dW with noise of variance 1 in each exact boundary value.

    The gradient of an interval is linear in these values, so that the change by each is enough.
    """
    network, steps, half = UnitNetwork(16, 5, 4, tanh_output=True), 48, 4
    p = network.first_parameters(seed, forget_bias=forget_bias)
    given = data(network, steps, 1, seed)
    given[2][:] = True
    unchanged = SyntheticGradients(2, factor=1.0, optimizer=SGD(1e-300))
    machine = CompiledMachine(network, IntervalLearning(
        INTERVAL_RULES[rule], 1, half, SGD(1.0), synthetic=unchanged), p, 1, "float64")
    state, total = machine.state(), 0.0
    for first in range(0, steps - half, half):
        part = tuple(a[first:first + half] for a in given)

        def by(values: np.ndarray, start=state, part=part) -> np.ndarray:
            machine.load({**start, "module.output_bias": values})
            return gradient(machine, p, part, False)["weights"][:, :3 * network.units]

        without = by(np.zeros(2 * network.units))
        total += sum(np.sum((by(one) - without) ** 2) for one in np.eye(2 * network.units))
        by(np.zeros(2 * network.units))
        state = {**machine.state(), **p}
    return total


@pytest.mark.parametrize(("forget_bias", "least", "most"), [(1.0, 0.35, 0.5), (3.0, 1.2, 1.5)])
def test_noise_in_boundaries_disturbs_eprop3_less_unless_traces_are_long(
        forget_bias: float, least: float, most: float) -> None:
    """Eq. 10 has the ratio at most 1. It is that with first weights, not with long memories."""
    ratio = noise("eprop3", forget_bias, 2) / noise("truncated-bptt-sg", forget_bias, 2)
    assert least < ratio < most

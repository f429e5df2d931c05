"""A task that only errors of a later interval can teach."""

import numpy as np
import pytest

from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    SyntheticGradients,
    UnitNetwork,
)
from pynn_eprop.intervals.compiled import CompiledMachine
from pynn_eprop.models.optimizers import Adam

BITS, UNITS, BATCH, INTERVAL, SEQUENCES = 2, 16, 16, 4, 1500


def remember(rule: str, seed: int, **keywords: object) -> float:
    """Error in bits of the last sequences; 2 at chance.

    Bits at t = 0 are asked for in the next interval. Input weights are 0 at first, so that nothing
    is remembered unless something teaches it across the interval's end.
    """
    network = UnitNetwork(UNITS, BITS, BITS, tanh_output=True)
    parameters = network.first_parameters(seed)
    parameters["weights"][UNITS:-1] = 0.0
    machine = CompiledMachine(network, IntervalLearning(
        INTERVAL_RULES[rule], BATCH, INTERVAL, Adam(3e-3),
        synthetic=SyntheticGradients(2 * UNITS, **keywords)), parameters, seed)
    rng, errors = np.random.default_rng(seed), []
    active = np.arange(2 * INTERVAL) == INTERVAL
    for _ in range(SEQUENCES):
        bits = rng.integers(0, 2, (BATCH, BITS))
        x, y = np.zeros((2, 2 * INTERVAL, BATCH, BITS))
        x[0], y[INTERVAL] = bits, bits
        machine.start()
        errors.append(machine.train(x, y, active))
    return float(np.mean(errors[-100:]))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_synthetic_gradients_teach_what_truncated_bptt_cannot(seed: int) -> None:
    assert remember("truncated-bptt", seed) > 1.9
    assert remember("truncated-bptt-sg", seed) < 0.3
    assert remember("truncated-bptt-sg", seed, shuffled=True) > 0.9


@pytest.mark.parametrize("rule", ["traces", "eprop1", "eprop3", "bptt"])
def test_traces_teach_it_too(rule: str) -> None:
    assert remember(rule, 1) < 0.3


def test_algorithm_1_teaches_it_too() -> None:
    assert remember("truncated-bptt-sg", 1, schedule="extra pass") < 0.3

"""Results of threads and of builds for processors."""

import numpy as np
import pytest

from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    SyntheticGradients,
    UnitNetwork,
)
from pynn_eprop.intervals.compiled import CompiledMachine
from pynn_eprop.models.optimizers import SGD, Adam
from tests.intervals.compiled.machines import choose_build, data

NETWORKS = {
    "lstm": (UnitNetwork(37, 5, 9, tanh_output=True), Adam(0.01), None),
    "words": (UnitNetwork(67, 19, 1100, loss="softmax", words=50), SGD(0.5), 0.5),
    "words-adam": (UnitNetwork(20, 19, 600, loss="softmax", words=90), Adam(0.01), None),
    "leaky": (UnitNetwork(35, 5, 9, kind="sigmoid", leak=0.5), Adam(0.01), 1.0)}
STEPS = 11


def run(network: str, rule: str, precision: str, threads: int = 1):
    description, optimizer, clip = NETWORKS[network]
    machine = CompiledMachine(description, IntervalLearning(
        INTERVAL_RULES[rule], 5, 4, optimizer, clip, SyntheticGradients(21, optimizer=Adam(0.01))),
        description.first_parameters(0), 0, precision, threads)
    sequence = data(description, STEPS, 5)
    errors = [machine.train(*sequence) for _ in range(3)]
    errors.append(machine.evaluate(*sequence))
    state = machine.state()
    return {"errors": np.array(errors), "y": machine.outputs(sequence[0])[0]} | {
        name: values for name, values in state.items() if name != "description"}


@pytest.mark.parametrize("threads", [2, 3, 8])
@pytest.mark.parametrize("rule", ["truncated-bptt", "eprop1", "eprop3", "bptt"])
@pytest.mark.parametrize("network", NETWORKS)
def test_threads_change_no_bit(network: str, rule: str, threads: int) -> None:
    one, many = run(network, rule, "float32"), run(network, rule, "float32", threads)
    assert [name for name in one if not np.array_equal(one[name], many[name])] == []


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("network", NETWORKS)
def test_wider_vectors_change_no_bit(network: str, precision: str, monkeypatch) -> None:
    found = {}
    for build in ("avx2", "avx512"):
        choose_build(build, monkeypatch)
        found[build] = run(network, "eprop3", precision)
    assert [name for name, values in found["avx2"].items()
            if not np.array_equal(values, found["avx512"][name])] == []


@pytest.mark.parametrize("network", NETWORKS)
def test_the_portable_build_differs_in_last_bits(network: str, monkeypatch) -> None:
    found = {}
    for build in ("generic", "avx2"):
        choose_build(build, monkeypatch)
        found[build] = run(network, "eprop3", "float64")
    for name, values in found["generic"].items():
        assert values == pytest.approx(found["avx2"][name], rel=1e-7, abs=1e-9), name


@pytest.mark.parametrize("network", NETWORKS)
def test_float32_is_near_float64(network: str) -> None:
    single, double = run(network, "eprop3", "float32"), run(network, "eprop3", "float64")
    assert single["errors"] == pytest.approx(double["errors"], rel=1e-4)
    assert single["y"] == pytest.approx(double["y"], abs=2e-3)

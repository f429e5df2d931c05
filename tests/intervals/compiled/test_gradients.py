"""Gradients and traces at sizes around those of vectors, panels and chunks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    IntervalRule,
    SyntheticGradients,
    Traces,
    UnitNetwork,
)
from pynn_eprop.intervals.compiled import CompiledMachine
from pynn_eprop.models.optimizers import SGD
from tests.intervals.compiled.machines import data
from tests.intervals.witness import Steps, simulate

KINDS = st.sampled_from([
    {"kind": "lstm"}, {"kind": "lstm", "tanh_output": True}, {"kind": "tanh", "leak": 0.3},
    {"kind": "sigmoid", "leak": 0.6}])
SIZES = st.sampled_from([1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 65])


@st.composite
def networks(draw) -> UnitNetwork:
    return UnitNetwork(draw(SIZES), draw(SIZES), draw(st.sampled_from([1, 3, 16, 513])),
                       loss=draw(st.sampled_from(["binary", "softmax"])),
                       words=draw(st.sampled_from([None, None, 1, 40])), **draw(KINDS))


@settings(max_examples=30)
@given(networks(), st.integers(1, 9), st.integers(1, 7), st.integers(0, 99))
def test_bptt_is_the_slope_of_the_error(network, batch: int, steps: int, seed: int) -> None:
    """Along a random direction, by central differences of the error."""
    rng = np.random.default_rng(seed)
    before, sequence = network.first_parameters(seed), data(network, steps, batch, seed)
    machine = CompiledMachine(network, IntervalLearning(INTERVAL_RULES["bptt"], batch, 1, SGD(1.0)),
                              before, 0, "float64", threads=2)
    machine.train(*sequence)
    gradient = {name: before[name] - after for name, after in machine.parameters().items()}
    direction = {name: rng.normal(size=values.shape) for name, values in before.items()}
    size = 1e-5 / np.sqrt(sum(np.sum(values ** 2) for values in direction.values()))
    errors = []
    for sign in (1, -1):
        machine.set_parameters({name: values + sign * size * direction[name]
                                for name, values in before.items()})
        machine.start()
        errors.append(machine.evaluate(*sequence))
    slope = (errors[0] - errors[1]) / 2
    expected = size * sum(np.sum(gradient[name] * direction[name]) for name in before)
    norm = np.sqrt(sum(np.sum(values ** 2) for values in gradient.values()))
    assert slope == pytest.approx(expected, rel=1e-6, abs=1e-5 * (1e-5 * norm + 1e-9))


@settings(max_examples=15)
@given(networks(), st.integers(1, 4), st.integers(1, 9), st.integers(0, 99))
def test_traces_are_those_of_every_step(network, interval: int, steps: int, seed: int) -> None:
    """eps^t = f^t eps^{t-1} + (local derivative)^t u^t (eq. 37), of artificial units that of u."""
    parameters, sequence = network.first_parameters(seed), data(network, steps, 2, seed)
    machine = CompiledMachine(network, IntervalLearning(
        INTERVAL_RULES["traces"], 2, interval, SGD(0.0)), parameters, 0, "float64", threads=2)
    machine.train(*sequence)
    run = simulate(network, parameters, np.zeros((2, network.units)), np.zeros((2, network.units)),
                   Steps(*sequence))
    traces = np.zeros(1)
    for local, kept, u in zip(run.local, run.kept, run.u, strict=True):
        traces = kept[:, None, :, None] * traces + local[..., None] * u[:, None, None, :]
    found = machine.state()["traces"]
    expected = traces if network.kind == "lstm" else traces[:, 0, 0]
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize(("rule", "reaches"), [
    ("eprop1", False), ("truncated-bptt", True), ("traces", True), ("bptt", True)])
def test_e_prop_1_has_no_recurrent_path(rule: str, reaches: bool) -> None:
    """Readouts do not see unit 1, but unit 0 does: with the paths of other rules its weights have
    a gradient, with e-prop 1, whose learning signal is W_out^T times the error (eq. 4), none."""
    network = UnitNetwork(2, 1, 2)
    before, sequence = network.first_parameters(0), data(network, 4, 2)
    before["readout"][1] = 0.0
    machine = CompiledMachine(network, IntervalLearning(INTERVAL_RULES[rule], 2, 4, SGD(1.0)),
                              before, 0, "float64")
    machine.train(*sequence)
    gradient = before["weights"] - machine.parameters()["weights"]
    assert np.any(gradient[:, ::2] != 0.0)          # gates of unit 0
    assert np.any(gradient[:, 1::2] != 0.0) == reaches


def test_truncated_traces_are_those_of_the_step_alone() -> None:
    """With one step in an interval they give what truncated BPTT gives."""
    network = UnitNetwork(17, 3, 5, tanh_output=True)
    sequence = data(network, 6, 3)
    found = []
    for traces in (Traces.TRUNCATED, Traces.NONE):
        machine = CompiledMachine(network, IntervalLearning(
            IntervalRule("rule", "", traces), 3, 1, SGD(0.1)), network.first_parameters(0), 0,
            "float64")
        machine.train(*sequence)
        found.append(machine.parameters()["weights"])
    assert found[0] == pytest.approx(found[1], rel=1e-13)


@pytest.mark.parametrize("steps", [1, 5, 130])
def test_readouts_in_blocks_have_the_same_gradient(steps: int) -> None:
    """More steps of sequences than are read out at a time, and a gradient that is not stored."""
    network = UnitNetwork(64, 2, 5, loss="softmax")
    parameters, sequence = network.first_parameters(0), data(network, steps, 16)
    gradients = []
    for rule, clip in (("bptt", None), ("bptt", 1e9), ("truncated-bptt", None),
                       ("truncated-bptt", 1e9)):
        machine = CompiledMachine(network, IntervalLearning(
            INTERVAL_RULES[rule], 16, steps, SGD(1.0), clip), parameters, 0, "float64")
        machine.train(*sequence)
        gradients.append(parameters["readout"] - machine.parameters()["readout"])
    for other in gradients[1:]:
        assert other == pytest.approx(gradients[0], rel=1e-10, abs=1e-13)


@pytest.mark.parametrize(("units", "batch"), [(40, 5), (40, 6)])
def test_clipping_scales_the_whole_gradient_to_its_norm(units: int, batch: int) -> None:
    """With 4 steps of 5 sequences the readouts' norm comes from smaller products; of 6, it does
    not."""
    network = UnitNetwork(units, 3, 600, loss="softmax", words=30)
    parameters, sequence = network.first_parameters(0), data(network, 4, batch)
    found = {}
    for clip in (None, 0.01):
        machine = CompiledMachine(network, IntervalLearning(
            INTERVAL_RULES["truncated-bptt"], batch, 4, SGD(1.0), clip), parameters, 0, "float64",
            threads=2)
        machine.train(*sequence)
        found[clip] = np.concatenate([(parameters[name] - values).ravel()
                                      for name, values in machine.parameters().items()])
    norm = np.linalg.norm(found[None])
    assert norm > 0.1
    assert found[0.01] == pytest.approx(found[None] * 0.01 / norm, rel=1e-9, abs=1e-15)


def test_a_module_sees_no_difference_without_an_error() -> None:
    """Without active steps errors are 0, and so are the targets that the module learns."""
    network = UnitNetwork(5, 2, 3)
    machine = CompiledMachine(network, IntervalLearning(
        INTERVAL_RULES["eprop3"], 2, 2, SGD(0.5), synthetic=SyntheticGradients(4)),
        network.first_parameters(0), 0, "float64")
    x, y, _ = data(network, 6, 2)
    before = machine.state()
    assert machine.train(x, y, np.zeros(6, bool)) == 0.0
    assert all(np.array_equal(values, machine.state()[name]) for name, values in before.items()
               if name in network.shapes() or name.startswith("module."))
    assert np.isnan(machine.explained())

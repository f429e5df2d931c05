"""What a compiled machine refuses, and what it does when learning diverges."""

import os

import numpy as np
import pytest

from pynn_eprop.errors import ParameterError, SetupError, SimulationError
from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    SyntheticGradients,
    UnitNetwork,
    build_machine,
)
from pynn_eprop.intervals.compiled import CompiledMachine, bytes_needed, memory, settings
from pynn_eprop.models.optimizers import SGD, Adam
from tests.intervals.compiled.machines import data

NETWORK = UnitNetwork(5, 3, 4)


def machine(network=NETWORK, rule: str = "eprop3", optimizer=SGD(0.1), **keywords  # noqa: B008
            ) -> CompiledMachine:
    learning = IntervalLearning(INTERVAL_RULES[rule], 2, 3, optimizer,
                                synthetic=SyntheticGradients(4))
    return CompiledMachine(network, learning, network.first_parameters(0), 0, **keywords)


def test_build_machine_makes_it() -> None:
    made = build_machine(NETWORK, machine().learning, NETWORK.first_parameters(0), 0,
                         precision="float64", threads=2)
    assert isinstance(made, CompiledMachine)
    assert made.updates == 0


# --- bad input ---

def test_weights_and_precisions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ParameterError, match="embedding"):
        machine(UnitNetwork(5, 3, 4, words=3)).set_parameters(NETWORK.first_parameters(0))
    with pytest.raises(SetupError, match="'half'"):
        machine(precision="half")


@pytest.mark.parametrize(("change", "message"), [
    (lambda x, y, a: (x[:, :1], y, a), "inputs of shape"),
    (lambda x, y, a: (x, y[:-1], a), "targets of shape"),
    (lambda x, y, a: (x, y, a[:-1]), "active of shape"),
    (lambda x, y, a: (x[:0], y[:0], a[:0]), "inputs of shape")])
def test_steps_that_do_not_fit_are_refused(change, message: str) -> None:
    given = change(*data(NETWORK, 6, 2))
    for use in ("train", "evaluate"):
        with pytest.raises(SimulationError, match=message):
            getattr(machine(), use)(*given)


def test_words_and_classes_outside_are_refused() -> None:
    network = UnitNetwork(5, 3, 4, loss="softmax", words=6)
    x, y, active = data(network, 6, 2)
    for inputs, targets, message in ((x + 6, y, "words"), (x, y - 4, "targets"),
                                     (x.astype(float), y, "words")):
        with pytest.raises(SimulationError, match=message):
            machine(network).train(inputs, targets, active)


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_rates_that_are_not_valid_are_refused(rate: float) -> None:
    with pytest.raises(SimulationError, match="rate="):
        machine().train(*data(NETWORK, 6, 2), rate=rate)


def test_sequences_go_on_at_whole_intervals_only() -> None:
    with pytest.raises(SimulationError, match="5 steps are not whole intervals of 3"):
        machine().train(*data(NETWORK, 5, 2), last=False)
    machine(rule="bptt").train(*data(NETWORK, 5, 2), last=False)
    assert machine().train(*data(NETWORK, 5, 2)) > 0


# --- errors and outputs ---

@pytest.mark.parametrize("network", [NETWORK, UnitNetwork(5, 3, 4, loss="softmax", words=6)])
def test_errors_are_those_of_the_outputs(network) -> None:
    """In bits of each output, in nats of the class."""
    x, y, active = data(network, 7, 2)
    one, other = (machine(network, precision="float64") for _ in range(2))
    found, h = one.outputs(x)
    if network.loss == "binary":
        p = 1 / (1 + np.exp(-found))
        errors = -np.log2(np.where(y == 1, p, 1 - p)).sum(-1)
    else:
        p = np.exp(found) / np.exp(found).sum(-1, keepdims=True)
        errors = -np.log(np.take_along_axis(p, y[..., None], -1))[..., 0]
    assert other.evaluate(x, y, active) == pytest.approx(errors[active].sum(0).mean(), rel=1e-12)
    weights = one.parameters()
    assert found == pytest.approx(h @ weights["readout"] + weights["readout_bias"], rel=1e-12)
    # both have gone on to the same place
    assert np.array_equal(one.state()["unit.state"], other.state()["unit.state"])
    assert one.updates == other.updates == 0


def test_new_sequences_begin_at_rest() -> None:
    one = machine()
    first = one.outputs(data(NETWORK, 4, 2)[0])
    assert not np.array_equal(first[0], one.outputs(data(NETWORK, 4, 2)[0])[0])
    one.train(*data(NETWORK, 3, 2), last=False, rate=0.0)
    one.start()
    assert np.array_equal(first[0], one.outputs(data(NETWORK, 4, 2)[0])[0])
    state = one.state()
    assert state["counts"].tolist() == [1, 0, 0]
    one.start()
    assert not np.any(one.state()["traces"])


def test_explained_part_of_the_targets() -> None:
    """A module that predicts 0 explains 0; asked again, there are no targets."""
    one = machine(rule="truncated-bptt-sg")
    one.train(*data(NETWORK, 6, 2), rate=0.0)
    assert one.explained() == 0.0
    assert np.isnan(one.explained())
    assert np.isnan(machine(rule="traces").explained())


def test_updates_are_counted() -> None:
    one = machine()
    one.train(*data(NETWORK, 7, 2))
    assert one.updates == 3
    assert one.state()["counts"].tolist() == [3, 2, 0]


# --- divergence ---

@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("rule", ["truncated-bptt", "eprop3", "bptt"])
def test_an_error_that_is_not_finite_stops_before_its_update(rule: str, precision: str) -> None:
    one, other = machine(rule=rule, precision=precision), machine(rule=rule, precision=precision)
    x, y, active = data(NETWORK, 9, 2)
    x[4] = np.nan
    length = 3 if rule != "bptt" else 9
    if length == 3:     # the first interval is finite, and makes its update
        other.train(x[:3], y[:3], active[:3], last=False)
    assert np.isnan(one.train(x, y, np.ones(9, bool)) if active[:3].all() else
                    one.train(x, y, np.r_[active[:3], np.ones(6, bool)]))
    assert one.updates == (1 if length == 3 else 0)
    assert all(np.array_equal(values, other.parameters()[name])
               for name, values in one.parameters().items())


@pytest.mark.parametrize("network", [
    NETWORK, UnitNetwork(5, 3, 4, loss="softmax", words=6),
    UnitNetwork(5, 3, 4, kind="relu", leak=1.0, loss="softmax")])
@pytest.mark.parametrize("optimizer", [SGD(1e30), Adam(1e30)])
def test_a_diverged_run_is_seen(network, optimizer) -> None:
    one = machine(network, optimizer=optimizer)
    assert not np.all(np.isfinite([one.train(*data(network, 6, 2, seed)) for seed in range(6)]))
    before = one.state()
    assert not np.isfinite(one.train(*data(network, 6, 2)))
    assert all(np.array_equal(values, before[name], equal_nan=True)
               for name, values in one.state().items() if name in network.shapes())


def test_gradients_that_are_not_finite_are_an_error() -> None:
    """Boundary values of a module that has diverged, with an error that is finite."""
    learning = IntervalLearning(INTERVAL_RULES["truncated-bptt-sg"], 2, 3, SGD(0.1),
                                synthetic=SyntheticGradients(4, factor=100.0))
    one = CompiledMachine(NETWORK, learning, NETWORK.first_parameters(0), 0)
    state = one.state()
    state["module.output_bias"][:] = 3e38
    one.load(state)
    x, y, active = data(NETWORK, 6, 2)
    assert np.isnan(one.train(x, y, np.zeros_like(active)))
    assert one.updates == 0
    assert np.array_equal(one.state()["weights"], state["weights"])


# --- memory ---

def test_estimate_is_what_is_taken() -> None:
    """The tensor of traces and the weights, as arrays of these sizes; the rest is small beside."""
    network = UnitNetwork(320, 10, 4)
    learning = IntervalLearning(INTERVAL_RULES["traces"], 64, 1)
    traces = 4 * 64 * 3 * 320 * 331
    weights = 4 * 4 * 331 * 1280
    needed = bytes_needed(network, learning, 1)
    assert traces + weights < needed < 1.1 * (traces + weights)
    without = IntervalLearning(INTERVAL_RULES["truncated-bptt"], 64, 1)
    assert bytes_needed(network, without, 1) < needed - traces
    assert bytes_needed(network, learning, 1, "float64") == pytest.approx(2 * needed, rel=0.01)


def test_too_large_a_machine_is_refused_before_it_is_made() -> None:
    network = UnitNetwork(500, 10, 4)
    learning = IntervalLearning(INTERVAL_RULES["traces"], 2 ** 20)
    parameters = {name: np.broadcast_to(0.0, shape) for name, shape in network.shapes().items()}
    with pytest.raises(SetupError, match=r"need .* GB of memory, of which .* eligibility traces.*"
                                         r"available\. Smaller: a rule without carried traces"):
        CompiledMachine(network, learning, parameters, 0)


@pytest.mark.parametrize(("batch", "interval", "hidden"), [
    (2 ** 62, 1, 1), (2, 2 ** 61, 1), (2, 1, 2 ** 61), (2 ** 40, 2 ** 40, 1)])
def test_sizes_beyond_64_bits_are_refused(batch: int, interval: int, hidden: int) -> None:
    learning = IntervalLearning(INTERVAL_RULES["eprop3"], batch, interval,
                                synthetic=SyntheticGradients(hidden))
    with pytest.raises(SetupError, match=r"need .* GB of memory"):
        CompiledMachine(NETWORK, learning, NETWORK.first_parameters(0), 0)


def test_longer_sequences_are_refused_if_memory_does_not_suffice(monkeypatch) -> None:
    one = machine(rule="bptt")
    one.train(*data(NETWORK, 6, 2))
    before = one.state()
    monkeypatch.setattr(memory, "available_bytes", lambda: 1e4)
    one.train(*data(NETWORK, 6, 2))     # there is room for these
    with pytest.raises(SetupError, match=r"intervals of 3000 steps, need .* Smaller: shorter"):
        one.train(*data(NETWORK, 3000, 2))
    assert one.updates == before["counts"][0] + 1
    monkeypatch.undo()
    assert np.isfinite(one.train(*data(NETWORK, 300, 2)))


def test_memory_that_is_available_is_known() -> None:
    page, pages = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.available_bytes() <= page * pages


def test_threads_that_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """At least 8 million multiplications each; a sequence has 4 x (4 x 100 x 201 + 10 x 100)."""
    monkeypatch.setattr(settings, "MULTIPLICATIONS", 8e6)
    network = UnitNetwork(100, 100, 10)
    for batch, expected in ((1, 1), (49, 1), (50, 2), (73, 2), (74, 3), (1000, 4)):
        learning = IntervalLearning(INTERVAL_RULES["traces"], batch, 4, SGD(0.1))
        assert settings.useful_threads(network, learning, 4) == expected

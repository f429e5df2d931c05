"""Gradients of the reference against automatic differentiation (eq. 1, 43; autodiff.py)."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.models.cells import Population, Sources, SpikingCells
from pynn_eprop.models.losses import MSE, CrossEntropy
from pynn_eprop.models.network import (
    Boundary,
    Inputs,
    LearningSignal,
    Network,
    SymmetricFeedback,
    WindowedFeedback,
)
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, all_pairs, feedback, lif, network, readouts, record, synapses
from tests.reference.autodiff import gradients

SOURCES, CELLS, READOUTS = 5, 8, 3
STEPS = 60
KEEP = SGD(lr=0.0)
BOUND = 1e-12


def targets(loss: str, rng: np.random.Generator, steps: int = STEPS) -> np.ndarray:
    """Random targets of an interval; none in its first third, as in a recall task."""
    if loss == "mse":
        target = np.cumsum(rng.standard_normal((READOUTS, steps)), axis=1) * 0.1
        target[0, steps // 2] = np.nan
    else:
        target = rng.dirichlet(np.ones(READOUTS), steps).T
    target[:, :steps // 3] = np.nan
    return target


def build(cells: SpikingCells, loss: str, signal: str, seed: int = 1, delay: int = 1,
          sources: Population | None = None, **settings: object) -> Network:
    """Sources -> recurrent cells -> readouts with a loss, all of it plastic at rate 0."""
    rng = np.random.default_rng(seed)
    populations = [
        sources or Sources("sources", SOURCES), cells,
        readouts(READOUTS, loss={"mse": MSE(), "cross_entropy": CrossEntropy()}[loss], tau_m=12.0,
                 target=targets(loss, rng), bias=rng.normal(0, 0.05, READOUTS),
                 bias_optimizer=KEEP),
    ]

    def project(pre: int, post: int, pairs: list, scale: float, longest: int) -> object:
        return synapses(pre, post, pairs, rng.normal(0.0, scale, len(pairs)),
                        rng.integers(1, longest + 1, len(pairs)), optimizer=KEEP)

    projections = [
        project(0, 1, all_pairs(SOURCES, CELLS), 0.7, delay),
        project(1, 1, all_pairs(CELLS, CELLS, self_connections=False), 0.4, delay),
        project(1, 2, all_pairs(CELLS, READOUTS), 0.4, 1 if signal == "symmetric" else delay),
    ]
    signals = {
        "symmetric": LearningSignal("feedback", 2, 1, SymmetricFeedback(2)),
        "random": feedback(2, 1, rng.normal(0.0, 0.4, (CELLS, READOUTS))),
        "windowed": LearningSignal("feedback", 2, 1, WindowedFeedback(
            20, rng.normal(0.0, 0.4, (STEPS // 20, CELLS, READOUTS)))),
    }
    return network(populations, projections, [signals[signal]], interval_steps=STEPS, **settings)


def train(net: Network, counts: np.ndarray) -> ReferenceMachine:
    """Run through (steps + 1, size) source spikes of interval after interval."""
    machine = ReferenceMachine(net)
    step, cell = np.nonzero(counts[:-1])
    machine.run(len(counts) - 1, Inputs({0: (step, cell)}))
    return machine


def input_spikes(intervals: int, seed: int = 2) -> np.ndarray:
    """About one spike of each source in eight steps, (steps + 1, sources)."""
    spikes = np.random.default_rng(seed).random((intervals * STEPS + 1, SOURCES)) < 0.12
    spikes[-1] = False
    return spikes.astype(float)


def by_trial(counts: np.ndarray) -> list[dict[int, np.ndarray]]:
    """The spikes of each interval, its step T empty: a source's spike there is the next one's."""
    none = np.zeros((1, SOURCES))
    return [{0: np.concatenate([counts[start:start + STEPS], none])}
            for start in range(0, len(counts) - 1, STEPS)]


def assert_equal(machine: ReferenceMachine, expected: tuple) -> None:
    weights, biases = expected
    for index, gradient in enumerate(weights):
        assert np.abs(gradient).max() > 1e-3, "the gradient is too small to prove anything"
        np.testing.assert_allclose(machine.gradient(index), gradient, rtol=0,
                                   atol=BOUND * np.abs(gradient).max())
    for index, gradient in biases.items():
        np.testing.assert_allclose(machine.bias_gradient(index), gradient, rtol=0,
                                   atol=BOUND * np.abs(gradient).max())


@pytest.mark.parametrize("refractory_steps", [0, 4])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("model", [lif, alif])
@pytest.mark.parametrize("c_reg", [0.0, 0.05])
def test_symmetric_feedback_gives_the_gradient_with_spike_transmission_detached(
        model, loss, refractory_steps, c_reg):
    cells = model(CELLS, refractory_steps=refractory_steps, c_reg=c_reg)
    net = build(cells, loss, "symmetric")
    counts = input_spikes(1)
    machine = train(net, counts)
    assert_equal(machine, gradients(net, by_trial(counts), exact=True))


@pytest.mark.parametrize("model", [lif, alif])
def test_gradients_of_the_trials_of_an_update_are_summed_and_share_their_rate(model):
    cells = model(CELLS, refractory_steps=3, c_reg=0.05)
    net = build(cells, "mse", "symmetric", trials_per_update=3)
    counts = input_spikes(3)
    machine = train(net, counts)
    assert machine.updates == 1
    assert_equal(machine, gradients(net, by_trial(counts), exact=True))


@pytest.mark.parametrize("signal", ["random", "windowed"])
@pytest.mark.parametrize("model", [lif, alif])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
def test_any_feedback_and_any_delays(model, loss, signal):
    net = build(model(CELLS, refractory_steps=2, c_reg=0.02), loss, signal, delay=4)
    counts = input_spikes(1)
    assert_equal(train(net, counts), gradients(net, by_trial(counts), exact=False))


@pytest.mark.parametrize("shape", sorted(PSEUDO_DERIVATIVES))
def test_pseudo_derivatives_of_any_height_and_width(shape):
    cells = alif(CELLS, refractory_steps=2,
                 pseudo_derivative=PSEUDO_DERIVATIVES[shape](height=0.7, width=1.6))
    net = build(cells, "mse", "symmetric")
    counts = input_spikes(1)
    assert_equal(train(net, counts), gradients(net, by_trial(counts), exact=True))


def test_parameters_may_differ_from_cell_to_cell():
    rng = np.random.default_rng(3)
    cells = alif(CELLS, tau_m=rng.uniform(5, 30, CELLS), tau_a=rng.uniform(20, 300, CELLS),
                 beta=rng.uniform(-0.1, 0.6, CELLS), v_thresh=rng.uniform(0.4, 0.8, CELLS),
                 refractory_steps=rng.integers(0, 5, CELLS), c_reg=rng.uniform(0, 0.1, CELLS),
                 f_target=rng.uniform(1, 40, CELLS), v_initial=rng.normal(0, 0.1, CELLS),
                 a_initial=rng.uniform(0, 1, CELLS))
    net = build(cells, "mse", "symmetric", timestep=0.5)
    counts = input_spikes(1)
    assert_equal(train(net, counts), gradients(net, by_trial(counts), exact=True))


def test_several_readouts_each_with_its_kappa_and_one_without_a_loss():
    rng = np.random.default_rng(4)
    net = build(alif(CELLS, refractory_steps=2, c_reg=0.01), "mse", "random")
    slow = replace(readouts(2, label="slow", tau_m=70.0, loss=MSE(), bias_optimizer=KEEP),
                   target=rng.normal(0, 1, (2, STEPS)))
    module = readouts(3, label="error module", tau_m=5.0)
    net = replace(
        net, populations=(*net.populations, slow, module),
        projections=(
            *net.projections,
            synapses(1, 3, all_pairs(CELLS, 2), rng.normal(0, 0.4, CELLS * 2), optimizer=KEEP),
            synapses(0, 4, all_pairs(SOURCES, 3), rng.normal(0, 0.4, SOURCES * 3))),
        learning_signals=(*net.learning_signals,
                          feedback(3, 1, rng.normal(0, 0.5, (CELLS, 2)), "slow feedback"),
                          feedback(4, 1, rng.normal(0, 0.5, (CELLS, 3)), "module feedback")))
    counts = input_spikes(1)
    weights, biases = gradients(net, by_trial(counts), exact=False)
    assert_equal(train(net, counts), (weights[:4], {2: biases[2], 3: biases[3]}))


@pytest.mark.parametrize("model", [lif, alif])
def test_two_populations_and_two_projections_between_the_same_cells(model):
    rng = np.random.default_rng(5)
    net = build(model(CELLS, refractory_steps=2), "mse", "random", delay=2)
    second = alif(4, label="second", tau_m=9.0)
    pairs = [(0, 0), (0, 0), (3, 1), (7, 2), (2, 3), (2, 3)]
    net = replace(
        net, populations=(*net.populations, second),
        projections=(
            *net.projections,
            synapses(1, 3, pairs, rng.normal(0, 0.9, 6), [1, 3, 2, 1, 4, 4], optimizer=KEEP),
            synapses(0, 3, all_pairs(SOURCES, 4), rng.normal(0, 0.7, SOURCES * 4), optimizer=KEEP),
            synapses(3, 1, all_pairs(4, CELLS), rng.normal(0, 0.4, CELLS * 4), optimizer=KEEP)),
        learning_signals=(*net.learning_signals, feedback(2, 3, rng.normal(0, 0.5, (4, READOUTS)))))
    counts = input_spikes(1)
    assert_equal(train(net, counts), gradients(net, by_trial(counts), exact=False))


@pytest.mark.parametrize("trials_per_update", [1, 2])
@pytest.mark.parametrize("model", [lif, alif])
@pytest.mark.parametrize("signal", ["symmetric", "random"])
def test_continuous_boundaries_give_the_gradient_of_the_window_by_all_earlier_steps(
        model, signal, trials_per_update):
    cells = model(CELLS, refractory_steps=2, c_reg=0.05)
    delay = 1 if signal == "symmetric" else 3
    net = build(cells, "mse", signal, delay=delay, boundary=Boundary.CONTINUOUS,
                trials_per_update=trials_per_update)
    counts = input_spikes(4)
    first = (4 - trials_per_update) * STEPS + 1
    exact = signal == "symmetric"
    assert_equal(train(net, counts), gradients(net, [{0: counts}], exact, first_step=first))


def test_gradients_of_readout_weights_agree_with_finite_differences():
    """E is quadratic in a readout weight: a central difference is exact up to rounding."""
    net = build(lif(CELLS), "mse", "random")
    counts = input_spikes(1)
    loss = []
    for change in (1e-4, -1e-4):
        weight = net.projections[2].weight.copy()
        weight[4] += change
        projections = (*net.projections[:2], replace(net.projections[2], weight=weight))
        machine = ReferenceMachine(replace(net, projections=projections))
        step, cell = np.nonzero(counts)
        recorded = machine.run(STEPS, Inputs({0: (step, cell)}), [record(2, "loss")])
        loss.append(recorded.entries[0][0])
    expected = (loss[0] - loss[1]) / 2e-4
    assert train(net, counts).gradient(2)[4] == pytest.approx(expected, rel=1e-7)

"""Updates: optimisers by hand, schedules, bounds, batches, the rate term, learning switched off."""

import math

import numpy as np
import pytest

from pynn_eprop.errors import NetworkError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs
from pynn_eprop.models.optimizers import SGD, Adam, StepDecay
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, feedback, lif, network, readouts, record, spikes, synapses

T = 4
KAPPA = math.exp(-1 / 20)
SQUARES = sum(KAPPA ** (2 * n) for n in range(T))


def one_weight(optimizer, weight=0.5, bias_optimizer=None, **settings):
    """One source spike per interval onto one readout whose target is 0.

    With a delay of 2 a spike at step 0 gives y^t = w kappa^(t-1), so that dE/dw = w SQUARES.
    """
    options = settings.pop("options", {})
    return ReferenceMachine(network(
        [Sources("s", 1), readouts(loss=MSE(), target=np.zeros((1, T)),
                                   bias_optimizer=bias_optimizer)],
        [synapses(0, 1, [(0, 0)], weight, 2, optimizer=optimizer, **options)],
        interval_steps=T, **settings))


def interval(machine, learning=True, recordings=()):
    """Run one interval."""
    return machine.run(T, spikes(0, (machine.step, 0)), recordings, learning).entries


def weight_after(optimizer, updates, **options):
    """The weight after each of some updates."""
    machine = one_weight(optimizer, **options)
    weights = []
    for _ in range(updates):
        interval(machine)
        weights.append(machine.weights(0)[0])
    return weights


def test_gradient_descent():
    machine = one_weight(SGD(lr=0.1))
    assert machine.gradient(0).tolist() == [0.0]
    interval(machine)
    assert machine.gradient(0) == pytest.approx([0.5 * SQUARES], rel=1e-14)
    assert machine.weights(0) == pytest.approx([0.5 - 0.1 * 0.5 * SQUARES], rel=1e-14)


def by_moments(beta1, beta2, step):
    """The weight after each of 3 updates; a step depends on (u, m, v)."""
    w, m, v, weights = 0.5, 0.0, 0.0, []
    for u in (1, 2, 3):
        g = w * SQUARES
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        w -= step(u, m, v)
        weights.append(w)
    return weights


def test_adam_with_epsilon_outside_the_bias_corrected_root():
    expected = by_moments(0.8, 0.99, lambda u, m, v: (
        0.05 * (m / (1 - 0.8 ** u)) / (math.sqrt(v / (1 - 0.99 ** u)) + 0.1)))
    weights = weight_after(Adam(lr=0.05, beta1=0.8, beta2=0.99, eps=0.1), 3)
    assert weights == pytest.approx(expected, rel=1e-13)


def test_adam_with_epsilon_hat():
    expected = by_moments(0.9, 0.999, lambda u, m, v: (
        0.05 * math.sqrt(1 - 0.999 ** u) / (1 - 0.9 ** u) * m / (math.sqrt(v) + 0.1)))
    assert weight_after(Adam(lr=0.05, eps=0.1, eps_hat=True), 3) == pytest.approx(expected,
                                                                               rel=1e-13)


def test_adams_first_step_is_the_rate():
    (weight,) = weight_after(Adam(lr=0.01, eps=1e-12), 1)
    assert weight == pytest.approx(0.49, rel=1e-10)


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_schedule_multiplies_the_rate_after_every_so_many_updates(optimizer):
    weights = [0.5, *weight_after(optimizer(lr=0.02, schedule=StepDecay(0.5, 2)), 5)]
    constant = [0.5, *weight_after(optimizer(lr=0.02), 5)]
    steps = -np.diff(weights)
    assert steps[:2] == pytest.approx(-np.diff(constant)[:2], rel=1e-13)
    if optimizer is SGD:
        rates = steps / (np.array(weights[:-1]) * SQUARES)
        assert rates == pytest.approx([0.02, 0.02, 0.01, 0.01, 0.005], rel=1e-11)


@pytest.mark.parametrize(("bounds", "expected"), [
    ({"w_min": 0.3}, 0.3), ({"w_max": 0.1}, 0.1), ({"w_min": -1.0, "w_max": 1.0}, None)])
def test_bounds_hold_after_a_step(bounds, expected):
    free = weight_after(SGD(lr=0.2), 1)[0]
    assert 0.1 < free < 0.3
    assert weight_after(SGD(lr=0.2), 1, options=bounds) == [expected or free]


def test_a_bias_with_an_optimiser_learns():
    machine = one_weight(None, bias_optimizer=SGD(lr=0.1))
    interval(machine)
    # err^t = 0.5 kappa^(t-1) and dy^t / db = (1 - kappa^t) / (1 - kappa)
    expected = sum(0.5 * KAPPA ** (t - 1) * (1 - KAPPA ** t) / (1 - KAPPA)
                   for t in range(1, T + 1))
    assert machine.bias_gradient(1) == pytest.approx([expected], rel=1e-13)
    assert machine.bias(1) == pytest.approx([-0.1 * expected], rel=1e-13)


def test_static_projections_stay():
    machine = one_weight(None)
    interval(machine)
    assert machine.updates == 1
    assert machine.weights(0).tolist() == [0.5]
    with pytest.raises(NetworkError, match="no optimizer"):
        machine.gradient(0)


def test_trials_of_an_update_are_summed():
    machine = one_weight(SGD(lr=0.1), trials_per_update=3)
    for trial in (1, 2):
        interval(machine)
        assert machine.updates == 0, trial
        assert machine.weights(0).tolist() == [0.5]
    interval(machine)
    assert machine.updates == 1
    assert machine.gradient(0) == pytest.approx([3 * 0.5 * SQUARES], rel=1e-14)


def test_updates_happen_at_the_end_of_an_interval():
    machine = one_weight(SGD(lr=0.1))
    machine.run(T - 1, spikes(0, (0, 0)))
    assert machine.updates == 0
    machine.run(1, Inputs())
    assert machine.updates == 1


def test_intervals_without_learning_leave_everything_as_it_is():
    optimizer = Adam(lr=0.05, schedule=StepDecay(0.5, 2))
    expected = weight_after(optimizer, 3, trials_per_update=1)
    machine = one_weight(optimizer)
    weights = []
    for _ in range(3):
        for _ in range(2):
            before = machine.weights(0), machine.updates
            (loss,) = interval(machine, learning=False, recordings=[record(1, "loss")])
            # a loss is still measured: E = 1/2 sum (w kappa^n)^2
            assert loss == pytest.approx([0.5 * before[0][0] ** 2 * SQUARES], rel=1e-13)
            assert (machine.weights(0), machine.updates) == before
        interval(machine)
        weights.append(machine.weights(0)[0])
    assert weights == expected


def test_intervals_without_learning_are_no_trials():
    machine = one_weight(SGD(lr=0.1), trials_per_update=2)
    for learning, updates in ((True, 0), (False, 0), (False, 0), (True, 1)):
        interval(machine, learning)
        assert machine.updates == updates
    assert machine.gradient(0) == pytest.approx([2 * 0.5 * SQUARES], rel=1e-14)


@pytest.mark.parametrize("first", [True, False])
def test_learning_counts_from_the_next_interval(first):
    machine = one_weight(SGD(lr=0.1))
    machine.run(2, spikes(0, (0, 0)), learning=first)
    machine.run(T - 2, Inputs(), learning=not first)
    assert machine.updates == int(first)
    interval(machine, learning=not first)
    assert machine.updates == 1


def driven(boundary=Boundary.RESET, trials=1, **cells):
    """A cell that a current makes spike as the test wants, and one plastic synapse onto it."""
    return ReferenceMachine(network(
        [Sources("s", 1), lif(v_thresh=0.5, **cells)],
        [synapses(0, 1, [(0, 0)], 0.01, optimizer=SGD(lr=0.0))],
        interval_steps=T, trials_per_update=trials, boundary=boundary))


def test_rate_term_uses_the_rate_over_all_trials_of_the_update():
    machine = driven(trials=2, c_reg=0.2, f_target=30.0)
    slopes = []
    for spiking in (2, 0):                                 # two spikes in the first, none later
        currents = np.zeros((T, 1))
        currents[:spiking] = 0.6
        inputs = Inputs({0: (np.array([machine.step]), np.array([0]))}, {1: currents})
        recorded = machine.run(T, inputs, [record(1, "h"), record(1, "spikes")]).entries
        slopes.append(recorded[0][:, 0])
        assert len(recorded[1][0]) == spiking
    # C = c_reg (f - f_target), f = 2 spikes in 8 ms; e^t = h^t alpha^(t-1) after a spike at step 0
    rate_term = 0.2 * (250.0 - 30.0)
    e_sum = sum(np.sum(h * KAPPA ** np.arange(T)) for h in slopes)
    assert machine.gradient(0) == pytest.approx([rate_term * e_sum], rel=1e-13)


def test_spikes_of_intervals_without_learning_do_not_count_for_the_rate():
    machine = driven(c_reg=0.2, f_target=30.0)
    machine.run(T, Inputs(currents={1: np.full((T, 1), 0.6)}), learning=False)
    (h,) = machine.run(T, spikes(0, (T, 0)), [record(1, "h")]).entries
    expected = 0.2 * (0.0 - 30.0) * np.sum(h[:, 0] * KAPPA ** np.arange(T))
    assert machine.gradient(0) == pytest.approx([expected], rel=1e-13)


def test_a_learning_signal_meets_the_filtered_eligibility_trace():
    # L^t = B (0 - target); ebar^t = kappa ebar^{t-1} + h^t alpha^(t-1)
    target = np.array([[0.3, -0.7, 0.2, 0.9]])
    net = network(
        [Sources("s", 1), lif(tau_m=13.0), readouts(loss=MSE(), target=target)],
        [synapses(0, 1, [(0, 0)], 0.1, optimizer=SGD(lr=0.0))],
        [feedback(2, 1, [[1.5]])], interval_steps=T)
    machine = ReferenceMachine(net)
    h, signal = machine.run(T, spikes(0, (0, 0)), [record(1, "h"),
                                                   record(1, "learning_signal")]).entries
    np.testing.assert_allclose(signal[:, 0], -1.5 * target[0], rtol=1e-14)
    e_bar, expected = 0.0, 0.0
    for n in range(T):
        e_bar = KAPPA * e_bar + h[n, 0] * math.exp(-n / 13)
        expected += signal[n, 0] * e_bar
    assert machine.gradient(0) == pytest.approx([expected], rel=1e-13)


def test_a_signal_from_readouts_without_a_loss_is_y_and_meets_the_trace_unfiltered():
    net = network(
        [Sources("s", 1), lif(), readouts(bias=0.1)],
        [synapses(0, 1, [(0, 0)], 0.1, optimizer=SGD(lr=0.0))],
        [feedback(2, 1, [[1.5]])], interval_steps=T)
    machine = ReferenceMachine(net)
    h, signal, y = machine.run(T, spikes(0, (0, 0)), [
        record(1, "h"), record(1, "learning_signal"), record(2, "y")]).entries
    np.testing.assert_allclose(signal, 1.5 * y, rtol=1e-14)
    expected = np.sum(signal[:, 0] * h[:, 0] * KAPPA ** np.arange(T))
    assert machine.gradient(0) == pytest.approx([expected], rel=1e-13)


def test_adaptive_trace_by_hand():
    """Eq. 27 and 28 written out for three steps, the signal 1 at each of them."""
    net = network(
        [Sources("s", 1), alif(beta=0.5, tau_a=50.0), readouts(bias=1.0, tau_m=1e-3)],
        [synapses(0, 1, [(0, 0)], 0.1, optimizer=SGD(lr=0.0))],
        [feedback(2, 1, [[1.0]])], interval_steps=3)
    machine = ReferenceMachine(net)
    (h,) = machine.run(3, spikes(0, (0, 0)), [record(1, "h")]).entries
    h1, h2, h3 = h[:, 0]
    rho = math.exp(-1 / 50)
    eps_a2 = h1 * 1.0
    eps_a3 = h2 * KAPPA + (rho - 0.5 * h2) * eps_a2
    expected = h1 + h2 * (KAPPA - 0.5 * eps_a2) + h3 * (KAPPA ** 2 - 0.5 * eps_a3)
    assert machine.gradient(0) == pytest.approx([expected], rel=1e-13)


def test_traces_go_on_through_continuous_intervals_without_learning():
    machine = driven(Boundary.CONTINUOUS, c_reg=1.0, f_target=1.0)
    machine.run(T, spikes(0, (0, 0)), learning=False)
    (h,) = machine.run(T, Inputs(), [record(1, "h")]).entries
    # C = -1; the trace of the spike at step 0 is alpha^(t-1) at global step t
    expected = -np.sum(h[:, 0] * KAPPA ** np.arange(T, 2 * T))
    assert machine.gradient(0) == pytest.approx([expected], rel=1e-13)

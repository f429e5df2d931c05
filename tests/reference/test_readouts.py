"""Readouts against closed forms of eq. 41, 42, 48 and 51."""

import math

import numpy as np
import pytest

from pynn_eprop.errors import SimulationError, TargetError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE, CrossEntropy
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import lif, network, readouts, record, spikes, synapses

KAPPA = math.exp(-1 / 20)
T = 10
KEEP = SGD(lr=0.0)


def test_bias_is_added_at_every_step_and_leaks():
    net = network([readouts(2, bias=[0.1, -0.2])])
    y = ReferenceMachine(net).run(T, Inputs(), [record(0, "y", 0, 1)]).entries[0]
    level = (1 - KAPPA ** np.arange(1, T + 1)) / (1 - KAPPA)
    np.testing.assert_allclose(y, np.outer(level, [0.1, -0.2]), rtol=1e-14)


def test_a_spike_counts_in_the_same_step_and_leaks():
    net = network([lif(v_thresh=0.5), readouts()], [synapses(0, 1, [(0, 0)], 0.7)])
    currents = np.zeros((T, 1))
    currents[2] = 1.0                                     # spike at step 3
    y = ReferenceMachine(net).run(T, Inputs(currents={0: currents}), [record(1, "y")]).entries[0]
    steps = np.arange(1, T + 1)
    expected = np.where(steps >= 3, 0.7 * KAPPA ** (steps - 3.0), 0.0)
    np.testing.assert_allclose(y[:, 0], expected, rtol=1e-14)


def errors(readout, *variables, steps=T, **settings):
    machine = ReferenceMachine(network([readout], **settings))
    return machine.run(steps, Inputs(), [
        record(0, v, *range(readout.size)) for v in variables]).entries


def test_squared_error_and_its_loss():
    target = np.linspace(-1, 1, 2 * T).reshape(2, T)
    error, loss, y = errors(readouts(2, loss=MSE(), target=target, bias=[0.1, 0.3]),
                            "error", "loss", "y", interval_steps=T)
    np.testing.assert_allclose(error, y - target.T, rtol=1e-14)
    assert loss == pytest.approx([0.5 * np.sum((y - target.T) ** 2)], rel=1e-14)


def test_cross_entropy_and_its_loss():
    # one step: y = bias, so that softmax(log p) = p
    p, target = np.array([0.2, 0.3, 0.5]), np.array([0.6, 0.4, 0.0])
    error, loss = errors(readouts(3, loss=CrossEntropy(), target=target[:, None], bias=np.log(p)),
                         "error", "loss", steps=1, interval_steps=1)
    np.testing.assert_allclose(error[0], p - target, rtol=1e-13)
    assert loss == pytest.approx([-(0.6 * math.log(0.2) + 0.4 * math.log(0.3))], rel=1e-14)


def test_cross_entropy_of_large_outputs_does_not_overflow():
    error, loss = errors(readouts(2, loss=CrossEntropy(), target=np.array([[0.0], [1.0]]),
                                  bias=[2000.0, 0.0]),
                         "error", "loss", steps=1, interval_steps=1)
    assert error.tolist() == [[1.0, -1.0]]
    assert loss.tolist() == [2000.0]


def test_no_error_where_the_target_is_missing():
    target = np.array([[1.0, np.nan, np.nan], [np.nan, np.nan, 2.0]])
    error, recorded, loss = errors(readouts(2, loss=MSE(), target=target), "error", "target",
                                   "loss", steps=3, interval_steps=3)
    assert error.tolist() == [[-1, 0], [0, 0], [0, -2]]
    np.testing.assert_array_equal(recorded, target.T)
    assert loss.tolist() == [2.5]


def test_a_readout_without_a_loss_has_no_error():
    error, loss = errors(readouts(1, target=np.ones((1, T))), "error", "loss", interval_steps=T)
    assert not error.any()
    assert loss.tolist() == [0.0]


def test_gradient_of_the_bias():
    target = np.linspace(0, 1, T)[None]
    machine = ReferenceMachine(network(
        [readouts(loss=MSE(), target=target, bias=0.1, bias_optimizer=KEEP)], interval_steps=T))
    error = machine.run(T, Inputs(), [record(0, "error")]).entries[0][:, 0]
    level = (1 - KAPPA ** np.arange(1, T + 1)) / (1 - KAPPA)     # dy^t / db
    assert machine.bias_gradient(0) == pytest.approx([np.sum(error * level)], rel=1e-14)


def test_gradient_of_a_bias_that_stays_is_not_reported():
    machine = ReferenceMachine(network([readouts(loss=MSE(), target=np.ones((1, T)))],
                                       interval_steps=T))
    machine.run(T, Inputs())
    assert machine.updates == 1
    assert machine.bias_gradient(0).tolist() == [0.0]
    assert machine.bias(0).tolist() == [0.0]


@pytest.mark.parametrize("delay", [2, 4])
def test_gradient_of_a_weight_onto_a_readout(delay):
    # a source spike at step 0 reaches the readout at step delay - 1 and leaves w kappa^n there
    target = np.linspace(0, 1, T)[None]
    net = network([Sources("s", 1), readouts(loss=MSE(), target=target)],
                  [synapses(0, 1, [(0, 0)], 0.7, delay, optimizer=KEEP)], interval_steps=T)
    machine = ReferenceMachine(net)
    machine.run(T, spikes(0, (0, 0)))
    steps = np.arange(1, T + 1)
    trace = np.where(steps >= delay - 1, KAPPA ** (steps - delay + 1.0), 0.0)
    expected = np.sum((0.7 * trace - target[0]) * trace)
    assert machine.gradient(0) == pytest.approx([expected], rel=1e-13)


def test_a_target_of_one_interval_repeats():
    target = np.array([[1.0, 2.0, 3.0]])
    (recorded,) = errors(readouts(loss=MSE(), target=target), "target", steps=8, interval_steps=3)
    assert recorded[:, 0].tolist() == [1, 2, 3, 1, 2, 3, 1, 2]


def test_a_target_of_the_whole_run_follows_script_time():
    target = np.arange(1.0, 7.0)[None]
    readout = readouts(loss=MSE(), target=target, target_repeats=False)
    machine = ReferenceMachine(network([readout], interval_steps=3))
    parts = [machine.run(n, Inputs(), [record(0, "target")]).entries[0][:, 0] for n in (2, 3, 1)]
    assert np.concatenate(parts).tolist() == [1, 2, 3, 4, 5, 6]
    with pytest.raises(SimulationError, match=r"ends at step 6.*to step 7"):
        machine.run(1, Inputs())
    assert machine.step == 6, "nothing was done"


def test_a_target_given_later_counts_from_its_start():
    readout = readouts(loss=MSE(), target=np.array([[5.0, 6.0]]), target_repeats=False,
                       target_start=3)
    error, target = errors(readout, "error", "target", steps=5, interval_steps=5)
    np.testing.assert_array_equal(target[:, 0], [np.nan, np.nan, np.nan, 5, 6])
    assert error[:, 0].tolist() == [0, 0, 0, -5, -6]


def test_a_target_without_a_loss_may_end():
    readout = readouts(target=np.array([[5.0]]), target_repeats=False)
    error, target = errors(readout, "error", "target", steps=2)
    np.testing.assert_array_equal(target[:, 0], [5, np.nan])
    assert not error.any()


@pytest.mark.parametrize("target", [np.ones((1, 4)), np.ones((2, 3)), np.ones(3), None])
def test_targets_that_do_not_fit_are_refused(target):
    with pytest.raises(TargetError):
        ReferenceMachine(network([readouts(loss=MSE(), target=target)], interval_steps=3))

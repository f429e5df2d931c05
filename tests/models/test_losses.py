"""Losses as values: error and value, and machines that lack one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import ParameterError, TargetError, UnsupportedError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss, register_loss
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import network, readouts, record, spikes, synapses
from tests.own_kinds import Absolute


def targets(loss, rng):
    return rng.dirichlet(np.ones(4)) if isinstance(loss, CrossEntropy) else rng.normal(size=4)


@pytest.mark.parametrize("loss", [MSE(), CrossEntropy(), Absolute(0.5)])
def test_the_error_is_the_derivative_of_the_value(loss):
    """By central differences, whose error is of the order of step^2 = 1e-10."""
    rng = np.random.default_rng(2)
    y, target, step = rng.normal(size=4), targets(loss, rng), 1e-5
    derivative = [(loss.value(y + each, target) - loss.value(y - each, target)) / (2 * step)
                  for each in step * np.eye(4)]
    np.testing.assert_allclose(loss.error(y, target), derivative, atol=1e-9)


@pytest.mark.parametrize("loss", [MSE(), CrossEntropy()])
def test_steps_at_once_are_steps_one_by_one(loss):
    rng = np.random.default_rng(3)
    y, target = rng.normal(size=(5, 4)), np.stack([targets(loss, rng) for _ in range(5)])
    target[2] = np.nan
    assert np.array_equal(loss.error(y, target),
                          [loss.error(*step) for step in zip(y, target, strict=True)])
    assert np.array_equal(loss.value(y, target),
                          [loss.value(*step) for step in zip(y, target, strict=True)])
    assert loss.value(y, target)[2] == 0.0 and not np.any(loss.error(y, target)[2])


def test_a_readout_without_a_target_has_no_error():
    error = MSE().error(np.array([1.0, 2.0]), np.array([np.nan, 0.5]))
    assert error.tolist() == [0.0, 1.5]
    assert MSE().value(np.array([1.0, 2.0]), np.array([np.nan, 0.5])) == 0.5 * 1.5 ** 2


def test_losses_that_are_not_complete():
    class Half(Loss):
        name = "half"

        def error(self, y, target):
            return y - target

    @dataclass(frozen=True)
    class Open(Loss):
        slope: float
        name: ClassVar[str] = "open"
        error = value = Absolute.error

    with pytest.raises(ParameterError, match=r"loss Half has no value\(\); see the docstring"):
        register_loss(Half)
    with pytest.raises(ParameterError, match="loss Open: parameter 'slope' has no default"):
        register_loss(Open)


def pulled(machine, loss):
    """A readout that one source spike of weight 0.5 reaches; its target is 1, then none."""
    return machine(network(
        [Sources("source", 1), readouts(loss=loss, target=np.array([[1.0, 1.0, np.nan, np.nan]]),
                                        tau_m=1e-6)],
        [synapses(0, 1, [(0, 0)], 0.5)], interval_steps=4))


def test_a_loss_from_outside_runs_on_the_reference():
    """y is 0.5 in step 2 and 0 otherwise: |y - 1| = 1, then 0.5."""
    machine = pulled(ReferenceMachine, Absolute(gain=3.0))
    run = machine.run(4, spikes(0, (1, 0)), [record(1, "error"), record(1, "loss")])
    assert run.entries[0][:, 0].tolist() == [-3.0, -3.0, 0.0, 0.0]
    assert run.entries[1] == pytest.approx([3.0 * 1.5], rel=1e-12)


@pytest.mark.parametrize("precision", ["float32", "float64", "fixed"])
def test_the_engine_names_the_loss_that_it_does_not_know(precision):
    with pytest.raises(UnsupportedError, match=r"readouts: loss 'absolute' is not known to the hos"
                       r"t engine.*; choose one of \['mse', 'cross_entropy'\], or .*reference"):
        pulled(lambda each: HostEngine(each, precision), Absolute())


def test_a_loss_that_gives_the_wrong_shape_is_named():
    class Summed(Absolute):
        def error(self, y, target):
            return np.sum(super().error(y, target))

    machine = pulled(ReferenceMachine, Summed())
    with pytest.raises(ParameterError, match=r"readouts: error\(\) of loss 'absolute' is float64 of"
                                             r" shape \(\); it must be real numbers of shape \(1,"):
        machine.run(4, spikes(0, (1, 0)))


@pytest.mark.parametrize("method", ["error", "value"])
def test_a_loss_that_spreads_the_nan_of_a_missing_target_is_named(method):
    """Two readouts, of which one has no target: a loss that forgets that gives NaN for it."""
    @dataclass(frozen=True)
    class Careless(Absolute):
        pass

    setattr(Careless, method, {"error": lambda self, y, target: y - target,
                               "value": lambda self, y, target: np.sum(y - target)}[method])
    machine = ReferenceMachine(network(
        [Sources("source", 1), readouts(2, loss=Careless(), target=np.array([[1.0], [np.nan]]))],
        interval_steps=1))
    with pytest.raises(ParameterError, match=rf"{method}\(\) of loss 'absolute' gives NaN for a rea"
                                             "dout without a target"):
        machine.run(1, spikes(0))


def test_a_loss_cannot_change_what_it_is_given():
    """A readout reads a spike in its own step: y is 0.5 in step 1."""
    class InPlace(Absolute):
        def error(self, y, target):
            found = super().error(y, target)
            y[:], target[:] = 9.0, 9.0
            return found

    machine = pulled(ReferenceMachine, InPlace())
    run = machine.run(4, spikes(0, (1, 0)), [record(1, "y"), record(1, "target")])
    assert run.entries[0][:2, 0].tolist() == [0.5, 0.0]
    assert run.entries[1][:2, 0].tolist() == [1.0, 1.0]


def test_targets_are_checked_by_the_loss():
    with pytest.raises(TargetError, match="r: the target has infinite entries"):
        Absolute().check_target(np.array([[np.inf]]), "r")
    with pytest.raises(TargetError, match="r: at step 2 only some readouts have a target"):
        CrossEntropy().check_target(np.array([[0.5, 1.0], [0.5, np.nan]]), "r")

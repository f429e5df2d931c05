"""Losses, optimisers and pseudo-derivatives of one's own in scripts for the host backend."""

from typing import ClassVar

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import Adam, errors
from tests.host.networks import STEPS, learning_network, recorded, weights
from tests.own_kinds import Absolute, Box, Momentum, OwnAdam

T = float(STEPS)


@pytest.mark.parametrize("precision", ["float32", "float64", "reference"])
def test_an_own_optimiser_learns_in_one_run_as_in_many(precision):
    """Parts that end anywhere, within an interval, too."""
    nets = []
    for stops in ((12 * T,), (T, 1.5 * T, 7 * T, 7 * T + 3.0, 12 * T)):
        net = learning_network(precision, trials=2, optimizer=Momentum(),
                               bias_optimizer=OwnAdam())
        first = weights(net)
        net.readout.record("loss")
        for stop in stops:
            sim.run_until(stop)
        assert np.all(np.any(weights(net) != first)) and sim.num_updates() == 6
        nets.append((weights(net), net.readout.get("bias", simplify=False),
                     recorded(net.readout, "loss")))
    for whole, parts in zip(*nets, strict=True):
        assert np.array_equal(whole, parts)
    assert np.all(nets[0][1] != 0.0)


def test_the_engine_learns_what_the_reference_learns():
    found = []
    for precision in ("float64", "reference"):
        net = learning_network(precision, optimizer=Momentum(), bias_optimizer=OwnAdam())
        sim.run(10 * T)
        found.append(np.append(weights(net), net.readout.get("bias", simplify=False)))
    np.testing.assert_allclose(*found, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("precision", ["float32", "float64", "reference"])
@pytest.mark.parametrize("at", [4 * T, 5 * T + 13.0])
def test_checkpoints_have_the_arrays_of_own_optimisers(tmp_path, precision, at):
    def network():
        return learning_network(precision, trials=2, optimizer=Momentum(),
                                bias_optimizer=OwnAdam())

    net = network()
    sim.run_until(at)
    sim.save_checkpoint(tmp_path / "there")
    sim.run_until(12 * T)
    expected = weights(net), net.readout.get("bias", simplify=False)
    net = network()
    sim.load_checkpoint(tmp_path / "there")
    sim.run_until(12 * T)
    assert np.array_equal(weights(net), expected[0])
    assert np.array_equal(net.readout.get("bias", simplify=False), expected[1])


def test_a_checkpoint_is_of_one_optimiser(tmp_path):
    learning_network(optimizer=Momentum())
    sim.run(2 * T)
    sim.save_checkpoint(tmp_path / "there")
    learning_network(optimizer=Momentum(decay=0.5))
    with pytest.raises(errors.CheckpointError, match=r"projection 0 \(in\) differs"):
        sim.load_checkpoint(tmp_path / "there")


@pytest.mark.parametrize("keep_weights", [False, True])
def test_a_reset_takes_the_optimiser_back_or_keeps_it(keep_weights):
    """Kept, the mean gradient goes on: two halves are then what one run without a reset learns,
    if activity does not cross the ends of intervals."""
    net = learning_network(optimizer=Momentum(), intervals=4)
    net.clock.set(spike_times=[sim.Sequence(np.arange(i + 1.0, T, 5.0)) for i in range(5)])
    sim.run(T)
    once = weights(net)
    sim.reset(keep_weights=keep_weights)
    sim.run(T)
    again = weights(net)
    assert np.array_equal(once, again) == (not keep_weights)
    if keep_weights:
        net = learning_network(optimizer=Momentum(), intervals=4)
        net.clock.set(spike_times=[sim.Sequence(np.concatenate(
            [np.arange(i + 1.0, T, 5.0) + each for each in (0.0, T)])) for i in range(5)])
        sim.run(2 * T)
        assert np.array_equal(weights(net), again)


@pytest.mark.parametrize("precision", ["float64", "reference"])
def test_a_part_that_is_added_leaves_what_was_learned(precision):
    """A population without synapses changes nothing but the machine, which is built again."""
    found = []
    for adds in (False, True):
        net = learning_network(precision, optimizer=Momentum(), bias_optimizer=OwnAdam())
        sim.run(3 * T)
        if adds:
            sim.Population(2, sim.EPropLIF(), label="added")
        sim.run(3 * T)
        found.append(np.append(weights(net), net.readout.get("bias", simplify=False)))
    assert np.array_equal(*found)


class Failing(Momentum):
    """Fails at the third step of the network, after some projections were stepped."""

    steps: ClassVar[int] = 0
    failure: ClassVar[BaseException] = ZeroDivisionError()

    def update(self, gradient, state, weight, count):
        Failing.steps += 1
        if Failing.steps == 8:
            raise Failing.failure
        return super().update(gradient, state, weight, count)


@pytest.mark.parametrize("precision", ["float32", "float64", "reference"])
@pytest.mark.parametrize(("failure", "raised"), [
    (ZeroDivisionError("again"), errors.SimulationError), (KeyboardInterrupt(), KeyboardInterrupt)])
def test_an_own_step_that_fails_leaves_the_network(precision, failure, raised, monkeypatch):
    """Weights, optimisers and recordings are those of before the run: it can be made again."""
    monkeypatch.setattr(Failing, "failure", failure)
    found = []
    for fails in (False, True):
        monkeypatch.setattr(Failing, "steps", 0 if fails else 100)
        net = learning_network(precision, optimizer=Failing(), bias_optimizer=OwnAdam())
        net.readout.record(["loss", "y"])
        sim.run(T)
        if fails:
            with pytest.raises(raised) as error:
                sim.run(4 * T)
            assert failure in (error.value, error.value.__cause__)
            assert (sim.get_current_time(), sim.num_updates()) in ((T, 1), (2 * T, 2))
        sim.run_until(5 * T)
        found.append((weights(net), net.readout.get("bias", simplify=False),
                      recorded(net.readout, "loss"), recorded(net.readout, "y")))
    for whole, again in zip(*found, strict=True):
        assert np.array_equal(whole, again)


@pytest.mark.parametrize("precision", ["float32", "reference"])
def test_a_step_cannot_run_its_network(precision):
    class Nested(Momentum):
        def update(self, gradient, state, weight, count):
            sim.run(1.0)

    learning_network(precision, optimizer=Nested())
    with pytest.raises(errors.SimulationError, match=r"run\(\): this network runs already"):
        sim.run(T)
    sim.run(T - 1.0)
    assert sim.get_current_time() == T - 1.0


def test_bounds_hold_after_an_own_step():
    net = learning_network("float64", optimizer=Adam())
    bounded = sim.Projection(net.clock, net.cells, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=0.3, optimizer=Momentum(lr=1.0), w_min=0.25, w_max=0.35), label="bounded")
    sim.run(4 * T)
    found = np.array(bounded.get("weight", "list", with_address=False))
    assert {0.25, 0.35} <= set(found) and np.all((found >= 0.25) & (found <= 0.35))


def test_an_own_loss_runs_on_the_reference_and_the_engine_names_it():
    """The loss of an interval is |y - y*| summed over what was recorded of y."""
    net = learning_network("reference", loss=Absolute(2.0))
    net.readout.record(["loss", "y"])
    sim.run(2 * T)
    y = recorded(net.readout, "y")[1:].reshape(2, STEPS, 2)
    expected = 2.0 * np.abs(y - net.target.T).sum(axis=(1, 2))
    np.testing.assert_allclose(recorded(net.readout, "loss")[:, 0], expected, rtol=1e-12)
    with pytest.raises(errors.UnsupportedError, match=r"readout: loss 'absolute' is not known to th"
                                                      r"e host engine; choose one of .*reference"):
        learning_network("float32", loss=Absolute(2.0))


def test_refusals_come_when_the_part_is_made_and_leave_the_network(precision="fixed"):
    net = learning_network(precision)
    with pytest.raises(errors.UnsupportedError, match="plastic: optimizer 'momentum' is not known"):
        sim.Projection(net.clock, net.cells, sim.AllToAllConnector(),
                       sim.EPropSynapse(optimizer=Momentum()), label="plastic")
    with pytest.raises(errors.UnsupportedError, match="r: optimizer 'momentum' is not known to the "
                                                      "host engine in fixed point; choose one of"):
        sim.Population(1, sim.EPropReadout(target=np.zeros((1, STEPS)), bias_optimizer=Momentum()),
                       label="r")
    with pytest.raises(errors.UnsupportedError, match="c: pseudo-derivative 'box' is not known"):
        sim.Population(1, sim.EPropLIF(Box()), label="c")
    sim.run(T)
    assert sim.num_updates() == 1

"""Optimisers of one's own on Brian2, whose updates are NumPy's; what it does not know."""

import numpy as np
import pytest

import pynn_eprop.brian2
import pynn_eprop.host
from pynn_eprop import errors
from tests.own_kinds import Absolute, Box, Momentum, OwnAdam

T = 30.0


def learned(sim, bias_optimizer, **setup):
    """Weights and biases of a small network with own optimisers, twice: the second after a reset.

    Between intervals, without spikes in flight, which Brian2 and the host both forget.
    """
    rng = np.random.default_rng(4)
    sim.setup(timestep=1.0, update_interval=T, seed=1, **setup)
    source = sim.Population(4, sim.SpikeSourceArray(spike_times=[
        np.concatenate([k * T + np.arange(2.0 + i, T - 4.0, 3.0) for k in range(4)])
        for i in range(4)]))
    cells = sim.Population(5, sim.EPropALIF(tau_refrac=2.0))
    readout = sim.Population(2, sim.EPropReadout(
        target=rng.normal(size=(2, int(T))), bias_optimizer=bias_optimizer))
    every = sim.AllToAllConnector()
    plastic = [sim.Projection(pre, post, every, sim.EPropSynapse(
        weight=rng.normal(0.3, 0.2, (pre.size, post.size)), optimizer=Momentum(), w_max=0.5))
        for pre, post in ((source, cells), (cells, readout))]
    sim.Projection(readout, cells, every, sim.LearningSignal(weight=rng.normal(size=(2, 5))),
                   receptor_type="learning_signal")

    def now():
        return np.concatenate([*(np.ravel(each.get("weight", "array")) for each in plastic),
                               readout.get("bias", simplify=False)])

    sim.run(4 * T)
    first = now()
    sim.reset()
    sim.run(2 * T)
    second = now()
    sim.end()
    return first, second


def test_own_optimisers_learn_what_they_learn_on_the_host():
    """Against the float64 engine, whose gradients are filtered backward."""
    found = learned(pynn_eprop.brian2, OwnAdam())
    expected = learned(pynn_eprop.host, OwnAdam(), precision="float64")
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)
    assert np.any(found[0] == 0.5)


def test_losses_and_shapes_that_it_does_not_know():
    sim = pynn_eprop.brian2
    sim.setup(update_interval=T)
    with pytest.raises(errors.UnsupportedError, match=r"r: loss 'absolute' is not known to Brian2; "
                       r"choose one of \['mse', 'cross_entropy'\], or .*'reference'"):
        sim.Population(1, sim.EPropReadout(Absolute(), target=np.zeros((1, int(T)))), label="r")
    with pytest.raises(errors.UnsupportedError, match="c: pseudo-derivative 'box' is not known"):
        sim.Population(1, sim.EPropLIF(Box()), label="c")

"""A network that learns, in scripts: switch learning off, reset, keep and load weights."""

import warnings

import numpy as np
import pytest

import pynn_eprop.brian2 as sim
import pynn_eprop.host as host
from pynn_eprop import SGD, Adam

STEPS = 20


class Small:
    """Three inputs, four cells, two readouts; ``weights()`` of all projections."""

    def __init__(self, module, **keywords):
        self.module = module
        rng = np.random.default_rng(4)
        module.setup(timestep=1.0, update_interval=float(STEPS), seed=5, **keywords)
        self.source = module.Population(3, module.SpikeSourcePoisson(rate=200.0))
        self.cells = module.Population(4, module.EPropALIF(
            v_thresh=0.4, tau_refrac=2.0, c_reg=0.05, beta=0.1, tau_a=100.0))
        self.readout = module.Population(2, module.EPropReadout(
            target=rng.normal(size=(2, STEPS)), bias_optimizer=Adam(lr=0.05)), label="readout")
        every, adam = module.AllToAllConnector(), Adam(lr=0.02)
        self.projections = [
            module.Projection(pre, post, every, module.EPropSynapse(
                weight=rng.normal(size=(pre.size, post.size)) / 2, optimizer=adam), label=label)
            for label, pre, post in (("in", self.source, self.cells),
                                     ("rec", self.cells, self.cells),
                                     ("out", self.cells, self.readout))]
        module.Projection(self.readout, self.cells, every, module.LearningSignal(symmetric=True),
                          receptor_type="learning_signal", label="back")
        self.cells.record(["spikes", "v"])
        self.readout.record("loss")

    def run(self, intervals):
        self.module.run(float(STEPS * intervals))

    def weights(self):
        arrays = [each.get("weight", "array").ravel() for each in self.projections]
        return np.concatenate([*arrays, self.readout.get("bias", simplify=False)])

    def loss(self):
        return self.readout.get_data("loss").segments[-1].analogsignals[0].magnitude[:, 0]


def both(script):
    """The script on the host and on Brian2: (expected, found)."""
    return script(Small(host, precision="float64")), script(Small(sim))


def test_reset_restores_weights_and_optimisers():
    def script(network):
        network.run(3)
        first = network.weights()
        network.module.reset()
        assert network.module.get_current_time() == 0.0 and network.module.num_updates() == 0
        begin = network.weights()
        network.run(3)
        return begin, first, network.weights(), network.loss()

    expected, (begin, first, again, loss) = both(script)
    assert not np.allclose(begin, first)
    assert np.array_equal(first, again)
    for found, known in zip((begin, first, again, loss), expected, strict=True):
        assert np.allclose(found, known, rtol=1e-11, atol=1e-13)


def test_reset_can_keep_what_was_learned():
    def script(network):
        network.run(2)
        network.module.reset(keep_weights=True)
        kept = network.weights()
        network.run(2)
        return kept, network.weights()

    expected, found = both(script)
    assert np.allclose(found[0], expected[0], rtol=1e-11)
    assert np.allclose(found[1], expected[1], rtol=1e-11)
    assert not np.allclose(found[0], found[1])


def test_each_reset_begins_a_segment():
    network = Small(sim)
    network.run(1)
    sim.reset()
    network.run(2)
    segments = network.readout.get_data("loss").segments
    assert [len(segment.analogsignals[0]) for segment in segments] == [1, 2]


def test_learning_can_be_switched_off():
    def script(network):
        network.run(1)
        network.module.set_learning(False)
        network.run(2)
        still = network.weights()
        network.module.set_learning(True)
        network.run(1)
        return still, network.weights(), np.array(network.module.num_updates())

    expected, found = both(script)
    assert found[2] == expected[2] == 2
    for one, other in zip(found[:2], expected[:2], strict=True):
        assert np.allclose(one, other, rtol=1e-11)


def test_weights_of_the_host_go_on_here(tmp_path):
    trained = Small(host, precision="float64")
    trained.run(3)
    host.save_weights(tmp_path / "weights.npz")
    network = Small(sim)
    sim.load_weights(tmp_path / "weights.npz")
    assert np.array_equal(network.weights(), trained.weights())
    network.run(1)
    sim.save_weights(tmp_path / "more.npz")
    assert set(np.load(tmp_path / "more.npz")) == set(np.load(tmp_path / "weights.npz"))


def test_set_weights_parameters_and_targets_between_runs():
    def script(network):
        network.run(1)
        network.projections[0].set(weight=0.3)
        network.cells[:2].set(v_thresh=0.7, c_reg=0.0)
        network.readout.set(target=np.full((2, STEPS), 0.5), bias=0.2)
        network.run(2)
        return network.weights(), network.loss()

    expected, found = both(script)
    for one, other in zip(found, expected, strict=True):
        assert np.allclose(one, other, rtol=1e-11)


def test_gradients_are_the_engines():
    def script(network):
        network.run(2)
        return [each.get("gradient", "array") for each in network.projections]

    expected, found = both(script)
    for one, other in zip(found, expected, strict=True):
        assert np.abs(other).max() > 0
        assert np.allclose(one, other, rtol=1e-10, atol=1e-12)


def test_divergence_is_warned_of():
    network = Small(sim)
    network.projections[0].set(weight=1e308)
    network.projections[2].set(weight=1e308)
    with pytest.warns(UserWarning, match="training has diverged"), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", DeprecationWarning)     # Brian2's own
        network.run(4)


def test_an_unfinished_interval_is_warned_of():
    network = Small(sim)
    network.module.run(STEPS + 3.0)
    with pytest.warns(UserWarning, match="within an interval"):
        sim.end()


def test_traces_follow_a_new_time_constant_of_the_readouts():
    """Errors are filtered with the readouts' kappa (eq. 4), that of the present update."""
    gradients = []
    for backend in (host, sim):
        backend.setup(timestep=1.0, update_interval=20.0)
        sources = backend.Population(2, backend.SpikeSourceArray(
            spike_times=[np.arange(1.0, 40.0, 3.0), np.arange(2.0, 40.0, 4.0)]))
        cells = backend.Population(3, backend.EPropLIF(v_thresh=0.5))
        readouts = backend.Population(1, backend.EPropReadout(loss="mse", target=np.ones((1, 20))))
        plastic = backend.Projection(sources, cells, backend.AllToAllConnector(),
                                     backend.EPropSynapse(weight=0.3, optimizer=SGD(0.0)))
        backend.Projection(cells, readouts, backend.AllToAllConnector(),
                           backend.StaticSynapse(weight=0.2))
        backend.Projection(readouts, cells, backend.AllToAllConnector(),
                           backend.LearningSignal(weight=0.5), receptor_type="learning_signal")
        backend.run(20.0)
        readouts.set(tau_m=3.0)
        backend.run(20.0)
        gradients.append(plastic.get("gradient", format="array"))
    assert np.any(gradients[0] != 0.0)
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-5)

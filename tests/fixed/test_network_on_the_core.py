"""A whole network trained on the emulated core and by the host engine: the same bits."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.shared.arm_constants import adam_constants, cell_constants, decay, q
from evidence.shared.arm_core import Core
from pynn_eprop.engine import HostEngine
from pynn_eprop.models.cells import ALIFCells, Readouts, Sources, SpikingCells
from pynn_eprop.models.losses import MSE, CrossEntropy
from pynn_eprop.models.network import Inputs, Network
from pynn_eprop.models.optimizers import Adam, StepDecay
from tests.descriptions import alif, all_pairs, feedback, lif, network, readouts, synapses

pytestmark = pytest.mark.usefixtures("arm")

SOURCES, CELLS, STEPS, UPDATES = 6, 16, 60, 5
ADAM = Adam(lr=0.01, schedule=StepDecay(0.5, 3))


def described(adaptive: bool, entropy: bool, classes: int) -> tuple[Network, np.ndarray]:
    """Sources, recurrent cells and readouts; and the spikes, (steps, sources)."""
    rng = np.random.default_rng(5 + adaptive)
    options = {"tau_m": 20.0, "v_thresh": 0.6, "refractory_steps": 3, "c_reg": 0.02,
               "f_target": 20.0}
    cells = (alif(CELLS, beta=1.7, tau_a=300.0, **options) if adaptive else lif(CELLS, **options))
    target = (rng.dirichlet(np.ones(classes), STEPS).T if entropy
              else rng.normal(0, 1, (classes, STEPS)))
    target[:, 20:25] = np.nan
    parts = [Sources("sources", SOURCES), cells,
             readouts(classes, loss=CrossEntropy() if entropy else MSE(), target=target,
                      tau_m=15.0, bias=rng.normal(0, 0.1, classes))]
    projections = [
        synapses(0, 1, all_pairs(SOURCES, CELLS), rng.normal(0.1, 0.4, SOURCES * CELLS),
                 optimizer=ADAM),
        synapses(1, 1, all_pairs(CELLS, CELLS, self_connections=False),
                 rng.normal(0, 0.25, CELLS * (CELLS - 1)), optimizer=ADAM),
        synapses(1, 2, all_pairs(CELLS, classes), rng.normal(0, 0.25, CELLS * classes),
                 optimizer=ADAM)]
    signals = [feedback(2, 1, rng.normal(0, 0.3, (CELLS, classes)))]
    spikes = (rng.random((STEPS, SOURCES)) < 0.25).astype(np.uint8)
    return network(parts, projections, signals, interval_steps=STEPS), spikes


def matrix(engine: HostEngine, index: int) -> np.ndarray:
    """A projection's weights as (pre, post), 0 for pairs without a synapse."""
    projection = engine.network.projections[index]
    sizes = [engine.network.populations[k].size for k in (projection.pre, projection.post)]
    out = np.zeros(sizes)
    out[projection.pre_index, projection.post_index] = engine.weights(index)
    return out


class Image:
    """The core's memory for one network: ``struct small_network`` and its arrays."""

    def __init__(self, core: Core, engine: HostEngine, spikes: np.ndarray) -> None:
        net = engine.network
        cells, out = net.populations[1], net.populations[2]
        assert isinstance(cells, SpikingCells) and isinstance(out, Readouts)
        assert engine.formats is not None
        signal, readout_bits = engine.formats.signal_bits[1], engine.formats.signal_bits[2]
        b, weight_bits = engine.formats.feedback_bits[0], engine.formats.weight_bits
        step, backward, k = cell_constants(cells)
        n, classes, words = CELLS, out.size, (CELLS + 31) // 32
        self.masters = [np.round(np.ldexp(matrix(engine, i), weight_bits[i] + 16)).astype(np.int32)
                        for i in range(3)]
        arrays: list[np.ndarray] = []
        rows = []
        for master in self.masters:
            wire = ((master.astype(np.int64) + 2 ** 15) >> 16).astype(np.int16)
            rows.append(range(len(arrays), len(arrays) + 6))
            arrays += [wire, master, np.zeros(master.shape, np.int32),
                       np.zeros(master.shape, np.uint64), np.zeros(master.shape, np.int64),
                       np.zeros(master.shape, np.int32)]
        optimizer = np.array([[adam_constants(ADAM, u, weight_bits[i] + 16,
                                              readout_bits if i == 2 else signal - k)
                               for i in range(3)] for u in range(UPDATES)])
        target = np.round(np.ldexp(np.asarray(out.target).T, 15))
        first = len(arrays)
        arrays += [
            optimizer, spikes,
            np.where(np.isnan(target), -2.0 ** 31, target).astype(np.int32),
            np.round(np.ldexp(net.learning_signals[0].feedback.weight, b)).astype(np.int32),
            ((np.round(np.ldexp(out.bias, 24)).astype(np.int64) + 256) >> 9).astype(np.int32),
            np.zeros((n, 2), np.int32), np.zeros((n, 3), np.int32),
            np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(classes, np.int32),
            np.zeros(classes, np.int32), np.zeros((STEPS + 1, words), np.uint32),
            np.zeros((STEPS + 1, n), np.uint16), np.zeros((STEPS + 1, classes), np.int32),
            np.zeros(classes, np.int32), np.zeros(n, np.int32), np.zeros(classes, np.int32),
            np.zeros((n, 3), np.int32)]
        self.core, self.arrays = core, arrays
        header = np.zeros(128, np.int32)
        self.addresses = core.put([*arrays, header])
        seconds, c_reg = STEPS * 1e-3, float(cells.c_reg[0])
        offset = q(-c_reg * float(cells.f_target[0]), signal + 8)
        words_ = [SOURCES, n, classes, STEPS, UPDATES, int(isinstance(cells, ALIFCells)),
                  int(isinstance(out.loss, CrossEntropy)), 0, decay(1.0, out.tau_m),
                  signal + 32 - b - 15, readout_bits - 15, q(c_reg / seconds, signal + 8),
                  offset & 0xFFFF_FFFF, offset >> 32, *step, *backward]
        for part, members in zip(range(3), rows, strict=True):
            words_ += [*(self.addresses[m] for m in members), 2 ** (15 - weight_bits[part])]
        words_ += self.addresses[first:-1]
        packed = np.array([int(word) & 0xFFFF_FFFF for word in words_], np.uint32)
        core.engine.mem_write(self.addresses[-1], packed.tobytes())

    def run(self) -> int:
        """Train; the number of saturated values."""
        return self.core.call("network_run", self.addresses[-1])

    def master(self, part: int) -> np.ndarray:
        """Master weights of a projection."""
        return self.core.get(self.addresses[6 * part + 1], self.arrays[6 * part + 1])


@pytest.mark.parametrize(("adaptive", "entropy", "classes"),
                         [(False, False, 2), (True, False, 3), (False, True, 5), (True, True, 2)])
def test_training_on_the_core_gives_the_engines_bits(adaptive, entropy, classes):
    net, spikes = described(adaptive, entropy, classes)
    engine, core = HostEngine(net, "fixed"), Core()
    image = Image(core, engine, spikes)
    before = [master.copy() for master in image.masters]
    saturated = image.run()
    step, cell = np.nonzero(np.tile(spikes, (UPDATES, 1)))
    engine.run(UPDATES * STEPS, Inputs(spikes={0: (step, cell)}))
    assert engine.updates == UPDATES
    assert saturated == 0
    for part in range(3):
        bits = engine.formats.weight_bits[part] + 16
        expected = np.ldexp(matrix(engine, part), bits).astype(np.int32)
        np.testing.assert_array_equal(image.master(part), expected)
        assert np.count_nonzero(expected != before[part]) > 0.3 * np.count_nonzero(before[part])
    assert core.unaligned == []


def test_a_change_of_one_unit_shows():
    """The comparison is as sharp as it says: one unit of one master weight changes the result."""
    net, spikes = described(False, False, 2)
    engine = HostEngine(net, "fixed")
    first = Image(Core(), engine, spikes)
    first.run()
    nudged = replace(net.projections[0], weight=net.projections[0].weight + np.eye(
        1, SOURCES * CELLS)[0] * 2.0 ** -(engine.formats.weight_bits[0] + 16))
    other = HostEngine(replace(net, projections=(nudged, *net.projections[1:])), "fixed")
    second = Image(Core(), other, spikes)
    second.run()
    assert not np.array_equal(first.master(0), second.master(0))

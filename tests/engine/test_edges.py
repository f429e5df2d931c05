"""The engine at its edges: changes within an update, cells that there are not, no memory."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import NetworkError
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs, Network
from pynn_eprop.models.optimizers import SGD, Adam, StepDecay
from pynn_eprop.models.rules import ClopathRule
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    all_pairs,
    feedback,
    lif,
    network,
    readouts,
    record,
    spikes,
    synapses,
)
from tests.engine.small_stack import in_a_small_stack

STEPS = 20
DRIVE = spikes(0, *[(step, cell) for step in range(1, STEPS) for cell in (0, 1)])


def with_population(net: Network, index: int, **fields) -> Network:
    """The network with other fields of a population."""
    return replace(net, populations=tuple(
        replace(each, **fields) if number == index else each
        for number, each in enumerate(net.populations)))


def learning(optimizer=None, **settings) -> Network:
    """Two sources, three LIF cells that fire, a readout; only synapses onto the cells learn."""
    return network(
        [Sources("sources", 2), lif(3), readouts(1, loss=MSE(), target=np.ones((1, STEPS)))],
        [synapses(0, 1, all_pairs(2, 3), [0.5, 0.4, 0.3, 0.6, 0.2, 0.7],
                  optimizer=optimizer or SGD(0.0)),
         synapses(1, 2, all_pairs(3, 1), 0.3)],
        [feedback(2, 1, [[0.5], [-0.4], [0.3]])], interval_steps=STEPS, **settings)


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize(("first", "second"), [(0.0, 0.5), (0.5, 0.0), (0.5, 0.5)])
def test_a_rate_term_may_begin_or_end_within_an_update(boundary, first, second):
    """The reference multiplies the eligibilities of all intervals by the term that there is at the
    update; the compiled engine once summed those of later intervals alone."""
    gradients = []
    for build in (lambda net: HostEngine(net, "float64"), ReferenceMachine):
        net = with_population(learning(boundary=boundary, trials_per_update=2), 1,
                              c_reg=np.full(3, first))
        machine = build(net)
        machine.run(STEPS, DRIVE)
        machine.set_population(1, with_population(net, 1, c_reg=np.full(3, second)))
        times, cells = DRIVE.spikes[0]
        machine.run(STEPS, Inputs(spikes={0: (times + STEPS, cells)}))
        gradients.append(machine.gradient(0))
    assert np.any(gradients[1] != 0.0)
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-12)


def test_biases_that_did_not_learn_cannot_begin_to():
    """There is no room for their errors; this once was a crash."""
    net = learning()
    engine = HostEngine(net)
    with pytest.raises(NetworkError, match="readouts: bias_optimizer cannot change once"):
        engine.set_population(2, with_population(net, 2, bias_optimizer=SGD(0.1)))


@pytest.mark.parametrize("precision", ["float32", "float64", "fixed"])
def test_the_target_of_readouts_without_loss_is_recorded(precision):
    net = network([Sources("sources", 1), readouts(2, target=np.full((2, STEPS), 0.25))],
                  [synapses(0, 1, all_pairs(1, 2), 0.1)], interval_steps=STEPS)
    engine, reference = HostEngine(net, precision), ReferenceMachine(net)
    wanted = [record(1, "target", 0, 1, every=5)]
    found = [machine.run(STEPS, Inputs(), wanted).entries[0] for machine in (engine, reference)]
    np.testing.assert_array_equal(found[0], np.full((4, 2), 0.25))
    np.testing.assert_array_equal(found[1], found[0])
    engine.set_population(1, with_population(net, 1, target=None))
    assert np.all(np.isnan(engine.run(STEPS, Inputs(), wanted).entries[0]))


@pytest.mark.parametrize("build", [HostEngine, ReferenceMachine])
@pytest.mark.parametrize("cell", [3, -1, 10 ** 8])
def test_cells_that_there_are_not_are_not_recorded(build, cell):
    machine = build(learning())
    with pytest.raises(NetworkError, match=f"no number {cell} to record 'v' of; it has 3 cells"):
        machine.run(STEPS, DRIVE, [record(1, "v", 0, cell)])
    assert machine.step == 0


def test_weights_and_gradients_come_in_any_layout():
    engine = HostEngine(learning(SGD(1.0)), "float64")
    engine.set_weights(0, np.float64(0.25))
    np.testing.assert_array_equal(engine.weights(0), np.full(6, 0.25))
    apart = np.arange(12.0).reshape(6, 2)[:, 0]
    engine.set_weights(0, apart)
    np.testing.assert_array_equal(engine.weights(0), apart)
    engine.apply_gradients({0: apart})
    np.testing.assert_array_equal(engine.weights(0), np.zeros(6))


def test_a_schedule_may_be_longer_than_any_training():
    engine = HostEngine(learning(SGD(0.1, schedule=StepDecay(0.5, 2 ** 40))), "float64")
    constant = HostEngine(learning(SGD(0.1)), "float64")
    for each in (engine, constant):
        each.run(STEPS, DRIVE)
    np.testing.assert_array_equal(engine.weights(0), constant.weights(0))


def test_an_eps_that_float32_does_not_have_is_refused():
    """It would divide 0 by 0 wherever a gradient is 0."""
    with pytest.raises(NetworkError, match=r"0 to 1: Adam's eps=1e-50 is 0 in precision='float32'"):
        HostEngine(learning(Adam(0.1, eps=1e-50)), "float32")
    engine = HostEngine(learning(Adam(0.1, eps=1e-50)), "float64")
    engine.run(STEPS, DRIVE)
    assert np.all(np.isfinite(engine.weights(0)))


@pytest.mark.parametrize("precision", ["float64", "fixed"])
def test_potentials_of_any_number_of_cells_fit_the_stack(precision):
    """The engine once had a value of each cell there."""
    cells, updates = 60_000, []
    net = network([Sources("sources", 1), lif(cells)],
                  [synapses(0, 1, [(0, 0)], 0.1, optimizer=SGD(0.1), rule=ClopathRule())],
                  interval_steps=1)

    def learn():
        engine = HostEngine(net, precision)
        engine.learn(Activity(spikes={0: (np.array([0]), np.array([0]))},
                              slope={1: np.zeros((1, cells))},
                              potential={1: np.ones((1, cells))}))
        updates.append(engine.updates)

    in_a_small_stack(learn)
    assert updates == [1]


WITHOUT_MEMORY = """
import resource
import numpy as np
from pynn_eprop.engine import HostEngine
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from tests.descriptions import all_pairs, network, readouts, synapses

net = network([Sources("sources", 1000), readouts(1)],
              [synapses(0, 1, all_pairs(1000, 1), 0.1)], interval_steps=1000)
count = 10_000_000
inputs = Inputs(spikes={0: (np.repeat(np.arange(1000), count // 1000),
                            np.tile(np.arange(1000, dtype=np.int32), count // 1000))})
engine = HostEngine(net)
# what checks and conversions of the inputs need is there, and not the list of spikes
import pynn_eprop.engine.host_engine as module
module.check_inputs = lambda *given: None
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 20_000_000,) * 2)
try:
    engine.run(1000, inputs)
except MemoryError:
    print("MemoryError")
"""


@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="ASan needs address space")
def test_a_run_without_memory_is_an_error():
    """It once read spikes beyond the list that there was no memory for."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_MEMORY], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stdout) == (0, "MemoryError\n"), done.stderr

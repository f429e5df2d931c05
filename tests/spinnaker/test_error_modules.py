"""Readouts without a loss on several cores, and what cells get of them: exactly as on the host."""

import importlib

import numpy as np
import pytest
from pyNN.parameters import Sequence

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop import SGD

CELLS, TRIAL = 90, 40.0


def learned(backend, signals, **setup):
    """What is recorded in two trials, and the weights then.

    signals: for each population of readouts its size, and a function of the module, the readouts
    and the cells that connects them. Biases of the readouts change in between.
    """
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    rng = np.random.default_rng(6)
    sim.setup(timestep=1.0, update_interval=TRIAL, seed=1, **setup)
    times = [Sequence(np.sort(rng.choice(np.arange(2.0 * TRIAL), 25, replace=False)))
             for _ in range(10)]
    inputs = sim.Population(10, sim.SpikeSourceArray(spike_times=times), label="inputs")
    cells = sim.Population(CELLS, sim.EPropLIF(tau_m=20.0, tau_refrac=2.0, v_thresh=0.4),
                           label="cells")

    def connect(pre, post, weight, lr=None, connector=None):
        return sim.Projection(
            pre, post, connector or sim.AllToAllConnector(),
            sim.EPropSynapse(weight=weight, optimizer=None if lr is None else SGD(lr=lr)))

    plastic = [connect(inputs, cells, 0.4 * rng.normal(size=(10, CELLS)), 0.01),
               connect(cells, cells, 0.05, 0.01, sim.FixedProbabilityConnector(0.2))]
    sending = []
    for size, teach in signals:
        readouts = sim.Population(size, sim.EPropReadout(loss=None, tau_m=10.0))
        connect(inputs, readouts, 0.3 * rng.normal(size=(10, size)))
        teach(sim, readouts, cells)
        readouts.record("y")
        sending.append(readouts)
    cells.record(["spikes", "learning_signal"])
    for number in range(2):
        sim.run(TRIAL)
        if number == 0:
            for readouts in sending:
                readouts.set(bias=rng.normal(size=readouts.size))
    found = [np.asarray(each.magnitude) for population in (*sending, cells)
             for segment in [population.get_data().segments[0]]
             for each in (*segment.analogsignals, *segment.spiketrains)]
    found += [each.get("weight", format="array") for each in plastic]
    sim.end()
    return found


def signal(pre, post, connector, **feedback):
    return lambda sim, readouts, cells: sim.Projection(
        readouts[pre], cells[post], getattr(sim, connector)(), sim.LearningSignal(**feedback),
        receptor_type="learning_signal")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("signals", [
    # with all spikes of a step these are more packets than a buffer for spikes alone holds
    [(100, signal(slice(0, 80), slice(0, 80), "OneToOneConnector", weight=0.5)),
     (70, signal(slice(0, 70), slice(20, 90), "OneToOneConnector", weight=0.5, window=5.0))],
    [(100, signal(slice(10, 90, 7), slice(3, 90, 9), "AllToAllConnector", weight=0.3)),
     (130, lambda *_: None)],
], ids=["two error modules", "parts of one, and one that teaches nobody"])
def test_the_board_does_what_the_host_does_in_fixed_point(board, signals):
    expected = learned("host", signals, precision="fixed")
    found = learned("spinnaker", signals)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.nanstd(expected[-1]) > 1e-4       # all began with 0.05

"""The cost of Python beside the machine: task 1.1's size, 1000 updates in one run."""

import time

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop.common.run.timeline import Pace
from pynn_eprop.host import simulation
from pynn_eprop.models.network import Recorded

UPDATES, STEPS = 1000, 1000


class InstantMachine:
    """Does nothing, at once, but says that a step took what it takes the engine (1.2 us)."""

    formats = None

    def __init__(self, network, *unused):
        self.network = network
        self.step = self.updates = 0
        self.formats = None
        self.calls = 0
        self.spikes = 0

    def saturations(self):
        return ()

    def run(self, steps, inputs, recordings=(), learning=True):
        self.calls += 1
        self.step += steps
        self.spikes += sum(len(times) for times, _ in inputs.spikes.values())
        return Recorded(tuple(np.zeros(steps // STEPS) for _ in recordings))

    def inactivities(self):
        return ()


@pytest.fixture
def clock_of_the_engine(monkeypatch):
    took = Pace.took
    monkeypatch.setattr(Pace, "took",
                        lambda self, steps, seconds: took(self, steps, steps * 1.2e-6))
    monkeypatch.setattr(simulation, "build_machine", InstantMachine)


def test_a_thousand_updates_cost_little_python(clock_of_the_engine):
    sim.setup(timestep=1.0, update_interval=float(STEPS))
    rng = np.random.default_rng(1)
    times = [np.flatnonzero(rng.random(UPDATES * STEPS) < 0.01).astype(float) for _ in range(20)]
    clock = sim.Population(20, sim.SpikeSourceArray())
    network = sim.Population(600, sim.EPropLIF())
    readout = sim.Population(3, sim.EPropReadout(target=np.zeros((3, STEPS))))
    weight = rng.normal(size=(600, 600))
    for pre, post, w in ((clock, network, weight[:20]), (network, network, weight),
                         (network, readout, weight[:, :3])):
        sim.Projection(pre, post, sim.AllToAllConnector(allow_self_connections=False),
                       sim.EPropSynapse(weight=w))
    sim.Projection(readout, network, sim.AllToAllConnector(), sim.LearningSignal(weight=0.1),
                   receptor_type="learning_signal")
    readout.record("loss")
    sim.control.simulator.state.simulation.prepare()

    started = time.process_time()
    clock.set(spike_times=[sim.Sequence(row) for row in times])
    sim.run(float(UPDATES * STEPS))
    seconds = time.process_time() - started

    machine = sim.control.simulator.state.simulation.machine
    assert machine.step == UPDATES * STEPS
    assert machine.spikes == sum(map(len, times))
    assert machine.calls <= 12            # chunks of about 0.2 s of the engine's 1.2 s
    assert len(readout.get_data().segments[0].analogsignals[0]) == UPDATES
    assert seconds < 0.3


def test_many_short_runs_cost_little_python(clock_of_the_engine):
    # a script that sets spikes and target of each trial: well under the engine's 1.2 ms
    sim.setup(timestep=1.0, update_interval=float(STEPS))
    clock = sim.Population(20, sim.SpikeSourceArray())
    readout = sim.Population(3, sim.EPropReadout(target=np.zeros((3, STEPS))))
    sim.Projection(clock, readout, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))
    readout.record("loss")
    sim.run(float(STEPS))
    sim.control.simulator.state.simulation.machine.set_population = lambda index, network: None
    sim.control.simulator.state.simulation.machine.check_population = lambda index, network: None
    sim.control.simulator.state.simulation.machine.bias = lambda index: np.zeros(3)
    target = np.random.default_rng(1).normal(size=(3, STEPS))
    started = time.process_time()
    for _ in range(200):
        clock.set(spike_times=[[sim.get_current_time() + 5.0]] * 20)
        readout.set(target=target)
        sim.run(float(STEPS))
    assert (time.process_time() - started) / 200 < 0.003

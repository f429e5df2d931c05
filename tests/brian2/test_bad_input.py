"""Bad input is refused by typed errors, before any work."""

import subprocess
import sys

import numpy as np
import pytest

import pynn_eprop.brian2 as sim
import pynn_eprop.host
from pynn_eprop.errors import (
    NetworkError,
    ParameterError,
    SetupError,
    SimulationError,
    TargetError,
    UnsupportedError,
)


@pytest.fixture
def parts():
    sim.setup(timestep=1.0, update_interval=10.0)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[1.0], [2.0]]))
    cells = sim.Population(3, sim.EPropLIF())
    readout = sim.Population(1, sim.EPropReadout(target=np.zeros((1, 10))))
    return source, cells, readout


def test_unknown_keyword():
    with pytest.raises(SetupError, match="did you mean 'update_interval'"):
        sim.setup(update_intervall=10.0)


def test_parameters_out_of_range(parts):
    with pytest.raises(ParameterError, match="tau_m=-1 ms is not allowed"):
        parts[1].set(tau_m=-1.0)


def test_a_target_of_the_wrong_length(parts):
    with pytest.raises(TargetError, match="the target has 7 steps, but an interval has 10"):
        parts[2].set(target=np.zeros((1, 7)))


def test_a_target_that_ends_before_the_run():
    sim.setup(timestep=1.0, update_interval=10.0)
    readout = sim.Population(1, sim.EPropReadout(target=np.zeros((1, 20))))
    with pytest.raises(SimulationError, match="the target ends at 20 ms, before this run does"):
        sim.run(30.0)
    assert sim.get_current_time() == 0.0 and readout.size == 1


def test_synapses_that_no_signal_reaches(parts):
    source, cells, _ = parts
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))
    with pytest.raises(NetworkError, match="no learning signal reaches"):
        sim.run(10.0)


def test_a_learning_signal_on_another_receptor(parts):
    _, cells, readout = parts
    with pytest.raises(NetworkError, match="receptor_type='learning_signal'"):
        sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.1))


def test_plastic_synapses_onto_stock_cells(parts):
    stock = sim.Population(3, sim.IF_curr_exp())
    with pytest.raises(NetworkError, match="use StaticSynapse for others"):
        sim.Projection(parts[0], stock, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))


def test_stdp_onto_cells_that_learn(parts):
    source, cells, _ = parts
    stdp = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(), dendritic_delay_fraction=0.0,
        weight_dependence=sim.AdditiveWeightDependence(), weight=0.1)
    with pytest.raises(UnsupportedError, match="STDPMechanism cannot lead to"):
        sim.Projection(source, cells, sim.AllToAllConnector(), stdp)


def test_from_readouts_only_learning_signals_lead(parts):
    stock = sim.Population(3, sim.IF_curr_exp())
    with pytest.raises(NetworkError, match="do not spike"):
        sim.Projection(parts[2], stock, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1))


def test_cells_of_another_backend(parts):
    with pytest.raises(UnsupportedError, match=r"use that of pynn_eprop\.brian2"):
        sim.Population(2, pynn_eprop.host.EPropLIF())


def test_stock_cells_see_one_spike_a_step():
    sim.setup(timestep=1.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[2.0, 2.1]), label="twice")
    stock = sim.Population(1, sim.IF_curr_exp())
    sim.Projection(source, stock, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1))
    with pytest.raises(UnsupportedError, match="twice: a cell spikes twice in one step"):
        sim.run(5.0)


def test_additions_within_an_interval(parts):
    sim.run(5.0)
    with pytest.raises(NetworkError, match="within an interval"):
        sim.Population(1, sim.EPropLIF())


def test_a_view_without_cells(parts):
    with pytest.raises(NetworkError, match="would have no cells"):
        parts[1][5:]


def test_delays_after_a_run(parts):
    source, cells, _ = parts
    projection = sim.Projection(source, cells, sim.AllToAllConnector(),
                                sim.EPropSynapse(weight=0.1, optimizer=None))
    projection.set(delay=2.0)
    sim.run(10.0)
    with pytest.raises(UnsupportedError, match="delays can be set only before the first run"):
        projection.set(delay=3.0)


def test_reset_after_additions(parts):
    sim.run(10.0)
    sim.Population(1, sim.EPropLIF())
    sim.run(10.0)
    with pytest.raises(UnsupportedError, match="were added after the first run"):
        sim.reset()


def test_importing_it_leaves_interrupts_as_they_are():
    script = ("import signal\nimport pynn_eprop.brian2\n"
              "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)")
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    assert said.stdout.splitlines()[-1] == "True"

"""Runs of any length, and of networks without update intervals, on emulated cores."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import SGD
from pynn_eprop.emulator import Board
from pynn_eprop.errors import SimulationError, UnsupportedError
from pynn_eprop.spinnaker.board.session import time_of


@pytest.fixture(autouse=True)
def board():
    with Board(chips=4, real_time=False):
        yield
        sim.end()


@given(steps=st.integers(1, 10 ** 8), microseconds=st.integers(1, 20_000))
def test_spynnaker_makes_as_many_steps_as_are_meant(steps, microseconds):
    """It divides by the step in ms and rounds up."""
    timestep = microseconds / 1000.0
    time = time_of(steps, timestep)
    assert math.ceil(time / timestep) == steps
    assert time == pytest.approx(steps * timestep, rel=1e-14)


def driven(backend, timestep=1.0, times=(5.0, 25.0, 55.0, 75.0), **setup):
    """Three sources that make four cells fire."""
    backend.setup(timestep=timestep, min_delay=timestep, seed=1, **setup)
    sources = backend.Population(3, backend.SpikeSourceArray(spike_times=[list(times)] * 3))
    cells = backend.Population(4, backend.EPropLIF(v_thresh=0.5, tau_refrac=2 * timestep))
    backend.Projection(sources, cells, backend.AllToAllConnector(),
                       backend.StaticSynapse(weight=0.3, delay=timestep))
    return cells


BOTH = ((host, {"precision": "fixed"}), (sim, {"quiet": True}))


def test_steps_of_0_3_ms_are_those_of_the_host():
    """28 steps of it, of an interval and its pause, are 29 for a product that is rounded."""
    timestep, steps = 0.3, 7
    assert math.ceil(round(28 * timestep, 9) / timestep) == 29
    times = [(steps * k + later) * timestep for k in range(4) for later in (0, 1, 3)]
    found = []
    for backend, setup in BOTH:
        pause = {} if backend is host else {"pause": 21 * timestep}
        cells = driven(backend, timestep, times, update_interval=steps * timestep, **setup, **pause)
        cells.record(["spikes", "v"])
        for _ in range(4):
            backend.run(steps * timestep)
        data = cells.get_data().segments[0]
        found.append((np.array(data.spiketrains[0].magnitude), data.analogsignals[0].magnitude))
    assert len(found[0][0]) > 5
    np.testing.assert_allclose(found[1][0], found[0][0], atol=1e-9)
    np.testing.assert_array_equal(found[1][1], found[0][1])


def test_activity_that_goes_on_is_neither_loaded_again_nor_kept(tmp_path):
    """Without update_interval cores' membranes are not read: time would begin again."""
    cells = driven(sim, quiet=True)
    cells.record("spikes")
    sim.run(54.0)
    with pytest.raises(UnsupportedError, match="without update_interval cores' activity is not"):
        cells.record("v")
    with pytest.raises(SimulationError, match="without update_interval what cores hold is not"):
        sim.save_checkpoint(tmp_path / "state.npz")
    sim.run(26.0)
    spikes = cells.get_data().segments[0].spiketrains[0].magnitude
    np.testing.assert_array_equal(spikes, [6.0, 26.0, 56.0, 76.0])


@pytest.mark.parametrize(("sources", "times"), [
    (1, [5.0] * 100), (4, np.repeat(np.arange(1.0, 29.0), 20))])
def test_many_spikes_of_a_source_in_a_step_find_room(sources, times):
    found = []
    for backend, setup in BOTH:
        backend.setup(timestep=1.0, seed=1, **setup)
        source = backend.Population(sources, backend.SpikeSourceArray(
            spike_times=[list(times)] * sources))
        cells = backend.Population(1, backend.EPropLIF(v_thresh=500.0))
        backend.Projection(source, cells, backend.AllToAllConnector(),
                           backend.StaticSynapse(weight=0.1))
        cells.record("v")
        backend.run(30.0)
        found.append(cells.get_data().segments[0].analogsignals[0].magnitude)
    assert found[0].max() > 10.0
    np.testing.assert_array_equal(found[1], found[0])


def test_no_gradient_is_read_within_an_update_of_several_trials():
    """Its sum takes the place of the last one, which the host still has."""
    gradients = []
    for backend, setup in BOTH:
        backend.setup(timestep=1.0, seed=1, update_interval=10.0, trials_per_update=2, **setup)
        sources = backend.Population(3, backend.SpikeSourceArray(
            spike_times=[np.arange(1.0, 60.0, 3.0)] * 3))
        cells = backend.Population(4, backend.EPropLIF(v_thresh=0.5))
        readouts = backend.Population(1, backend.EPropReadout(loss="mse", target=[[1.0] * 10]))
        plastic = backend.Projection(sources, cells, backend.AllToAllConnector(),
                                     backend.EPropSynapse(weight=0.3, optimizer=SGD(0.01)))
        backend.Projection(cells, readouts, backend.AllToAllConnector(),
                           backend.StaticSynapse(weight=0.2))
        backend.Projection(readouts, cells, backend.AllToAllConnector(),
                           backend.LearningSignal(weight=0.5), receptor_type="learning_signal")
        backend.run(20.0)
        gradients.append([plastic.get("gradient", format="array")])
        backend.run(10.0)
        if backend is sim:
            with pytest.raises(SimulationError, match="within an update of several trials"):
                plastic.get("gradient", format="array")
        backend.run(10.0)
        gradients[-1].append(plastic.get("gradient", format="array"))
    np.testing.assert_array_equal(gradients[1], gradients[0])
    assert np.any(gradients[0][0] != gradients[0][1])

"""Values of analog sources that are set between runs, on the emulated board."""

import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import SGD, errors

T = 20


def learned(module: Any, given: np.ndarray, changes: dict[int, np.ndarray | None],
            frames: dict[str, float] | None = None, **setup: Any) -> list[np.ndarray]:
    """Spikes and weights of a network with given values, and others from some times on, in ms.

    At times with None the run stops, and goes on with the same values.
    """
    rng = np.random.default_rng(4)
    module.setup(timestep=1.0, update_interval=float(T), seed=1, **setup)
    analog = module.Population(2, module.AnalogSource(
        given, repeats=False, **(frames or {})), label="analog")
    cells = module.Population(6, module.EPropLIF(v_thresh=0.4, f_target=10.0, c_reg=0.01))
    readout = module.Population(2, module.EPropReadout(
        loss="mse", target=rng.normal(size=(2, T))), label="readout")
    every = module.AllToAllConnector()
    learning = module.EPropSynapse(optimizer=SGD(lr=0.01))
    taught = []
    for pre, post, scale in ((analog, cells, 0.5), (analog, readout, 0.2), (cells, readout, 0.4)):
        rows = [(i, j, rng.normal() * scale, rng.choice([1.0, 4.0]))
                for i in range(pre.size) for j in range(post.size)]
        taught.append(module.Projection(pre, post, module.FromListConnector(rows), learning))
    module.Projection(readout, cells, every, module.LearningSignal(
        weight=rng.normal(size=(2, 6))), receptor_type="learning_signal")
    cells.record("spikes")
    for time, values in changes.items():
        module.run_until(float(time))
        if values is not None:
            analog.set(values=values)
    module.run_until(3.0 * T)
    trains = cells.get_data().segments[0].spiketrains
    assert sum(map(len, trains)) > 3
    return [np.concatenate([train.magnitude for train in trains]),
            *(np.asarray(each.get(what, format="list", with_address=False), dtype=float)
              for each in taught for what in ("weight", "gradient"))]


@pytest.mark.parametrize(("at", "late"), [(1, 2), (T + 7, 2), (2 * T - 2, 2), (2 * T - 1, 1),
                                          (2 * T, 0)])
def test_values_that_are_set_within_an_interval_come_late_by_the_steps_that_cores_are_ahead(
        board, at, late):
    rng = np.random.default_rng(5)
    given, values = rng.uniform(-1, 1, (2, 3 * T)), rng.uniform(-1, 1, (2, T))
    values[:, 0] = values[:, 1]     # of a frame of two steps one may be late
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = learned(sim, given, {at: values})
    sim.end()
    texts = [str(each.message) for each in caught if "come too late" in str(each.message)]
    taken = given.copy()
    taken[:, at + late:] = 0.0
    taken[:, at + late:at + T] = values[:, late:]
    expected = learned(host, taken, {}, precision="fixed")
    host.end()
    assert len(texts) == (late > 0)
    if late:
        assert texts[0].startswith(f"analog: of the values that were set at {at} ms those of the "
                                   f"first {late} ms come too late")
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_values_beyond_the_format_of_a_network_that_goes_on_are_refused(board):
    with pytest.raises(errors.NetworkError, match=r"analog: the value 70 does not fit 16 bits"):
        learned(sim, np.ones((2, 3 * T)), {T: np.full((2, T), 70.0)})
    sim.end()


def test_frames_that_begin_at_the_same_step_of_their_intervals_are_two(board):
    """The first one lasts for two intervals, and the second run begins just before the second.

    Cores are two steps ahead: they have the values of the steps up to there from the first run.
    """
    given = np.random.default_rng(6).uniform(-1, 1, (2, 2))
    frames = {"frame_duration": 2.0 * T, "start": 5.0}
    found = learned(sim, given, {2 * T + 3: None}, frames)
    sim.end()
    expected = learned(host, given, {}, frames, precision="fixed")
    host.end()
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)

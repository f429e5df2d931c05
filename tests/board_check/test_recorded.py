"""Where two recordings differ first, and recordings of machine time in script time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pynn_eprop.host as host
from pynn_eprop.board_check.recorded import (
    AT_THE_END,
    Learned,
    Samples,
    Spikes,
    differences,
    read,
    without_pauses,
)

NAN = float("nan")
RECORDED = {
    "network spikes": Spikes(((3.0, 9.0), (), (4.0,))),
    "network v": Samples(np.array([0.0, 1.0, 2.0]), np.array([[0.0, 1.0], [NAN, 2.0], [3.0, 4.0]])),
    "in weight": Learned(("0 -> 1", "2 -> 1"), np.array([0.25, NAN])),
}


def changed(**quantities):
    return {**RECORDED, **{name.replace("_", " "): quantity
                           for name, quantity in quantities.items()}}


def test_what_is_equal_has_no_difference_and_nan_equals_nan():
    assert differences(RECORDED, dict(RECORDED)) == []


@pytest.mark.parametrize(("found", "time", "text"), [
    (Spikes(((3.0,), (), (4.0,))), 9.0,
     "network spikes of cell 0 at 9 ms: expected a spike, found none"),
    (Spikes(((3.0, 9.0), (2.0,), ())), 2.0,
     "network spikes of cell 1 at 2 ms: expected none, found a spike"),
    (Spikes(((3.0, 9.0), ())), -1.0, "network spikes: expected 3 cells, found 2 cells"),
])
def test_the_earliest_spike_of_one_only(found, time, text):
    difference, = differences(RECORDED, changed(network_spikes=found))
    assert (difference.time, str(difference)) == (time, text)


def test_the_earliest_of_all_quantities_comes_first_and_weights_last():
    values = RECORDED["network v"].values.copy()
    values[2, 0], values[1, 0] = 3.5, 7.0
    found = changed(network_v=replace(RECORDED["network v"], values=values),
                    in_weight=Learned(("0 -> 1", "2 -> 1"), np.array([0.25, 0.5])),
                    network_spikes=Spikes(((3.0, 8.0, 9.0), (), (4.0,))))
    found["extra"] = found["in weight"]
    assert [str(each) for each in differences(RECORDED, found)] == [
        "extra: expected nothing, found learned",
        "network v of cell 0 at 1 ms: expected nan, found 7.0",
        "network spikes of cell 0 at 8 ms: expected none, found a spike",
        "in weight 2 -> 1 at the end: expected nan, found 0.5"]
    assert differences(RECORDED, found)[-1].time == AT_THE_END


def test_other_shapes_times_and_synapses_are_differences():
    v = RECORDED["network v"]
    for found, text in (
            (Samples(v.times[:2], v.values[:2]), "3 samples of 2 cells up to 2 ms, found 2 samples "
             "of 2 cells up to 1 ms"),
            (Samples(v.times + 1.0, v.values), "up to 2 ms, found 3 samples of 2 cells up to 3 ms"),
            (Samples(np.empty(0), np.empty((0, 2))), "found 0 samples of 2 cells")):
        difference, = differences(RECORDED, changed(network_v=found))
        assert str(difference).endswith(text)
    difference, = differences(RECORDED, changed(
        in_weight=Learned(("0 -> 1", "3 -> 1"), RECORDED["in weight"].values)))
    assert str(difference) == "in weight: expected 2 values, found 2, or of others"


@given(st.lists(st.lists(st.floats(width=32), min_size=2, max_size=2), min_size=1, max_size=6),
       st.data())
def test_any_value_that_changes_is_found(rows, data):
    values = np.array(rows)
    row = data.draw(st.integers(0, len(rows) - 1))
    cell = data.draw(st.integers(0, 1))
    other = values.copy()
    other[row, cell] = 1.0 if np.isnan(values[row, cell]) or values[row, cell] != 1.0 else NAN
    times = np.arange(float(len(rows)))
    difference, = differences({"v": Samples(times, values)}, {"v": Samples(times, other)})
    assert difference.time == row and difference.where == f"v of cell {cell} at {row} ms"


@given(st.integers(1, 50), st.integers(0, 40), st.sets(st.integers(1, 300)))
def test_machine_time_is_taken_back_to_script_time(interval, pause, steps):
    """A step s of interval k, counted from 1, is at k (interval + pause) + s in machine time."""
    script = np.array(sorted(steps), dtype=float)
    number = np.ceil(script / interval) - 1
    machine = script + number * pause
    moved = {"v": Samples(machine, np.arange(len(machine))[:, np.newaxis]),
             "spikes": Spikes((tuple(machine.tolist()),))}
    expected = {"v": Samples(script, np.arange(len(script))[:, np.newaxis]),
                "spikes": Spikes((tuple(script.tolist()),))}
    assert differences(expected, without_pauses(moved, interval, pause)) == []


def test_what_happens_in_a_pause_is_left_out_of_samples_and_no_spike_of_the_script():
    found = without_pauses({"v": Samples(np.array([0.0, 40.0, 41.0, 70.0, 71.0]),
                                         np.arange(5.0)[:, np.newaxis]),
                            "spikes": Spikes(((40.0, 55.0, 71.0),))}, 40.0, 30.0)
    assert found["v"].times.tolist() == [0.0, 40.0, 41.0]
    assert found["v"].values[:, 0].tolist() == [0.0, 1.0, 4.0]
    assert found["spikes"].trains == ((40.0, 40.5, 41.0),)


def test_a_network_is_read_as_a_script_sees_it():
    host.setup(timestep=1.0, update_interval=10.0, precision="fixed")
    source = host.Population(2, host.SpikeSourceArray(spike_times=[[1.0, 4.0], [2.0]]),
                             label="source")
    readout = host.Population(1, host.EPropReadout(target=np.ones((1, 10)), bias=0.5),
                              label="readout")
    learned = host.Projection(source, readout, host.AllToAllConnector(),
                              host.EPropSynapse(weight=0.25), label="in")
    source.record("spikes")
    readout.record(["y", "loss"])
    host.run(20.0)
    found = read(source, readout, learned, prefix="a ")
    assert found["a source spikes"] == Spikes(((1.0, 4.0), (2.0,)))
    assert found["a readout y"].times.tolist() == list(range(21))
    assert found["a readout loss"].times.tolist() == [10.0, 20.0]
    assert found["a readout bias"].values.tolist() == [0.5]
    assert found["a in weight"].names == ("0 -> 0", "1 -> 0")
    assert sorted(found) == ["a in gradient", "a in weight", "a readout bias", "a readout loss",
                             "a readout y", "a source spikes"]

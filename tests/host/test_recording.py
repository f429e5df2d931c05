"""Recorded data as Neo blocks: times, units, annotations, segments, views, files."""

import neo
import numpy as np
import pytest
import quantities as pq
from pyNN.errors import NothingToWriteError, RecordingError

import pynn_eprop.host as sim
from pynn_eprop.errors import SimulationError, UnsupportedError
from tests.host.networks import STEPS, learning_network, recorded, spikes

T = float(STEPS)


def driven(n=3, timestep=1.0):
    """Cells that integrate a constant current into v: v_n = sum of decays."""
    sim.setup(timestep=timestep, precision="float64")
    population = sim.Population(n, sim.EPropLIF(tau_m=20.0, v_thresh=100.0), label="driven")
    population.inject(sim.DCSource(amplitude=0.1))
    return population


def expected_v(steps, timestep=1.0):
    decay = np.exp(-timestep / 20.0)
    return 0.1 * (1 - decay ** np.arange(steps + 1)) / (1 - decay)


def test_run_10_gives_11_samples_with_times_and_units():
    population = driven()
    population.record("v")
    sim.run(10.0)
    block = population.get_data()
    assert isinstance(block, neo.Block)
    (signal,) = block.segments[0].analogsignals
    assert signal.shape == (11, 3)
    assert signal.units == pq.dimensionless
    assert signal.t_start == 0.0 * pq.ms
    assert signal.sampling_period == 1.0 * pq.ms
    np.testing.assert_allclose(signal.magnitude[:, 0], expected_v(10), rtol=1e-14)


def test_annotations_are_those_of_pynn():
    population = driven()
    population.annotate(colour="red")
    population[1:3].record(["v", "spikes"])
    sim.run(1.0)
    block = population.get_data()
    segment = block.segments[0]
    signal = segment.filter(name="v")[0]
    assert block.name == signal.annotations["source_population"] == "driven"
    assert block.annotations["simulator"] == "pynn_eprop.host"
    assert block.annotations["dt"] == 1.0
    assert (block.annotations["size"], block.annotations["colour"]) == (3, "red")
    assert signal.array_annotations["channel_index"].tolist() == [1, 2]
    assert signal.annotations["channel_ids"].tolist() == [int(population[1]), int(population[2])]
    train = segment.spiketrains[1]
    assert (train.annotations["source_index"], train.annotations["channel_id"]) \
        == (2, int(population[2]))
    assert signal.segment is segment
    assert train.segment is segment
    assert segment.block is block
    assert segment.name == "segment000"


def test_stock_cells_are_in_mv_and_na():
    sim.setup(timestep=1.0)
    cells = sim.Population(1, sim.IF_curr_exp())
    cells.record(["v", "isyn_exc"])
    sim.run(2.0)
    segment = cells.get_data().segments[0]
    assert segment.filter(name="v")[0].units == pq.mV
    assert segment.filter(name="isyn_exc")[0].units == pq.nA


@pytest.mark.parametrize("interval", [1, 2, 5])
def test_sampling_interval(interval):
    population = driven(timestep=0.5)
    population.record("v", sampling_interval=interval * 0.5)
    sim.run(3.0)
    sim.run(7.0)
    signal = population.get_data().segments[0].analogsignals[0]
    assert signal.sampling_period == interval * 0.5 * pq.ms
    np.testing.assert_allclose(signal.magnitude[:, 0], expected_v(20, 0.5)[::interval], rtol=1e-13)


def test_a_recording_that_begins_later_begins_with_the_present_sample():
    population = driven()
    sim.run(4.0)
    population.record("v", sampling_interval=3.0)
    population.record("h")
    sim.run(8.0)
    v = population.get_data().segments[0].filter(name="v")[0]
    assert v.t_start == 6.0 * pq.ms
    np.testing.assert_allclose(v.magnitude[:, 0], expected_v(12)[[6, 9, 12]], rtol=1e-14)
    population = driven()
    sim.run(4.0)
    population.record("v")
    sim.run(2.0)
    v = population.get_data().segments[0].filter(name="v")[0]
    assert v.t_start == 4.0 * pq.ms
    np.testing.assert_allclose(v.magnitude[:, 0], expected_v(6)[4:], rtol=1e-14)


def test_cells_can_be_added_to_a_recording():
    population = driven()
    population[0:1].record("v")
    sim.run(2.0)
    population.record("v")
    sim.run(2.0)
    v = recorded(population, "v")
    np.testing.assert_allclose(v[:, 0], expected_v(4), rtol=1e-14)
    assert np.all(np.isnan(v[:3, 1:]))
    np.testing.assert_allclose(v[3:, 2], expected_v(4)[3:], rtol=1e-14)


def test_views_read_their_cells_only():
    population = driven()
    population.record(["v", "spikes"])
    sim.run(3.0)
    part = population[[0, 2]].get_data()
    assert part.segments[0].analogsignals[0].array_annotations["channel_index"].tolist() == [0, 2]
    assert [train.annotations["source_index"] for train in part.segments[0].spiketrains] == [0, 2]
    assert len(population.get_data("v").segments[0].spiketrains) == 0


def test_assemblies_merge_their_parts():
    one = driven(2)
    two = sim.Population(3, sim.EPropALIF(), label="two")
    both = one + two
    both.record("v")
    both[1:3].record("spikes")
    sim.run(3.0)
    segment = both.get_data().segments[0]
    assert sum(signal.shape[1] for signal in segment.analogsignals) == 5
    assert len(segment.spiketrains) == 2


def test_clear_forgets_and_goes_on_with_the_present_sample():
    population = driven()
    population.record(["v", "spikes"])
    sim.run(5.0)
    population.get_data(clear=True)
    sim.run(5.0)
    (segment,) = population.get_data(clear=True).segments
    signal = segment.analogsignals[0]
    assert signal.t_start == 5.0 * pq.ms
    np.testing.assert_allclose(signal.magnitude[:, 0], expected_v(10)[5:], rtol=1e-14)
    assert segment.spiketrains[0].t_start == 5.0 * pq.ms
    assert segment.spiketrains[0].t_stop == 10.0 * pq.ms


def test_reset_begins_a_new_segment():
    population = driven()
    population.record("v")
    sim.run(5.0)
    sim.reset(annotations={"trial": 1})
    sim.run(3.0)
    one, two = population.get_data().segments
    assert (one.name, two.name) == ("segment000", "segment001")
    assert one.annotations == {"trial": 1}
    assert one.analogsignals[0].shape == (6, 3)
    np.testing.assert_array_equal(two.analogsignals[0].magnitude,
                                  one.analogsignals[0].magnitude[:4])
    sim.reset()
    assert len(population.get_data().segments) == 2     # nothing ran since


def test_recording_can_be_stopped():
    population = driven()
    population.record(["v", "spikes"])
    sim.run(1.0)
    population.record(None)
    population[0:1].record("spikes")
    sim.run(1.0)
    segment = population.get_data().segments[0]
    assert len(segment.analogsignals) == 0
    assert len(segment.spiketrains) == 1


def test_loss_has_one_value_per_interval_at_its_end():
    net = learning_network()
    net.readout.record(["loss", "y"])
    sim.run(3 * T + 10.0)
    loss = net.readout.get_data().segments[0].filter(name="loss")[0]
    assert loss.shape == (3, 1)
    assert loss.t_start == T * pq.ms
    assert loss.sampling_period == T * pq.ms
    # E = 1/2 sum (y - y*)^2 over the steps of each interval
    y = recorded(net.readout, "y")[1:1 + 3 * STEPS].reshape(3, STEPS, 2)
    np.testing.assert_allclose(
        loss.magnitude[:, 0], 0.5 * ((y - net.target.T) ** 2).sum(axis=(1, 2)), rtol=1e-12)


def test_error_and_target_of_readouts():
    net = learning_network()
    target = net.target.copy()
    target[:, :5] = np.nan
    net.readout.set(target=target)
    net.readout.record(["y", "error", "target"])
    sim.run(T)
    y, error = recorded(net.readout, "y"), recorded(net.readout, "error")
    np.testing.assert_array_equal(recorded(net.readout, "target")[1:], target.T)
    assert not np.any(error[:6])
    np.testing.assert_allclose(error[6:], (y - np.vstack([target[:, :1].T, target.T]))[6:],
                               rtol=1e-12)


def test_spikes_of_sources_are_their_times_and_may_be_given_late():
    sim.setup(timestep=0.1)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[0.0, 1.0, 5.0], [2.5]]))
    source.record("spikes")
    sim.run(5.0)
    source.set(spike_times=[[5.0, 5.0, 7.0], [5.0]])     # from now on, beginning now
    sim.run(5.0)
    assert spikes(source) == [[0.0, 1.0, 5.0, 5.0, 7.0], [2.5, 5.0]]
    assert source.get_spike_counts() == {source[0]: 5, source[1]: 2}
    assert source.mean_spike_count() == 3.5
    assert source[1:2].mean_spike_count() == 2.0


def test_spike_counts_need_a_recording():
    sim.setup()
    source = sim.Population(2, sim.SpikeSourceArray())
    with pytest.raises(NothingToWriteError, match="spikes are not recorded"):
        source.get_spike_counts()


def test_variables_that_do_not_exist_are_refused():
    population = driven()
    with pytest.raises(RecordingError, match=r"gsyn_exc.*EPropLIF.*spikes,v,h,learning_signal"):
        population.record("gsyn_exc")
    readout = sim.Population(1, sim.EPropReadout(target=np.zeros((1, 1))))
    with pytest.raises(SimulationError, match=r"give setup.update_interval"):
        readout.record("loss")
    with pytest.raises(UnsupportedError, match="locations='soma'"):
        population.record("v", locations="soma")


@pytest.mark.parametrize(("interval", "message"), [
    (1.5, "sampling_interval=1.5 ms is not a whole number"), (0.0, "at least one time step")])
def test_bad_sampling_intervals_are_refused(interval, message):
    with pytest.raises(SimulationError, match=message):
        driven().record("v", sampling_interval=interval)


def test_one_sampling_interval_per_population():
    population = driven()
    population.record("v", sampling_interval=2.0)
    with pytest.raises(SimulationError, match=r"sampling_interval=3 ms, but .* every 2 ms"):
        population.record("h", sampling_interval=3.0)


@pytest.mark.parametrize("suffix", ["pkl", "nix"])
def test_data_can_be_written_to_files(tmp_path, suffix):
    population = driven()
    population.record(["v", "spikes"], to_file=str(tmp_path / f"end.{suffix}"))
    sim.run(5.0)
    population.write_data(str(tmp_path / f"now.{suffix}"), "v", annotations={"script": "x"})
    sim.end()
    reader = neo.io.PickleIO if suffix == "pkl" else neo.io.NixIO
    for name in ("now", "end"):
        io = reader(str(tmp_path / f"{name}.{suffix}"))
        block = io.read_block()
        found = block.segments[0].analogsignals[0].magnitude
        np.testing.assert_allclose(found[:, 0], expected_v(5), rtol=1e-14)
    assert len(population.get_data().segments[0].analogsignals) == 1     # still there after end()


def test_nothing_is_asked_of_the_machine_where_nothing_is_recorded(monkeypatch):
    net = learning_network()
    asked = []
    machine = sim.control.simulator.state.simulation.prepare()
    run = machine.run

    def spy(steps, inputs, recordings, learning):
        asked.append(list(recordings))
        return run(steps, inputs, recordings, learning)

    monkeypatch.setattr(machine, "run", spy)
    net.clock.record("spikes")      # known here already
    sim.run(T)
    assert asked == [[]]

"""What goes on, and what does not, over set(), clear, reset() and another setup()."""

import neo
import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop.errors import ParameterError, SimulationError, TargetError


def test_a_target_of_some_readouts_does_not_let_those_of_others_begin_again():
    sim.setup(timestep=1.0, update_interval=4.0)
    target = np.arange(32.0).reshape(2, 16)
    readouts = sim.Population(2, sim.EPropReadout(target=target))
    readouts.record("target")
    readouts[0:1].set(target=target[:1])        # nothing has gone by
    sim.run(4.0)
    with pytest.raises(TargetError, match=r"those of the others, which go on, begin again; give"):
        readouts[0:1].set(target=np.zeros((1, 16)))
    sim.run(4.0)
    readouts.set(target=target[:, :8])
    sim.run(4.0)
    found = readouts.get_data().segments[0].analogsignals[0].magnitude
    np.testing.assert_array_equal(found[1:, 1], [*range(16, 24), *range(16, 20)])


def test_a_target_of_one_interval_may_be_set_for_some_readouts():
    """It repeats, so that nothing begins again at another time."""
    sim.setup(timestep=1.0, update_interval=4.0)
    readouts = sim.Population(2, sim.EPropReadout(target=np.arange(8.0).reshape(2, 4)))
    readouts.record("target")
    sim.run(4.0)
    readouts[0:1].set(target=np.zeros((1, 4)))
    sim.run(4.0)
    found = readouts.get_data().segments[0].analogsignals[0].magnitude
    np.testing.assert_array_equal(found[5:], [[0, 4], [0, 5], [0, 6], [0, 7]])


def test_values_of_some_sources_do_not_let_those_of_others_begin_again():
    sim.setup(timestep=1.0, update_interval=4.0)
    given = np.arange(32.0).reshape(2, 16)
    sources = sim.Population(2, sim.AnalogSource(values=given, repeats=False))
    sim.run(4.0)
    with pytest.raises(ParameterError, match="new values for some of the cells would let those"):
        sources[0:1].set(values=given[:1])
    sources.set(values=given)


def test_the_current_of_a_source_is_forgotten_at_a_reset():
    sim.setup(timestep=1.0)
    cells = sim.Population(1, sim.IF_curr_exp())
    source = sim.DCSource(amplitude=0.5)
    cells.inject(source)
    source.record()
    sim.run(5.0)
    sim.run(5.0)
    sim.reset()
    sim.run(3.0)
    found = source.get_data()
    assert isinstance(found, neo.AnalogSignal)
    np.testing.assert_array_equal(found.times.rescale("ms").magnitude, [0.0, 1.0, 2.0, 3.0])


def test_symmetric_signals_of_assemblies_have_the_weights_that_they_follow():
    """Found by populations, as training finds them."""
    sim.setup(timestep=1.0, update_interval=5.0)
    one, other = (sim.Population(2, sim.EPropLIF()) for _ in range(2))
    readouts = sim.Population(3, sim.EPropReadout(loss="mse", target=np.zeros((3, 5))))
    for cells, weight in ((one, 0.5), (other, 0.25)):
        sim.Projection(cells, readouts, sim.AllToAllConnector(), sim.EPropSynapse(weight=weight))
    signal = sim.Projection(readouts, one + other, sim.AllToAllConnector(),
                            sim.LearningSignal(symmetric=True), receptor_type="learning_signal")
    for _ in range(2):
        np.testing.assert_array_equal(signal.get("weight", format="array"),
                                      np.tile([0.5, 0.5, 0.25, 0.25], (3, 1)))
        sim.run(5.0)


def test_projections_of_a_network_that_has_ended_keep_their_delays_and_are_not_set():
    sim.setup(timestep=0.5)
    cells = sim.Population(2, sim.EPropLIF())
    projection = sim.Projection(cells, cells, sim.AllToAllConnector(),
                                sim.StaticSynapse(weight=0.1, delay=2.0))
    sim.setup(timestep=1.0)
    assert projection.get("delay", format="list", with_address=False) == [2.0] * 4
    for changes in ({"delay": 3.0}, {"weight": 0.7}):
        with pytest.raises(SimulationError, match=r"a network that a later setup\(\) has ended"):
            projection.set(**changes)


def cleared_and_reset():
    """Cells whose v was recorded for 5 ms, cleared, for 4 ms, and for 3 ms after a reset."""
    sim.setup(timestep=1.0)
    cells = sim.Population(1, sim.EPropLIF())
    cells.record("v")
    sim.run(5.0)
    cells.get_data(clear=True)
    sim.run(4.0)
    sim.reset()
    sim.run(3.0)
    return cells


def test_what_comes_after_a_clear_stays_at_a_reset():
    found = [segment.analogsignals[0] for segment in cleared_and_reset().get_data().segments]
    assert [each.shape[0] for each in found] == [5, 4]
    assert float(found[0].t_start.rescale("ms")) == 5.0


def test_nothing_new_since_a_clear_gives_no_segment():
    cells = cleared_and_reset()
    cells.get_data(clear=True)
    sim.reset()
    sim.run(2.0)
    assert [segment.analogsignals[0].shape[0] for segment in cells.get_data().segments] == [3]

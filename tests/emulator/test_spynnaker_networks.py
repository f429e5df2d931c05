"""sPyNNaker, unmodified, on emulated boards: learning, sources, delays, resets, live spikes.

sPyNNaker's state is one a process, so each test sets it up and ends it.
"""

import math
import threading
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator import Board


@pytest.fixture(scope="module")
def small() -> Iterator[Board]:
    """A board of four chips, for one test after the other."""
    with Board(chips=4) as board:
        yield board


@pytest.fixture(scope="module")
def large() -> Iterator[Board]:
    """A board of 48 chips."""
    with Board(chips=48, threads=2) as board:
        yield board


def times(population: object) -> list[float]:
    """Spike times of a population's first cell, in the last segment."""
    train = population.get_data("spikes").segments[-1].spiketrains[0]  # type: ignore[attr-defined]
    return train.magnitude.tolist()


def test_official_synfire_chain(small: Board) -> None:
    """The example of the sPyNNaker authors; their own tests assert 263 spikes."""
    import pyNN.spiNNaker as sim

    sim.setup(timestep=1.0, min_delay=1.0)
    sim.set_number_of_neurons_per_core(sim.IF_curr_exp, 100)
    cell = sim.IF_curr_exp(cm=0.25, i_offset=0.0, tau_m=20.0, tau_refrac=2.0, tau_syn_E=5.0,
                           tau_syn_I=5.0, v_reset=-70.0, v_rest=-65.0, v_thresh=-50.0)
    chain = sim.Population(200, cell, label="chain")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[[0]]), label="source")
    loop = [(i, (i + 1) % 200, 2.0, 17) for i in range(200)]
    sim.Projection(chain, chain, sim.FromListConnector(loop),
                   sim.StaticSynapse(weight=2.0, delay=17))
    sim.Projection(source, chain, sim.FromListConnector([(0, 0)]),
                   sim.StaticSynapse(weight=2.0, delay=1))
    chain.record("spikes")
    sim.run(5000)
    trains = chain.get_data("spikes").segments[0].spiketrains
    assert sum(len(train) for train in trains) == 263
    sim.end()


PRE, DRIVE = (10.0, 40.0, 80.0, 120.0, 160.0), (20.0, 55.0, 75.0, 130.0)
A, TAU, START = 0.02, 20.0, 0.5


def pair_rule(pre: list[float], post: list[float]) -> float:
    """Weight after pairs of all spikes (additive rule).

    Spikes of the cell reach the synapse after its delay of one step; at equal times the input
    comes first.
    """
    weight = START
    seen, fired = 0.0, 0.0
    last_pre = last_post = -math.inf
    events = [(time, 0) for time in pre] + [(time + 1.0, 1) for time in post]
    for time, is_post in sorted(events):
        if is_post:
            weight += A * seen * math.exp((last_pre - time) / TAU)
            fired, last_post = 1.0 + fired * math.exp((last_post - time) / TAU), time
        else:
            weight -= A * fired * math.exp((last_post - time) / TAU)
            seen, last_pre = 1.0 + seen * math.exp((last_pre - time) / TAU), time
    return weight


def test_learning_sources_and_long_delays(small: Board) -> None:
    import pyNN.spiNNaker as sim

    sim.setup(timestep=1.0)
    pre = sim.Population(1, sim.SpikeSourceArray(spike_times=PRE))
    drive = sim.Population(1, sim.SpikeSourceArray(spike_times=DRIVE))
    post = sim.Population(1, sim.IF_curr_exp(), label="post")
    near = sim.Population(1, sim.IF_curr_exp(), label="near")
    far = sim.Population(1, sim.IF_curr_exp(), label="far")
    noise = sim.Population(50, sim.SpikeSourcePoisson(rate=40.0), label="noise",
                           additional_parameters={"seed": 7})
    # beyond 16 steps the delay needs a core of its own
    for target, delay in ((post, 1.0), (near, 1.0), (far, 61.0)):
        sim.Projection(drive, target, sim.OneToOneConnector(),
                       sim.StaticSynapse(weight=14.0, delay=delay))
    stdp = sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(tau_plus=TAU, tau_minus=TAU, A_plus=A, A_minus=A),
        weight_dependence=sim.AdditiveWeightDependence(w_min=0.0, w_max=1.0), weight=START,
        delay=1.0)
    plastic = sim.Projection(pre, post, sim.OneToOneConnector(), synapse_type=stdp)
    for population in (post, near, far, noise):
        population.record("spikes")
    sim.run(300)
    spikes, soon, late = times(post), times(near), times(far)
    weight = plastic.get("weight", "list", with_address=False)[0]
    trains = noise.get_data("spikes").segments[0].spiketrains
    sim.end()
    assert len(spikes) >= 4
    # the weight is held in steps of 2^-10, each change is rounded down to one
    assert weight == pytest.approx(pair_rule(list(PRE), spikes), abs=3 * 2**-10)
    assert late == [time + 60.0 for time in soon]
    # 600 spikes expected; four standard deviations of a Poisson number
    assert abs(sum(len(train) for train in trains) - 600) < 4 * math.sqrt(600)
    assert len({tuple(train.magnitude) for train in trains}) > 45


def test_spikes_that_a_fast_source_counts_in_one_packet(small: Board) -> None:
    """A Poisson source that fires several times in a step sends how often, as a payload.

    What arrives at a cell without threshold shows in its v, which is d v + 20 (1 - d) times it.
    """
    import pyNN.spiNNaker as sim

    steps, tau = 40, 20.0
    sim.setup(timestep=1.0)
    source = sim.Population(1, sim.SpikeSourcePoisson(rate=5000.0),
                            additional_parameters={"seed": 3})
    cell = sim.Population(1, sim.IF_curr_delta(tau_m=tau, v_thresh=1e4, v_rest=0.0, v_reset=0.0),
                          initial_values={"v": 0.0})
    silent = sim.Population(1, sim.SpikeSourceArray(spike_times=[]))
    for pre, weight in ((source, 1.0), (silent, 20.0)):     # there is room for what arrives at most
        sim.Projection(pre, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight, delay=1.0))
    source.record("spikes")
    cell.record("v")
    sim.run(steps)
    fired = np.bincount(np.array(times(source), dtype=int), minlength=steps)
    v = cell.get_data("v").segments[0].analogsignals[0].magnitude[:, 0]
    sim.end()
    d = math.exp(-1 / tau)
    arrived = (v[1:] - d * v[:-1]) / (tau * (1 - d))
    assert fired.max() > 3
    np.testing.assert_allclose(arrived[1:], fired[:-2], atol=0.01)  # a step after they were sent


def test_runs_and_resets(small: Board) -> None:
    import pyNN.spiNNaker as sim

    sim.setup(timestep=1.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 60.0]))
    cell = sim.Population(1, sim.IF_curr_exp(), label="cell")
    sim.Projection(source, cell, sim.OneToOneConnector(),
                   sim.StaticSynapse(weight=14.0, delay=1.0))
    cell.record(["spikes", "v"])
    sim.run(50)
    first = times(cell)
    sim.run(50)
    both = times(cell)
    sim.reset()
    sim.run(50)
    segments = cell.get_data().segments
    sim.end()
    assert first == [7.0, 11.0]
    assert both == [7.0, 11.0, 62.0, 66.0]
    assert segments[-1].spiketrains[0].magnitude.tolist() == first
    assert [len(segment.analogsignals[0]) for segment in segments] == [100, 50]
    assert np.array_equal(segments[0].analogsignals[0].magnitude[:50],
                          segments[1].analogsignals[0].magnitude)


def test_a_chain_over_several_chips(large: Board) -> None:
    """A spike goes from cell to cell, over the links between chips, one hop every three steps."""
    import pyNN.spiNNaker as sim

    cells, delay = 100, 2
    sim.setup(timestep=1.0)
    sim.set_number_of_neurons_per_core(sim.IF_curr_exp, 2)
    chain = sim.Population(cells, sim.IF_curr_exp(tau_refrac=20.0), label="chain")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0]))
    sim.Projection(source, chain, sim.FromListConnector([(0, 0)]),
                   sim.StaticSynapse(weight=40.0, delay=1))
    sim.Projection(chain, chain, sim.FromListConnector([(i, i + 1) for i in range(cells - 1)]),
                   sim.StaticSynapse(weight=40.0, delay=delay))
    chain.record("spikes")
    sim.run(260)
    trains = chain.get_data("spikes").segments[0].spiketrains
    used = {(core.x, core.y) for core in large.status().cores}
    sim.end()
    assert len(used) >= 3
    assert [train.magnitude.tolist() for train in trains] == [
        [1.0 + index * delay] for index in range(cells)]


def test_live_spikes_in_and_out(small: Board) -> None:
    import pyNN.spiNNaker as sim

    received: list[tuple[int, list[int]]] = []
    came = threading.Event()

    def start(label: str, connection: object) -> None:
        connection.send_spike(label, 3)  # type: ignore[attr-defined]

    def receive(label: str, time: int, ids: list[int]) -> None:
        received.append((time, list(ids)))
        came.set()

    connections = sim.external_devices.SpynnakerLiveSpikesConnection(
        receive_labels=["cells"], local_port=None, send_labels=["injector"])
    connections.add_start_resume_callback("injector", start)
    connections.add_receive_callback("cells", receive)
    sim.setup(timestep=1.0)
    injector = sim.Population(
        5, sim.external_devices.SpikeInjector(database_notify_port_num=connections.local_port),
        label="injector")
    cells = sim.Population(5, sim.IF_curr_exp(tau_refrac=50.0), label="cells")
    sim.Projection(injector, cells, sim.OneToOneConnector(),
                   sim.StaticSynapse(weight=30.0, delay=1.0))
    sim.external_devices.activate_live_output_for(
        cells, database_notify_port_num=connections.local_port)
    cells.record("spikes")
    sim.run(1500)
    trains = cells.get_data("spikes").segments[0].spiketrains
    came.wait(5)
    sim.end()
    connections.close()
    assert [len(train) for train in trains] == [0, 0, 0, 1, 0]
    assert [ids for _, ids in received] == [[3]]
    assert received[0][0] == trains[3].magnitude[0]

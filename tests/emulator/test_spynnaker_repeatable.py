"""A script gives the same bits again, whatever the number of host threads."""

import hashlib

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator import Board


def run_network(threads: int) -> tuple[str, int, int]:
    """A noisy recurrent network over several chips: digest of its data, spikes, chips used."""
    with Board(chips=4, threads=threads) as board:
        import pyNN.spiNNaker as sim

        sim.setup(timestep=1.0)
        sim.set_number_of_neurons_per_core(sim.IF_curr_exp, 8)
        cells = sim.Population(160, sim.IF_curr_exp(), label="cells")
        noise = sim.Population(160, sim.SpikeSourcePoisson(rate=200.0), label="noise",
                               additional_parameters={"seed": 3})
        sim.Projection(noise, cells, sim.OneToOneConnector(),
                       sim.StaticSynapse(weight=3.0, delay=1.0))
        pairs = [(i, (7 * i + 13 * j) % 160) for i in range(160) for j in range(8)]
        sim.Projection(cells, cells, sim.FromListConnector(pairs),
                       sim.StaticSynapse(weight=0.4, delay=2.0))
        cells.record(["spikes", "v"])
        sim.run(200)
        segment = cells.get_data().segments[0]
        used = len({(core.x, core.y) for core in board.status().cores})
        sim.end()
    digest = hashlib.sha256(segment.analogsignals[0].magnitude.tobytes())
    spikes = 0
    for train in segment.spiketrains:
        digest.update(train.magnitude.tobytes())
        spikes += len(train)
    return digest.hexdigest(), spikes, used


def test_three_runs_with_one_and_two_threads() -> None:
    results = [run_network(threads) for threads in (1, 2, 2)]
    assert results[0][1] > 500
    assert results[0][2] >= 2
    assert results[1:] == results[:1] * 2

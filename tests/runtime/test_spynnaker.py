"""The test application on the own runtime, under unmodified sPyNNaker on an emulated board."""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator import Board
from tests.runtime.builds import build
from tests.runtime.exerciser import Failure, Kind


def received(vertex: object) -> list[tuple[int, int]]:
    """Kind of packet and payload, in the order in which they came."""
    events = vertex.events()  # type: ignore[attr-defined]
    return [(int(event["kind"]), int(event["second"])) for event in events
            if event["kind"] in (Kind.KEY, Kind.PAYLOAD)]


def test_run_run_reset_run_with_packets_recording_and_provenance() -> None:
    """Two cores send each other packets; what one sends in a step, the other has at the next."""
    with Board(chips=4, every_access=True, programs=[build() / "exerciser.elf"]) as board:
        import pyNN.spiNNaker as sim
        from pacman.model.graphs.application import ApplicationEdge
        from spinn_front_end_common.data import FecDataView
        from spinn_utilities.config_holder import set_config

        from tests.runtime.vertex import PARTITION, Exerciser

        sim.setup(timestep=1.0)
        set_config("Reports", "read_placements_provenance_data", "True")
        FecDataView.register_binary_search_path(str(build()))
        first, second = Exerciser("first"), Exerciser("second", packets_priority=0)
        for vertex in (first, second):
            FecDataView.add_vertex(vertex)
        FecDataView.add_edge(ApplicationEdge(first, second), PARTITION)
        FecDataView.add_edge(ApplicationEdge(second, first), PARTITION)
        cores = [vertex.machine_vertex for vertex in (first, second)]

        sim.run(20)
        for core in cores:
            assert core.steps()["time"].tolist() == list(range(20))
            assert core.provenance["runs"] == 1
        sim.run(30)
        packets = [(int(kind), step if kind is Kind.PAYLOAD else 0)
                   for step in range(50) for kind in (Kind.KEY, Kind.PAYLOAD)]
        for core in cores:
            steps = core.steps()
            assert steps["time"].tolist() == list(range(50))
            assert steps["transfers"].tolist() == list(range(50))
            assert received(core) == packets
            assert steps["row_sum"].tolist() == cores[0].steps()["row_sum"].tolist()
            assert core.provenance == {"packets": 50, "payloads": 50, "transfers": 50, "runs": 2,
                                       "events lost": 0}
        before = cores[0].steps()["packets"].copy()
        sim.reset()
        sim.run(50)
        for core in cores:
            assert core.steps()["time"].tolist() == list(range(50))
            # the other core may be ahead by its first packets when this one starts to count
            assert np.abs(core.steps()["packets"].astype(int) - before).max() <= 1
        sim.end()
        assert board.faults() == []


def test_a_core_that_fails_ends_the_run_with_its_message(
        caplog: pytest.LogCaptureFixture) -> None:
    with Board(chips=4):
        import pyNN.spiNNaker as sim
        from pacman.model.graphs.application import ApplicationEdge
        from spinn_front_end_common.data import FecDataView
        from spinnman.exceptions import SpinnmanException

        from tests.runtime.vertex import PARTITION, Exerciser

        sim.setup(timestep=1.0)
        FecDataView.register_binary_search_path(str(build()))
        vertex = Exerciser("fails", failure=Failure.CODE, failure_step=7)
        FecDataView.add_vertex(vertex)
        FecDataView.add_edge(ApplicationEdge(vertex, vertex), PARTITION)
        with pytest.raises(SpinnmanException):
            sim.run(20)
    assert "RUN_TIME_EXCEPTION:SWERR" in caplog.text
    assert "failure 1 at step 7, as asked" in caplog.text

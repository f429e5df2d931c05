"""Unmodified sPyNNaker on several emulated boards at once, and sPyNNaker processes that are killed.

A cell that one input takes over its threshold fires when the input arrives: a spike comes out of a
chain of such cells at its own time and the sum of the delays.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.configuration import CFG_NAME, configuration
from pynn_eprop.emulator.layout import CpuState

WEIGHT, REFRACTORY = 40.0, 20.0
TIMES = [[5.0 + 3 * index, 60.0] for index in range(4)]
DELAYS = (2.0, 3.0, 4.0, 20.0)


def test_a_network_over_three_boards() -> None:
    """Round all boards and on to the second; the last delay needs a core of its own."""
    with Board(chips=48, boards=3, threads=2, real_time=False) as board:
        import pyNN.spiNNaker as sim

        boards = list(board.addresses)
        sim.setup(timestep=1.0)
        populations = [sim.Population(4, sim.SpikeSourceArray(spike_times=TIMES))]
        populations[0].add_placement_constraint(*boards[0])
        for place, delay in zip((1, 2, 0, 1), DELAYS, strict=True):
            cells = sim.Population(4, sim.IF_curr_exp(tau_refrac=REFRACTORY))
            cells.add_placement_constraint(*boards[place])
            cells.record("spikes")
            sim.Projection(populations[-1], cells, sim.OneToOneConnector(),
                           sim.StaticSynapse(weight=WEIGHT, delay=delay))
            populations.append(cells)
        sim.run(120)
        trains = [[train.magnitude.tolist()
                   for train in cells.get_data("spikes").segments[0].spiketrains]
                  for cells in populations[1:]]
        used = {(core.x, core.y) for core in board.status().cores}
        sim.end()
        assert board.faults() == []
    assert len(boards) == 3
    assert used >= set(boards)
    assert trains == [[[one + delay for one in times] for times in TIMES]
                      for delay in accumulate(DELAYS)]


SCRIPT = f"""
import pyNN.spiNNaker as sim
sim.setup(timestep=1.0)
source = sim.Population(4, sim.SpikeSourceArray(spike_times={TIMES}))
cells = sim.Population(4, sim.IF_curr_exp(tau_refrac={REFRACTORY}))
sim.Projection(source, cells, sim.OneToOneConnector(),
               sim.StaticSynapse(weight={WEIGHT}, delay={DELAYS[0]}))
cells.record("spikes")
sim.run(DURATION)
trains = cells.get_data("spikes").segments[0].spiketrains
print("TRAINS", [train.magnitude.tolist() for train in trains])
sim.end()
"""


def begin(folder: Path, board: Board, milliseconds: int) -> subprocess.Popen[str]:
    """sPyNNaker in a process of its own."""
    folder.mkdir()
    (folder / CFG_NAME).write_text(configuration(board.address, board.geometry.version, folder))
    (folder / "script.py").write_text(SCRIPT.replace("DURATION", str(milliseconds)))
    return subprocess.Popen(
        [sys.executable, "script.py"], cwd=folder, env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """SIGKILL at a moment that the board sees; the process must not have ended by itself."""
    deadline = time.monotonic() + 120
    while not reached():
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_processes_killed_while_they_load_and_run(tmp_path: Path) -> None:
    board = Board(chips=4)
    board.start()

    def loaded() -> bool:
        with board.server.lock:
            return any(True for _ in board.machine.active())

    def running() -> bool:
        with board.server.lock:
            return any(monitor.chip.state(core) is CpuState.RUNNING
                       and monitor.chip.status(core).ticks > 20
                       for monitor, core in board.machine.active())

    try:
        kill_when(begin(tmp_path / "loading", board, 100), loaded)
        kill_when(begin(tmp_path / "running", board, 5000), running)
        output, _ = begin(tmp_path / "last", board, 100).communicate(timeout=120)
    finally:
        board.close()
    expected = [[one + DELAYS[0] for one in times] for times in TIMES]
    assert f"TRAINS {expected}" in output, output

"""Cores that give up, crash or hang, and boards that go away: the error, and what is left."""

import csv
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import Adam, errors
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.configuration import configured
from pynn_eprop.emulator.layout import CpuState
from pynn_eprop.spinnaker.board import waiting
from pynn_eprop.spinnaker.placement import plan as planning
from pynn_eprop.spinnaker.placement import update_time
from pynn_eprop.spinnaker.placement.update_time import MINIMUM_PAUSE
from pynn_eprop.spinnaker.running import learned_memory, stretches
from tests.boards import board_process, own_address
from tests.spinnaker.board.breaking import DATA_ABORT, FOR_EVER, UNDEFINED, break_program

T = 50.0
WEIGHT = 0.03125     # which the cores' format holds
QUIET = np.arange(1.0, 5 * T, 10.0).tolist()
BURST = sorted({*QUIET, *np.arange(2 * T, 3 * T).tolist()})   # the third interval is full of spikes
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")      # saturations, late spikes


def build(module: Any, spikes: list[float] = QUIET, **setup: Any) -> dict[str, Any]:
    """60 cells, on two cores, that learn from 30 inputs and two readouts."""
    module.setup(timestep=1.0, update_interval=T, seed=1, **setup)
    source = module.Population(30, module.SpikeSourceArray(spike_times=[spikes] * 30),
                               label="source")
    network = module.Population(60, module.EPropLIF(v_thresh=0.4), label="network")
    readout = module.Population(2, module.EPropReadout(
        target=np.sin(np.arange(T))[np.newaxis] * np.ones((2, 1))), label="readout")
    adam, everyone = Adam(lr=0.01), module.AllToAllConnector()
    learned = module.Projection(source, network, everyone,
                                module.EPropSynapse(weight=WEIGHT, optimizer=adam), label="in")
    module.Projection(network, readout, everyone,
                      module.EPropSynapse(weight=0.03, optimizer=adam), label="out")
    module.Projection(readout, network, everyone, module.LearningSignal(weight=0.5),
                      receptor_type="learning_signal", label="signal")
    network.record("v")
    readout.record("loss")
    return {"network": network, "readout": readout, "in": learned}


def data(population: Any, name: str) -> np.ndarray:
    return np.asarray(population.get_data(name).segments[0].analogsignals[0].magnitude)


def weights(projection: Any) -> np.ndarray:
    return projection.get("weight", format="array")


def counters(folder: Path) -> dict[str, dict[str, str]]:
    with open(folder / "counters.csv", newline="") as file:
        return {row["cells"]: row for row in csv.DictReader(file)}


def assert_left(made: dict[str, Any], updates: int) -> None:
    """Recordings and weights are those of the host after so many updates."""
    expected = build(host, precision="fixed")
    host.run(updates * T)
    np.testing.assert_array_equal(data(made["network"], "v"), data(expected["network"], "v"))
    np.testing.assert_array_equal(data(made["readout"], "loss"), data(expected["readout"], "loss"))
    found = weights(made["in"])
    np.testing.assert_array_equal(found, weights(expected["in"]))
    assert np.all(found != WEIGHT)


@pytest.mark.parametrize(("what", "reason"), [
    pytest.param("pause", "the pause after an interval was too short for the update: it took ",
                 id="pause"),
    pytest.param("log", r"the spikes that a core keeps did not fit its log: \d+ spikes, and room ",
                 id="log"),
])
def test_cores_that_give_up(board, monkeypatch, what, reason):
    if what == "pause":
        monkeypatch.setattr(update_time, "backward_us", lambda *arguments: 0.0)
        monkeypatch.setattr(update_time, "optimizer_us", lambda *arguments: 0.0)
    else:
        monkeypatch.setattr(planning, "_LEAST_LOG", 500)
    made = build(sim, BURST, max_rate=0.01)
    listener = sim.Population(60, sim.IF_curr_exp(), label="native")
    sim.Projection(made["network"], listener, sim.OneToOneConnector(),
                   sim.StaticSynapse(weight=1.0))
    listener.record("v")
    sim.set_learning(False)
    sim.run(T)
    sim.set_learning(True)
    with pytest.raises(errors.MachineError) as caught:
        sim.run(4 * T)
    lines = str(caught.value).splitlines()
    assert lines[0] == "the run from 50 to 250 ms failed:"
    failed = [line for line in lines if line.startswith("network[")]
    assert failed
    for line in failed:
        assert re.match(
            rf"network\[\d+:\d+\] on core 0,0,\d+, in interval 2: {reason}", line), line
    folder = caught.value.folder
    assert f"is in {folder}." in lines[-2]
    assert lines[-1] == "What was recorded up to 50 ms can still be read, and so can the weights " \
        "after update 0."
    # what the core printed, as the core's own sentence has it: also in the message
    x, y, p = failed[0].split(" on core ")[1].split(", in")[0].split(",")
    printed = (folder / f"iobuf_{x}_{y}_{p}.txt").read_text()
    assert "[ERROR] (core.c: " in printed
    assert f"  it printed: {printed.strip().splitlines()[-1]}" in lines
    assert failed[0] in (folder / "report.txt").read_text()
    assert "readout[0:2] on core" in (folder / "report.txt").read_text()
    # counters of all cores of ours, of those that gave up as of that moment
    counted = counters(folder)
    assert len(counted) == 3
    row = counted[failed[0].split(" on core")[0]]
    assert (row["state"], row["counted_until"]) == ("RUN_TIME_EXCEPTION", "the failure")
    if what == "pause":     # which begins 3 steps before the update
        took, given = int(row["longest_update"]) + 3000, int(row["given_update"])
        assert f"it took {took} us, and {given} us were given" in failed[0]
    # earlier data, of sPyNNaker's cells, too
    assert data(made["network"], "v").shape == (51, 60)
    assert data(made["readout"], "loss").shape == (1, 1)
    assert data(listener, "v").shape == (50, 60)
    assert np.all(weights(made["in"]) == WEIGHT)
    sim.end()


def test_cores_that_give_up_count_real_time(board, monkeypatch):
    """A step of 1 ms lasts for 500 us then; the pause begins 3 steps before the update."""
    for name in ("backward_us", "optimizer_us"):
        monkeypatch.setattr(update_time, name, lambda *arguments: 0.0)
    build(sim, time_scale_factor=0.5)
    with pytest.raises(errors.MachineError) as caught:
        sim.run(T)
    told = [re.search(r"^(network\[.*) on core .* it took (\d+) us, and (\d+) us were given", line)
            for line in str(caught.value).splitlines()]
    counted = counters(caught.value.folder)
    found = [(counted[each[1]], int(each[2]), int(each[3])) for each in told if each]
    assert found
    for row, took, given in found:
        assert took == int(row["longest_update"]) + 3 * 500
        assert given == int(row["given_update"]) == 500 * MINIMUM_PAUSE


def test_a_run_fails_in_its_third_stretch_and_a_checkpoint_has_the_second(
        board, monkeypatch, tmp_path):
    monkeypatch.setattr(stretches, "STRETCH_MS", T)
    kept = tmp_path / "kept.npz"
    with monkeypatch.context() as small:
        small.setattr(planning, "_LEAST_LOG", 500)
        made = build(sim, BURST, max_rate=0.01, checkpoint=kept)
        with pytest.raises(errors.MachineError, match=r"(?s)from 100 to 150 ms failed.*did not fit "
                           r"its log.*weights after update 2\."):
            sim.run(4 * T)
    assert (sim.get_current_time(), sim.num_updates()) == (2 * T, 2)
    assert_left(made, 2)
    with pytest.raises(errors.MachineError, match=r"failed in an earlier run; call setup\(\)"):
        sim.run(T)
    # a new network on the same board, with room for the spikes, goes on to the end
    whole = build(sim, BURST)
    sim.run(4 * T)
    expected = weights(whole["in"]), data(whole["network"], "v")
    gone_on = build(sim, BURST)
    sim.load_checkpoint(kept)
    assert sim.num_updates() == 2
    sim.run_until(4 * T)
    np.testing.assert_array_equal(weights(gone_on["in"]), expected[0])
    np.testing.assert_array_equal(data(gone_on["network"], "v"), expected[1])
    sim.end()


@pytest.mark.parametrize(("instructions", "meaning", "code"), [
    (UNDEFINED, "undefined instruction", "UNDEF"), (DATA_ABORT, "data abort", "DABT")])
def test_cores_that_crash(board, monkeypatch, tmp_path, instructions, meaning, code):
    """They filter when they learn: a first run without learning is good."""
    break_program(tmp_path, "population_filter", instructions, monkeypatch)
    reports = tmp_path / "reports"
    made = build(sim, failure_folder=reports)
    sim.set_learning(False)
    sim.run(T)
    sim.set_learning(True)
    with pytest.raises(errors.MachineError, match=rf"network\[0:\d+\] on core 0,0,\d+: run-time "
                       rf"exception, {meaning} \(near 0x\d+") as caught:
        sim.run(T)
    assert caught.value.folder == reports
    report = (reports / "report.txt").read_text()
    assert f"in state RUN_TIME_EXCEPTION:{code}" in report and "LR=" in report
    assert report.endswith(f"\n\n{sim.describe()}\n")
    assert "An error has occurred during simulation" in (reports / "spynnaker.log").read_text()
    counted = counters(reports)
    assert counted["network[0:40]"]["counted_until"] == "the last stop"
    assert counted["readout[0:2]"]["counted_until"] == "the failure"
    assert data(made["network"], "v").shape == (51, 60)
    sim.end()


def test_a_core_that_crashes_starves_others_of_its_chip():
    """It takes no packet, and a router that waits in vain drops it for all that it is for."""
    conditions = Conditions(congestion=True, crash_cores=((0, 0, 4),), crash_tick=90)
    with Board(chips=4, real_time=False, quantum=400, conditions=conditions) as board:
        made = build(sim, neurons_per_core=15)
        sim.run(T)
        assert board.faults() == []
        with pytest.raises(errors.MachineError) as caught:
            sim.run(2 * T)
        lines = str(caught.value).splitlines()
        assert re.match(r"network\[30:45\] on core 0,0,4: run-time exception, undefined "
                        r"instruction \(near 0x\d+", lines[1])
        dropped = re.match(r"the router of chip 0,0 dropped (\d+) packets in this run: a core that "
                           "has stopped takes none", lines[-3])
        assert dropped is not None and int(dropped[1]) > 50
        assert {fault.core for fault in board.faults()} == {4}
        assert_left(made, 1)
        sim.end()


def test_the_core_that_crashed_is_named_before_those_that_gave_up(monkeypatch):
    monkeypatch.setattr(planning, "_LEAST_LOG", 500)
    conditions = Conditions(crash_cores=((0, 0, 3),), crash_tick=int(2.5 * T))
    with Board(chips=4, real_time=False, conditions=conditions):
        build(sim, BURST, max_rate=0.01)
        with pytest.raises(errors.MachineError) as caught:
            sim.run(5 * T)
        sim.end()
    crashed, gave_up = [line for line in str(caught.value).splitlines()
                        if line.startswith("network[")]
    assert "core 0,0,3: run-time exception, undefined instruction" in crashed
    assert "core 0,0,2, in interval 2: the spikes that a core keeps did not fit its log" in gave_up


def test_a_core_that_hangs_is_not_waited_for_for_ever(board, monkeypatch, tmp_path):
    monkeypatch.setattr(waiting, "PATIENCE_MS", 100.0)
    break_program(tmp_path, "population_filter", FOR_EVER, monkeypatch)
    made = build(sim)
    with pytest.raises(errors.MachineError, match=r"network\[0:40\] on core 0,0,\d: it did not end "
                       r"the run and is in state RUNNING"):
        sim.run(T)
    assert np.all(weights(made["in"]) == WEIGHT)
    sim.end()


def test_a_core_that_the_watchdog_stopped(board):
    made = build(sim)
    sim.run(2 * T)
    stop_a_core(board)
    with pytest.raises(errors.MachineError, match=r"it hung, and the watchdog stopped it"):
        sim.run(T)
    assert_left(made, 2)
    sim.end()


def test_weights_are_older_where_copying_them_takes_too_long(board, monkeypatch):
    made = build(sim)
    sim.run(T)
    monkeypatch.setattr(learned_memory, "CHEAP_SECONDS", -1.0)
    monkeypatch.setattr(learned_memory, "SHARE", 0.0)
    sim.run(T)
    stop_a_core(board)
    with pytest.raises(errors.MachineError, match=r"up to 100 ms can still be read; of the weights,"
                       r" those after update 1 \(at 50 ms\)\."):
        sim.run(T)
    assert data(made["network"], "v").shape == (101, 60)
    with pytest.raises(errors.SimulationError, match="was lost when the machine failed"):
        sim.save_checkpoint("nowhere.npz")
    expected = build(host, precision="fixed")
    host.run(T)
    np.testing.assert_array_equal(weights(made["in"]), weights(expected["in"]))
    sim.end()


def test_weights_are_those_of_the_beginning_where_nothing_could_be_copied(board, monkeypatch):
    """Reading gives up when its time is over, and what was set before the first run is known."""
    monkeypatch.setattr(learned_memory, "CHEAP_SECONDS", 0.0)
    monkeypatch.setattr(learned_memory, "SHARE", 0.0)
    made = build(sim)
    made["in"].set(weight=2 * WEIGHT)
    sim.run(T)
    stop_a_core(board)
    with pytest.raises(errors.MachineError, match=r"up to 50 ms can still be read; of the weights,"
                       r" those after update 0 \(at 0 ms\)\."):
        sim.run(T)
    assert np.all(weights(made["in"]) == 2 * WEIGHT)
    sim.end()


def stop_a_core(board: Board) -> None:
    core = next(core for core in board.status().cores if core.application == "eprop_neuron")
    with board.server.lock:
        board.machine.monitors[core.x, core.y].chip.set_state(core.core, CpuState.WATCHDOG)


@pytest.fixture
def left_alone() -> Iterator[dict[str, Any]]:
    """A network that has run for two intervals, and whose board is gone."""
    with board_process("--fast", "--address", own_address()) as board, \
            configured(board.address, 3, waits=False):
        made = build(sim)
        sim.run(2 * T)
        board.process.kill()
        board.process.wait()
        yield made


def test_a_board_that_goes_away(left_alone):
    with pytest.raises(errors.MachineError, match=r"(?s)the machine does not answer any more "
                       r"\(SpinnmanIOException.*A report is in .*weights after update 2\."):
        sim.run(T)
    assert_left(left_alone, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.end()


def test_a_board_that_goes_away_between_runs(left_alone):
    assert_left(left_alone, 2)
    with pytest.raises(errors.MachineError, match=r"after the run to 100 ms:\nthe machine"):
        left_alone["in"].set(weight=0.1)
    sim.end()


def test_a_board_that_is_not_there():
    address = own_address()
    with configured(address, 3, waits=False):
        made = build(sim)
        with pytest.raises(errors.MachineError, match=r"(?s)to 50 ms failed:\nsPyNNaker got no "
                           rf"machine \(.*machine_name = {re.escape(address)}, version = 3$"
                           ) as caught:
            sim.run(T)
        assert caught.value.folder is None
        assert np.all(weights(made["in"]) == WEIGHT)


def test_the_folder_of_a_board_stays_if_the_message_names_it():
    with pytest.raises(errors.MachineError) as caught, \
            Board(chips=4, real_time=False) as board:
        build(sim)
        sim.run(T)
        stop_a_core(board)
        sim.run(T)
    assert (caught.value.folder / "report.txt").exists()
    assert board.home in caught.value.folder.parents

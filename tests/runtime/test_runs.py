"""Runs of an application on the own runtime: data, time, pause, resume, recording, provenance.

Expected values are computed here from what the application does (``exerciser.c``), or are those of
SpiNNFrontEndCommon's protocol (states, order of records, six common words of provenance).
"""

import numpy as np
import pytest

from pynn_eprop.emulator.layout import CpuState, Signal
from tests.runtime.conftest import MakeRig
from tests.runtime.exerciser import (
    APPLICATION,
    CONTROL_PORT,
    ROW_WORDS,
    STEP,
    Command,
    Failure,
    Kind,
    Rig,
)


def mix(values: np.ndarray) -> int:
    """The application's sum of words, which depends on their order."""
    total = 0
    for value in values:
        total = (31 * total + int(value)) % 2**32
    return total


def row_sums(steps: int) -> list[int]:
    """Sums of the rows that the application reads, one a step; to each it adds the next step."""
    rows = np.random.default_rng(5).integers(0, 2**32, (8, ROW_WORDS), dtype=np.uint32)
    sums = []
    for step in range(steps):
        sums.append(mix(rows[step % 8]))
        rows[step % 8] += np.uint32(step + 1)
    return sums


def test_every_step_is_recorded_with_what_happened_before_it(rig: Rig) -> None:
    rig.run_to_end(20)
    steps = rig.steps()
    assert steps["time"].tolist() == list(range(20))
    for name in ("transfers", "user_events", "scheduled"):
        assert steps[name].tolist() == list(range(20))
    assert steps["row_sum"].tolist() == [0, *row_sums(19)]
    assert rig.lost() == (False, False)
    assert rig.machine.new_faults() == []


def test_rows_come_back_to_sdram(rig: Rig) -> None:
    before = rig.rows().copy()
    rig.run_to_end(20)
    # row 0 is used in steps 0, 8 and 16, which add 1, 9 and 17
    assert (rig.rows()[0] - before[0]).tolist() == [27] * ROW_WORDS
    assert (rig.rows()[4] - before[4]).tolist() == [5 + 13] * ROW_WORDS


def test_events_of_a_step_come_by_priority(rig: Rig) -> None:
    rig.run_to_end(3)
    # transfers at 0, user events and the scheduled callback in the queue of 3, in this order
    assert rig.events()["kind"].tolist() == 3 * [Kind.ROW, Kind.USER, Kind.SCHEDULED]
    users = rig.events()[rig.events()["kind"] == Kind.USER]
    assert users["first"].tolist() == [0, 1, 2]
    assert users["second"].tolist() == [2**32 - 1, 2**32 - 2, 2**32 - 3]


def test_runs_go_on_where_they_stopped(rig: Rig) -> None:
    rig.run_to_end(10)
    first = rig.steps()
    rig.run_to_end(25, start=10)
    second = rig.steps()
    assert second["time"].tolist() == list(range(10, 25))
    assert np.concatenate([first, second])["row_sum"].tolist() == [0, *row_sums(24)]
    assert rig.provenance()[9] == 2


@pytest.mark.parametrize("late_ms", [0.0, 4.0, 12.0])
def test_a_copy_of_the_command_changes_nothing(rig: Rig, late_ms: float) -> None:
    """The network delivers it again: at once, in the run, or when the run is over."""
    rig.run_ms(0.5)
    first = rig.sequence + 1
    assert rig.ask(CONTROL_PORT, Command.RUN, (10, 0, 0), bytes(4)).code == 0x80
    if late_ms:
        rig.open_barrier()
        rig.run_ms(late_ms)
    rig.sequence = first - 1
    state = rig.state
    assert rig.ask(CONTROL_PORT, Command.RUN, (10, 0, 0), bytes(4)).code == 0x80
    assert rig.state is state
    if not late_ms:
        rig.open_barrier()
    rig.run_ms(12)
    assert rig.state is CpuState.READY
    assert rig.steps()["time"].tolist() == list(range(10))
    rig.run_to_end(25, start=10)
    assert rig.steps()["time"].tolist() == list(range(10, 25))
    assert rig.provenance()[9] == 2


def test_reset_starts_from_zero(rig: Rig) -> None:
    rig.run_to_end(10)
    first = rig.steps().copy()
    rig.run_to_end(10)
    assert rig.steps()["time"].tolist() == first["time"].tolist()
    assert rig.steps()["transfers"].tolist() == first["transfers"].tolist()


def test_the_core_waits_at_the_barrier(rig: Rig) -> None:
    rig.run_ms(0.5)
    assert rig.state is CpuState.PAUSED
    rig.ask(CONTROL_PORT, Command.RUN, (10, 0, 0), bytes(4))
    assert rig.state is CpuState.SYNC0
    rig.run_ms(5)
    assert rig.chip.status(1).ticks == 0
    rig.open_barrier()
    rig.run_ms(5.5)
    assert rig.state is CpuState.RUNNING
    assert rig.chip.status(1).ticks == 5


def test_the_start_signal_is_waited_for(make_rig: MakeRig) -> None:
    rig = make_rig({"started": False})
    rig.run_ms(5)
    assert (rig.state, rig.text) == (CpuState.READY, "")
    rig.start()
    rig.run_ms(0.5)
    assert rig.state is CpuState.PAUSED


def test_time_is_reported_and_an_endless_run_is_paused(rig: Rig) -> None:
    rig.run_ms(0.5)
    rig.ask(CONTROL_PORT, Command.RUN, (0, 1, 0), bytes(4))
    rig.open_barrier()
    rig.run_ms(7.2)
    assert rig.ask(CONTROL_PORT, Command.TELL_TIME).argument == 6  # the seventh step is step 6
    assert rig.ask(CONTROL_PORT, Command.PAUSE).code == 0x80
    rig.run_ms(2)
    assert rig.state is CpuState.READY
    assert rig.steps()["time"].tolist() == list(range(7))  # asked for before the tick of step 7


def test_cores_meet_in_a_run(rig: Rig) -> None:
    rig.start_run(10, meet_every=4)
    rig.run_ms(20)
    assert rig.state is CpuState.SYNC1  # waits in front of step 4
    rig.open_barrier()
    rig.run_ms(20)
    assert rig.state is CpuState.SYNC0
    rig.open_barrier()
    rig.run_ms(20)
    assert rig.state is CpuState.READY
    assert rig.steps()["time"].tolist() == list(range(10))


def test_end_with_provenance(rig: Rig) -> None:
    rig.run_to_end(6)
    rig.say(CONTROL_PORT, Command.PROVENANCE)
    rig.run_ms(1)
    assert rig.state is CpuState.FINISHED
    assert rig.provenance() == [0, 0, 0, 0, 0, 0, 0, 0, 6, 1, 0]


@pytest.mark.parametrize("by_signal", [False, True])
def test_a_core_that_has_ended_can_still_be_asked(rig: Rig, by_signal: bool) -> None:
    rig.run_ms(0.5)
    if by_signal:
        rig.monitor.signal(Signal.EXIT, APPLICATION, 0xFF)
    else:
        rig.say(CONTROL_PORT, Command.STOP)
    rig.run_ms(1)
    assert rig.state is CpuState.FINISHED
    for _ in range(20):  # more than there are buffers
        assert b"EPROP/SpiNNaker" in rig.ask(0, 0, data=b"").data
    assert rig.messages_in_use() == 0


def test_text_is_cleared(rig: Rig) -> None:
    rig.run_ms(0.5)
    assert "channels 3" in rig.text
    assert rig.ask(CONTROL_PORT, Command.CLEAR_TEXT, (0, 0, 1)).code == 0x80
    assert rig.text == ""


def test_a_command_that_there_is_not(rig: Rig) -> None:
    rig.run_ms(0.5)
    rig.say(CONTROL_PORT, 77)
    rig.run_ms(0.5)
    assert "the host's command 77 is unknown" in rig.text
    rig.run_to_end(2)


def test_a_full_channel_loses_whole_records_and_says_so(make_rig: MakeRig) -> None:
    rig = make_rig(space=(STEP.itemsize * 5 + 4, 100_000))
    rig.run_to_end(9)
    assert rig.steps()["time"].tolist() == list(range(5))
    assert rig.lost() == (True, False)
    assert rig.text.count("recording channel 0 is full") == 1


def test_a_channel_without_room_is_closed(make_rig: MakeRig) -> None:
    rig = make_rig(space=(STEP.itemsize * 20, 0))
    rig.run_to_end(9)
    assert "channels 1" in rig.text
    assert len(rig.steps()) == 9


def test_no_memory_for_recording(make_rig: MakeRig) -> None:
    rig = make_rig(space=(STEP.itemsize * 20, 1 << 28))
    rig.run_ms(2)
    assert rig.monitor.failures() == {1: "SOFTWARE_ERROR"}
    assert "recording channel 1: no 268435456 bytes of SDRAM" in rig.text


@pytest.mark.parametrize("magic, spoil, message", [
    (1, False, "the data is for application 0x00000001"),
    (None, True, "region 0: the sum of 4 words")])
def test_data_that_cannot_be_used(make_rig: MakeRig, magic: int | None, spoil: bool,
                                  message: str) -> None:
    rig = make_rig({"spoil": spoil} if magic is None else {"magic": magic})
    rig.run_ms(2)
    assert rig.monitor.failures() == {1: "SOFTWARE_ERROR"}
    assert message in rig.text


def test_a_late_step_is_counted_and_none_is_left_out(make_rig: MakeRig) -> None:
    rig = make_rig(failure=Failure.STAYING, failure_step=4)  # 2.5 ms in a step of 1 ms
    rig.run_to_end(10)
    assert rig.steps()["time"].tolist() == list(range(10))
    overrun, most_waiting = rig.provenance()[4:6]
    assert (overrun, most_waiting) == (2, 2)


def test_ticks_that_wait_at_the_end_of_a_run_are_void(make_rig: MakeRig) -> None:
    rig = make_rig(failure=Failure.STAYING, failure_step=9)
    rig.start_run(10)
    rig.run_ms(15)  # the first tick that waits ends the run, the second must not be a step
    assert rig.state is CpuState.READY
    rig.run_to_end(20, start=10)
    assert rig.steps()["time"].tolist() == list(range(10, 20))


def test_ticks_keep_their_period(make_rig: MakeRig) -> None:
    rig = make_rig(period=700)
    rig.start_run(10**6)
    rig.run_ms(70.1)
    assert rig.chip.status(1).ticks == 100

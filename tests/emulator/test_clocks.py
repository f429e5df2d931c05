"""Timers that start late, and chips whose clocks drift."""

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.layout import CYCLES_PER_MS, SV, Sv
from tests.emulator.running import MakeMachine, start
from tests.emulator.test_cores import TICK, timer_program

PLACES = ((0, 0, 2), (0, 0, 3), (1, 0, 2), (1, 0, 3))
"""Chip and core: an even core, an odd one; the same on a chip with odd x + y."""
SLACK = 500
"""Cycles: more than the cores need to start their timers."""


def started(make_machine: MakeMachine, **conditions: object) -> EmulatedMachine:
    machine = make_machine(chips=4, conditions=Conditions(**conditions))  # type: ignore[arg-type]
    for x, y, core in PLACES:
        start(machine, timer_program().image(), core, chip=(x, y))
    return machine


def ticks(machine: EmulatedMachine, cycle: int) -> list[int]:
    """How often the timers of the places have ended by a time."""
    machine.run(cycle, exactly=True)
    return [machine.monitors[x, y].chip.status(core).ticks for x, y, core in PLACES]


def test_all_are_in_step_by_default(make_machine: MakeMachine) -> None:
    assert ticks(started(make_machine), 10 * TICK + SLACK) == [10, 10, 10, 10]


def test_offsets_of_cores_and_chips_add_up(make_machine: MakeMachine) -> None:
    # a tick is 100 us
    machine = started(make_machine, core_offset_us=20.0, chip_offset_us=50.0)
    for late, expected in ((0, [10, 9, 9, 9]), (20, [10, 10, 9, 9]), (50, [10, 10, 10, 9]),
                           (70, [10, 10, 10, 10])):
        assert ticks(machine, 10 * TICK + SLACK + late * CYCLES_PER_MS // 1000) == expected


@pytest.mark.parametrize("ppm, cycles", [(1000.0, 2000), (-1000.0, -2000), (500.3, 1000.6)])
def test_drift_adds_up(make_machine: MakeMachine, ppm: float, cycles: float) -> None:
    """After 100 ticks of 20,000 cycles a drift of 1000 ppm is 2000 cycles."""
    machine = started(make_machine, chip_drift_ppm=ppm)
    first, second = sorted((100 * TICK, 100 * TICK + round(cycles)))
    late = [0, 0, -1, -1] if ppm > 0 else [-1, -1, 0, 0]
    assert ticks(machine, first - 1) == [99] * 4
    assert ticks(machine, first + SLACK) == [100 + each for each in late]
    assert ticks(machine, second - 1) == [100 + each for each in late]
    assert ticks(machine, second + SLACK) == [100] * 4


def test_fractions_of_cycles_are_kept(make_machine: MakeMachine) -> None:
    """10 ppm of a tick are 0.2 cycles: without fractions 10,000 ticks would be 2000 cycles off."""
    machine = started(make_machine, chip_drift_ppm=10.0)
    assert ticks(machine, 10_000 * TICK + SLACK) == [10_000, 10_000, 9_999, 9_999]
    assert ticks(machine, 10_000 * TICK + 2000 - 1) == [10_000, 10_000, 9_999, 9_999]
    assert ticks(machine, 10_000 * TICK + 2000 + SLACK) == [10_000] * 4


@pytest.mark.parametrize("measured", [False, True])
def test_monitors_give_the_drift_that_they_have_measured(make_machine: MakeMachine,
                                                         measured: bool) -> None:
    """sv->clock_drift: cycles to add to a microsecond, 15.17; -200 cycles times 20 ppm."""
    machine = started(make_machine, chip_drift_ppm=20.0, drift_measured=measured)
    given = [int.from_bytes(machine.monitors[place].chip.read(SV + Sv.CLOCK_DRIFT, 4), "little",
                            signed=True) for place in ((0, 0), (1, 0))]
    assert given == [0, round(-200 * 20e-6 * 2**17) if measured else 0]

"""Cores whose timers are not in step: the same numbers, or packets that are late, and lost.

A spike of step s counts if it comes before its receiver begins step s + 1, however early. So
results are the host engine's as long as timers are apart by less than a step without the time that
a core spends in it, here less than 0.1 ms of 1 ms. Packets carry the step modulo 16: a core can
tell that they are late up to 8 steps. Those that come after their interval are lost.
"""

import warnings
from dataclasses import replace

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
from evidence.shared.core_scripts import Script, play
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.errors import PacketLossWarning
from tests.spinnaker.test_dma import every_sort
from tests.spinnaker.test_learning import check_equal
from tests.spinnaker.twin import ChipNetwork, assert_twins, counts_of, recordings_of

APART = Conditions(chip_offset_us=450.0, core_offset_us=450.0, chip_drift_ppm=1000.0)
"""0.9 ms apart at the start, 1 ms after 100 ms."""
TWO_CHIPS = Script(cells=36, steps=50, stops=(25.0,), setup={"neurons_per_core": 2})
"""On 18 cores for cells, two others and the monitor's: a chip has 17 for applications."""


@pytest.mark.parametrize("offset", [300.0, 600.0, 900.0])
def test_cores_apart_by_less_than_a_step_learn_the_same(offset: float) -> None:
    counts = assert_twins(every_sort(), neurons_per_core=8,
                          conditions=Conditions(core_offset_us=offset))
    assert counts["LATE_SPIKES"] == counts["INCOMPLETE_SIGNALS"] == 0


@pytest.mark.parametrize("steps", [1, 4, 7, 16])
def test_cores_apart_by_steps_count_late_spikes_and_losses(steps: int) -> None:
    """Also by 16 steps, which packets cannot tell from none."""
    case = every_sort()
    chip = ChipNetwork(case.network, recordings_of(case.network), neurons_per_core=8,
                       conditions=Conditions(core_offset_us=1000.0 * steps), warns_of_losses=True)
    try:
        chip.give(case.inputs(0, case.plan.steps))
        chip.advance(case.plan.steps)
        assert chip.net.reports.losses()
        assert counts_of(chip)["LATE_SPIKES"] > 0 or steps == 16
    finally:
        chip.close()


@pytest.mark.parametrize("corrected", [True, False])
def test_chips_whose_clocks_drift(corrected: bool) -> None:
    """What monitors have measured keeps chips in step; without it, spikes are late, or lost."""
    expected = play(host, TWO_CHIPS, precision="fixed")
    conditions = replace(APART, drift_measured=corrected)
    with Board(chips=4, real_time=False, conditions=conditions) as board:
        import pynn_eprop.spinnaker as sim
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found = play(sim, TWO_CHIPS, **TWO_CHIPS.setup, on_loss="warn")
        chips = {(row.x, row.y) for row in board.status().cores
                 if row.application == "eprop_neuron"}
        sim.end()
    late = [each for each in warned if "spikes arrived after their step" in str(each.message)]
    assert len(chips) == 2
    lost = [each for each in warned if isinstance(each.message, PacketLossWarning)]
    assert bool(late) is bool(lost) is not corrected
    if corrected:
        check_equal(found, expected)

"""Cores that get more in a step than they can do: what is late is counted, nothing is lost."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import Projection
from tests.random_networks import Case, CellPlan, Plan, make_case
from tests.spinnaker.machine import ChipError
from tests.spinnaker.twin import assert_twins

SOURCES, STEPS = 600, 60


def silent_cells(cells: int, steps: int = STEPS) -> Case:
    """A case whose cells never fire, of two intervals of so many steps.

    All its sources fire at two steps of the first, 40 steps before its end.
    """
    plan = Plan(sources=(SOURCES,), cells=(CellPlan(cells),), stretches=((2 * steps, True),),
                interval_steps=steps, optimizers=("sgd",))
    case = make_case(plan)
    populations = tuple(replace(each, v_thresh=np.full(each.size, 500.0))
                        if isinstance(each, SpikingCells) else each
                        for each in case.network.populations)
    projections: tuple[Projection, ...] = tuple(
        replace(each, weight=0.1 * each.weight) for each in case.network.projections)
    spikes = np.zeros((2 * steps + 1, SOURCES), dtype=int)
    spikes[steps - 40:steps - 38] = 1
    network = replace(case.network, populations=populations, projections=projections)
    return replace(case, network=network, spikes={0: spikes})


def test_a_burst_of_all_sources_takes_longer_and_loses_no_spike():
    counts = assert_twins(silent_cells(120), neurons_per_core=120)
    assert counts["LOST_PACKETS"] == counts["LATE_SPIKES"] == counts["IGNORED_INPUT"] == 0
    assert counts["OVERRUNS"] > 0 and counts["LONGEST_TICK"] > 1000
    assert counts["MOST_QUEUED"] >= SOURCES
    assert counts["MOST_LOGGED"] >= 2 * SOURCES


def test_more_packets_than_places_end_the_run_with_their_number():
    case = silent_cells(20)
    spikes = case.spikes[0] * 3
    with pytest.raises(ChipError) as failure:
        assert_twins(replace(case, spikes={0: spikes}), seed=1)
    # status 7: PACKETS_LOST, how many, and the places there were
    assert "eprop_neuron: RUN_TIME_EXCEPTION (7, " in str(failure.value)
    assert ", 1024, 0)" in str(failure.value)


@pytest.mark.parametrize("wiring", ["all", "sparse"])
def test_gradients_of_more_sources_and_spikes_than_are_sorted_at_once(wiring):
    """4,096 sources and as many spikes fit the memory for sorting."""
    plan = Plan(sources=(4500,), cells=(CellPlan(8),), stretches=((280, True),), interval_steps=280,
                wirings=(wiring,), delays=("mixed",), optimizers=("sgd",))
    case = make_case(plan)
    fires = np.random.default_rng(5).random((plan.steps + 1, 4500)) < 0.01
    counts = assert_twins(replace(case, spikes={0: fires.astype(int)}))
    assert counts["LOST_PACKETS"] == counts["LATE_SPIKES"] == 0
    assert counts["MOST_LOGGED"] > 2 * 4096


def test_times_are_right_although_drift_changes_the_load_register(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst's step that takes several ticks, after 5,000 ticks whose periods take turns.

    Writing the next period changes what the load register reads (SP804 manual, DDI 0271, 3.3.1).
    """
    case = silent_cells(120, steps=5_000)
    plain = assert_twins(case, neurons_per_core=120)
    half_a_cycle_in_ms = round(0.5 / 1000 * 2**17)
    monkeypatch.setattr(Conditions, "measured_drift", lambda *_: half_a_cycle_in_ms)
    corrected = assert_twins(case, neurons_per_core=120)
    assert plain["OVERRUNS"] > 0
    for name in ("LONGEST_TICK", "LONGEST_UPDATE"):     # the correction takes time, too
        assert int(corrected[name]) == pytest.approx(int(plain[name]), rel=1e-3), name


def always_late(timestep: float, steps: int) -> dict[str, int]:
    """Counters of cells whose steps take more than 0.05 ms, and that get no spikes."""
    case = make_case(Plan(sources=(1,), cells=(CellPlan(200),), readouts=(), interval_steps=None,
                          optimizers=("static",), timestep=timestep, stretches=((steps, False),)))
    silent = np.zeros((steps + 1, 1), dtype=int)
    return assert_twins(replace(case, spikes={0: silent}), neurons_per_core=200)


def test_times_are_right_although_the_timer_ends_before_the_core_hears_of_it() -> None:
    """Steps that end at any time of a tick last as long as steps that are in time.

    A timer counts from its next period when it raises its interrupt (SP804), not when the core
    takes it.
    """
    in_time, late = always_late(1.0, 20), always_late(0.05, 4_000)
    assert in_time["OVERRUNS"] == 0 < late["OVERRUNS"]
    a_few_ticks_in_between = 5
    assert late["LONGEST_TICK"] <= int(in_time["LONGEST_TICK"]) + a_few_ticks_in_between

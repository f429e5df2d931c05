"""Cores that get more in a step than they can do: what is late is counted, nothing is lost."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import Projection
from tests.random_networks import Case, CellPlan, Plan, make_case
from tests.spinnaker.machine import ChipError
from tests.spinnaker.twin import assert_twins

SOURCES, STEPS = 600, 60


def silent_cells(cells: int) -> Case:
    """A case whose cells never fire, all of whose sources fire at steps 20 and 21."""
    plan = Plan(sources=(SOURCES,), cells=(CellPlan(cells),), stretches=((2 * STEPS, True),),
                interval_steps=STEPS, optimizers=("sgd",))
    case = make_case(plan)
    populations = tuple(replace(each, v_thresh=np.full(each.size, 500.0))
                        if isinstance(each, SpikingCells) else each
                        for each in case.network.populations)
    projections: tuple[Projection, ...] = tuple(
        replace(each, weight=0.1 * each.weight) for each in case.network.projections)
    spikes = np.zeros((2 * STEPS + 1, SOURCES), dtype=int)
    spikes[20:22] = 1
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

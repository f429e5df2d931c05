"""Cores on chips whose DMA controllers differ in what descriptions of the chip leave open.

Results must be the host engine's, bit for bit, whichever it is; the twin also compares what the
chip's checks find, which is nothing.
"""

from itertools import product

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator.conditions import DMA_CLEARS, Conditions
from tests.random_networks import Case, CellPlan, Plan, ReadoutPlan, make_case
from tests.spinnaker.twin import assert_twins

STALE_CYCLES = (0, 12, 300)
"""None; about what the loop that asks takes; longer than the transfers of these networks."""


def every_sort() -> Case:
    """Both sorts of cells, rows with and without holes, values, delays, symmetric feedback."""
    return make_case(Plan(
        cells=(CellPlan(12, adaptive=True), CellPlan(7)), analog=(5,), analog_frame=3, trials=2,
        readouts=(ReadoutPlan(3, "cross_entropy", bias_optimizer="sgd"), ReadoutPlan()),
        wirings=("sparse", "all"), delays=("mixed", "one"), optimizers=("adam", "sgd"),
        feedbacks=("symmetric", "random"), stretches=((80, True),)))


@pytest.mark.parametrize("clear, stale", product(DMA_CLEARS, STALE_CYCLES))
def test_results_do_not_depend_on_the_controller(clear: str, stale: int) -> None:
    assert_twins(every_sort(), neurons_per_core=8,
                 conditions=Conditions(dma_clear=clear, dma_stale_cycles=stale))

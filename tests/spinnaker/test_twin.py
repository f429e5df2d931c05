"""Random networks on emulated cores and on the host engine in fixed point, bit for bit.

Spikes, states, errors, losses, gradients, weights and biases of every step and update must be the
same integers: the two share the kernels, but neither the schedule, the log, the gathering of
gradients, the rows in memory nor the packets.
"""

from dataclasses import replace

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pynn_eprop.models.network import Boundary
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.spinnaker.twin import assert_twins
from tests.strategies import plans

SOFTMAX = ReadoutPlan(3, "cross_entropy", bias_optimizer="sgd schedule")


def for_cores(plan: Plan) -> Plan:
    """The plan without what cores do not do, ending with an interval.

    Cores have one rule a population, and that of Clopath without adaptation and analog sources.
    """
    interval = plan.interval_steps or 1
    missing = -plan.steps % interval
    stretches = plan.stretches + (((missing, True),) if missing else ())
    rule = plan.rules[0]
    cells = tuple(replace(cells, shape="piecewise_linear",
                          adaptive=cells.adaptive and rule != "clopath") for cells in plan.cells)
    changes = tuple(change for change in plan.changes if change in ("weights", "population"))
    return replace(plan, currents=False, rules=(rule,), changes=changes, cells=cells,
                   analog=() if rule == "clopath" else plan.analog, stretches=stretches,
                   timestep=max(plan.timestep, 0.5))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans(stock=False, boundaries=(Boundary.RESET,)).map(for_cores),
       st.sampled_from([None, 4, 8]), st.sampled_from([4, 4, 0]), st.sampled_from([1, 1, 3]))
@example(Plan(cells=(CellPlan(20, adaptive=True, varied=True, rate_term=True), CellPlan(9)),
              readouts=(SOFTMAX, ReadoutPlan(target="late", missing="entries")), trials=4,
              wirings=("sparse", "duplicates", "all"), delays=("mixed", "one"), bounds=True,
              optimizers=("adam", "sgd", "eps hat"), feedbacks=("symmetric", "windowed", "random"),
              stretches=((80, True), (7, False), (153, True))), 8, 4, 1)
@example(Plan(cells=(CellPlan(20, varied=True, rate_term=True), CellPlan(9)), rules=("clopath",),
              readouts=(SOFTMAX, ReadoutPlan(target="late", missing="entries")), trials=4,
              wirings=("sparse", "duplicates", "all"), delays=("mixed", "one"),
              optimizers=("adam", "sgd"), feedbacks=("symmetric", "random"),
              stretches=((80, True), (7, False), (153, True))), 8, 4, 1)
@example(Plan(readouts=(ReadoutPlan(bias_optimizer="adam"),), wirings=("empty",),
              stretches=((1, True), (59, True))), None, 4, 1)
@example(Plan(interval_steps=None, delays=("long",), stretches=((50, True), (70, True))), 4, 0, 3)
def test_cores_and_host_are_equal_bit_for_bit(plan: Plan, neurons_per_core: int | None,
                                              colour_bits: int, every: int) -> None:
    counts = assert_twins(make_case(plan), neurons_per_core=neurons_per_core,
                          colour_bits=colour_bits, every=every)
    for name in ("LATE_SPIKES", "UNKNOWN_KEYS", "LOST_PACKETS", "INCOMPLETE_SIGNALS"):
        assert counts[name] == 0, name

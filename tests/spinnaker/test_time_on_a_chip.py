"""Steps and updates are in time by the model of a chip's cycles, which changes no bit.

A core with as many cells as it gets hears as many others as the budget of the paper's task 1.1
has, each at about 100 Hz, the rate that pauses are sized for by default.
"""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator.conditions import Conditions
from tests.random_networks import Case, CellPlan, Plan, ReadoutPlan, make_case
from tests.spinnaker.placement.test_update_time import MARGIN, MODEL, highest_rate
from tests.spinnaker.test_twin import SOFTMAX
from tests.spinnaker.twin import assert_twins

CELLS, HEARD, T = 128, 600, 100
TICK_US = 1000
TIMES = {"LONGEST_TICK", "LONGEST_UPDATE"}


def full_core() -> Case:
    """A case whose sources fire at 100 Hz, a tenth of them at each step."""
    plan = Plan(sources=(HEARD - CELLS,), cells=(CellPlan(CELLS),), readouts=(ReadoutPlan(3),),
                interval_steps=T, stretches=((2 * T, True),))
    case = make_case(plan)
    steps, sources = np.ogrid[:plan.steps + 1, :HEARD - CELLS]
    return Case(plan, case.network, {0: ((steps + sources) % 10 == 0).astype(int)}, {})


def test_a_full_core_is_in_time() -> None:
    case = full_core()
    rate = highest_rate(case.network, case, 2, T)
    plain, modelled = (assert_twins(case, neurons_per_core=CELLS, max_rate=rate,
                                    conditions=conditions)
                       for conditions in (Conditions(), MODEL))
    assert plain["LATE_SPIKES"] == plain["OVERRUNS"] == 0
    assert {name: count for name, count in plain.items() if name not in TIMES} == {
        name: count for name, count in modelled.items() if name not in TIMES}
    for name in TIMES:      # an instruction takes between 1.5 and 2.5 cycles in all that is known
        assert 1.5 * plain[name] < modelled[name] < 2.5 * plain[name], name
    assert modelled["MOST_QUEUED"] >= HEARD / 10
    assert modelled["LONGEST_TICK"] <= 0.75 * TICK_US
    assert modelled["GIVEN_UPDATE"] >= MARGIN * modelled["LONGEST_UPDATE"]


@pytest.mark.parametrize("rules", [(), ("clopath",)])
def test_networks_of_all_kinds_compute_the_same(rules: tuple[str, ...]) -> None:
    plan = Plan(cells=(CellPlan(20, adaptive=not rules, varied=True, rate_term=True), CellPlan(9)),
                readouts=(SOFTMAX, ReadoutPlan(target="late", missing="entries")), trials=4,
                wirings=("sparse", "duplicates", "all"), delays=("mixed", "one"),
                optimizers=("adam", "sgd"), feedbacks=("symmetric", "windowed", "random"),
                stretches=((80, True), (7, False), (153, True)),
                **({"rules": rules} if rules else {}))
    counts = assert_twins(make_case(plan), neurons_per_core=8, conditions=MODEL)
    assert counts["LATE_SPIKES"] == counts["LOST_PACKETS"] == 0

"""The width of tiles: no result depends on it, not even a bit, nor does a checkpoint."""

from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.models.network import Boundary
from tests.agreement.play import assert_identical, play
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

NARROW = {"float32": 128, "float64": 64}    # 512 bytes of history
CELLS = 300                                 # three tiles of float32, and a part of a fourth

PLANS = {
    "adaptive": Plan(cells=(CellPlan(CELLS, True, rate_term=True, varied=True),), trials=2,
                     wirings=("sparse", "duplicates"), delays=("mixed",)),
    "analog": Plan(cells=(CellPlan(CELLS),), analog=(2,), analog_frame=3, wirings=("sparse",)),
    "Clopath": Plan(cells=(CellPlan(CELLS, varied=True),), wirings=("sparse", "no self"),
                    rules=("e-prop", "clopath")),
    "backwards": Plan(cells=(CellPlan(CELLS), CellPlan(CELLS, backwards=True)), short=True,
                      wirings=("sparse",), feedbacks=("symmetric",),
                      readouts=(ReadoutPlan(2, bias_optimizer="adam"),)),
}
ONLY_RESET = ("backwards",)
CASES = [(name, boundary) for name in PLANS for boundary in Boundary
         if boundary is Boundary.RESET or name not in ONLY_RESET]


@pytest.mark.parametrize("precision", NARROW)
@pytest.mark.parametrize(("name", "boundary"), CASES)
def test_every_width_gives_the_same_bits(name, boundary, precision):
    """Also if each part of a run, from a checkpoint within an interval on, has another width."""
    narrow = NARROW[precision]
    # populations that run backwards do whole trials only
    stretches = ((40, True), (20, True)) if name in ONLY_RESET \
        else ((27, True), (28, True), (25, True))
    case = make_case(replace(PLANS[name], boundary=boundary, changes=("checkpoint",),
                             stretches=stretches))
    expected = play(case, lambda described: HostEngine(described, precision, tile_width=narrow))
    for widths in ([8 * narrow], [narrow, 4 * narrow, 2 * narrow, 8 * narrow]):
        each = cycle(widths)
        assert_identical(play(case, lambda described, each=each: HostEngine(
            described, precision, tile_width=next(each))), expected)


def test_a_checkpoint_within_an_interval_does_not_depend_on_the_width():
    case = make_case(replace(PLANS["adaptive"], stretches=((27, True),)))
    states = []
    for width in (128, 512):
        engine = HostEngine(case.network, tile_width=width)
        engine.run(27, case.inputs(0, 27))
        states.append(engine.state())
    assert any("history" in name for name in states[0])
    for name, data in states[0].items():
        np.testing.assert_array_equal(states[1][name], data, err_msg=name)

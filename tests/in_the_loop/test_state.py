"""The state of a machine with a chip in the loop: saved, taken over, of another chip.

Expected: runs in parts are the run in one, bit for bit.
"""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.errors import (
    CheckpointError,
    ParameterError,
)
from pynn_eprop.in_the_loop.machine import MODEL, LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.substrates import Model, StandIn
from tests.in_the_loop.networks import (
    GIVEN,
    TRIALS,
    T,
    assert_learned_alike,
    cells,
    net,
    stretch,
)


def test_a_run_in_parts_with_saved_state_is_the_run_in_one():
    """With all that a chip draws: rounding, trials, samples."""
    def built():
        return LoopMachine(net(), StandIn(mismatch=0.1, trial_variation=0.05, sample_jitter=0.2),
                           LoopOptions(rounding="stochastic"))

    whole, first, second, third = built(), built(), built(), built()
    whole.run(TRIALS * T, GIVEN)
    first.run(T, stretch(0, T))
    state = first.state()
    second.set_weights(0, np.zeros(len(second.weights(0))))
    second.restore(state)
    assert second.sample(1, "v").tolist() == first.sample(1, "v").tolist()
    third.take_over(first)
    for each in (second, third):
        each.run(T, stretch(T, T))
        for index in range(3):
            np.testing.assert_array_equal(each.weights(index), whole.weights(index))
        assert (each.step, each.updates) == (whole.step, whole.updates) == (TRIALS * T, TRIALS)
    again = built()
    again.take_over_learning(whole)
    np.testing.assert_array_equal(again.weights_on_chip(0), whole.weights_on_chip(0))
    assert again.step == 0


def test_two_machines_on_one_substrate():
    """Each prepares it again for its own network and weights, after the other."""
    substrate = Model()
    machines = [LoopMachine(net(scale=scale), substrate) for scale in (1.0, 1.5)]
    alone = [LoopMachine(net(scale=scale), Model()) for scale in (1.0, 1.5)]
    for first in (0, T):
        for each in (*machines, *alone):
            each.run(T, stretch(first, T))
    for one, other in zip(machines, alone, strict=True):
        assert_learned_alike(one, other, 0.0)


@pytest.mark.parametrize(("entry", "value", "message"), [
    ("loop/step", None, "is damaged: 'loop/step'"),
    ("loop/step", T // 2, "is damaged: step 50"),
    ("loop/trials", -1, "is damaged: step 100, trial -1"),
    ("loop/trials", [1, 2], "is damaged"),
    ("loop/rounded", None, "is damaged"),
    ("loop/scale/1", None, "is damaged: 'loop/scale/1'"),
    ("loop/scale/1", 0.0, "a level of 0"),
    ("loop/scale/1", np.nan, "a level of nan"),
    ("loop/now/1/v", None, "is damaged: loop/now/1 does not fit"),
    ("loop/now/1/v", np.zeros(3), "is damaged: loop/now/1 does not fit"),
    ("loop/setting", "{", "is damaged"),
    ("learner/machine/updates", None, "updates"),
])
def test_damaged_states(entry, value, message):
    loop, other = (LoopMachine(net(), StandIn(), LoopOptions("reference")) for _ in range(2))
    loop.run(T, stretch(0, T))
    state = loop.state()
    assert entry in state
    if value is None:
        del state[entry]
    else:
        state[entry] = np.array(value)
    with pytest.raises(CheckpointError, match=message):
        other.restore(state)


@pytest.mark.parametrize(("substrate", "options", "message"), [
    (Model(holds=True), {}, "with substrate='stand-in', but this run has 'model'"),
    (StandIn(mismatch=0.1), {}, "with mismatch=0.0, but this run has 0.1; use the same in setup"),
    (StandIn(seed=2), {}, "with seed=1, but this run has 2"),
    (StandIn(weight_levels=None), {}, "with weight_levels=63, but this run has None"),
    (StandIn(), {"voltage": MODEL}, "with voltage='sampled', but this run has 'model'"),
    (StandIn(), {"rounding": "stochastic"}, "with rounding='nearest', but this run has 'stoch"),
    (StandIn(), {"headroom": 3.0}, "with headroom=2.0, but this run has 3.0"),
    (StandIn(), {"learner": "reference"}, "with learner='jax', but this run has 'reference'"),
])
def test_states_of_another_chip_or_loop(substrate, options, message):
    loop = LoopMachine(net(), StandIn(), LoopOptions("jax"))
    with pytest.raises(CheckpointError, match=message):
        LoopMachine(net(), substrate, LoopOptions(**{"learner": "jax", **options})).restore(
            loop.state())


def test_stochastic_levels_stay_as_long_as_the_weights():
    """Drawn before the first trial without learning, also in a machine that continues later."""
    options = LoopOptions(rounding="stochastic")
    loop, later = (LoopMachine(net(), StandIn(), options) for _ in range(2))
    loop.run(T, stretch(0, T))
    loop.run(T, stretch(T, T), learning=False)
    later.restore(loop.state())
    np.testing.assert_array_equal(later.weights_on_chip(0), loop.weights_on_chip(0))
    successor = LoopMachine(net(), StandIn(), options)
    successor.take_over(loop)
    np.testing.assert_array_equal(successor.weights_on_chip(0), loop.weights_on_chip(0))
    later.set_weights(0, loop.weights(0))
    assert not np.array_equal(later.weights_on_chip(0), loop.weights_on_chip(0))


class Gauged(StandIn):
    """Knows the weight of a level, in proportion to the threshold."""

    factor = 0.01

    def level_weight(self, cells):
        return self.factor * cells.v_thresh[0]


def test_measured_levels_follow_new_thresholds():
    """Also in a machine that takes over from one with another measurement."""
    loop, later = LoopMachine(net(), Gauged()), net(cells(v_thresh=0.3))
    assert _level(loop) == pytest.approx(0.01 * 0.61)
    loop.set_population(1, later)
    assert _level(loop) == pytest.approx(0.01 * 0.3)
    successor = LoopMachine(net(), Gauged())
    successor.take_over(loop)
    assert _level(successor) == pytest.approx(0.01 * 0.61)
    Gauged.factor = np.nan
    try:
        with pytest.raises(ParameterError, match=r"level_weight\(\) of stand-in gives .*nan"):
            LoopMachine(net(), Gauged())
    finally:
        Gauged.factor = 0.01


def _level(loop):
    levels = loop.weights_on_chip(0) / loop.chip.scales[1]
    np.testing.assert_allclose(levels, np.rint(levels), rtol=0, atol=1e-9)
    return loop.chip.scales[1]


def test_populations_without_synapses_have_no_scale_to_keep():
    """The scale is chosen once there are weights, as if they had been there from the start."""
    network = net()
    unconnected = replace(network, projections=(network.projections[2],), learning_signals=())
    first = LoopMachine(unconnected, StandIn())
    first.run(T, stretch(0, T))
    grown = LoopMachine(replace(network, projections=(
        network.projections[2], *network.projections[:2])), StandIn())
    before = grown.weights_on_chip(1)
    grown.take_over(first)
    np.testing.assert_array_equal(grown.weights_on_chip(1), before)

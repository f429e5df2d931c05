"""Trials that are shorter than the update interval, on the reference.

A trial of n steps is that of a network whose interval has n steps: nothing happens after it.
"""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.errors import SimulationError
from pynn_eprop.models.network import Boundary, Inputs, Network
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    alif,
    all_pairs,
    current_based,
    feedback,
    network,
    readouts,
    record,
    synapses,
)
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

PLAN = Plan(
    interval_steps=20, stretches=((20, True),), sources=(3,), analog=(2,), analog_frame=3,
    cells=(CellPlan(rate_term=True), CellPlan(adaptive=True, rate_term=True)),
    readouts=(ReadoutPlan(bias_optimizer="sgd"), ReadoutPlan(3, "cross_entropy")),
    delays=("one", "mixed"), optimizers=("sgd",), currents=True, feedbacks=("random", "symmetric"))


def shortened(plan: Plan, steps: int) -> tuple[ReferenceMachine, ReferenceMachine, list, list]:
    """Machines after a trial of so many steps: as a short one, and as a whole one; recordings."""
    case = make_case(plan)
    given = case.inputs(0, 20)
    short = ReferenceMachine(case.network)
    recorded = short.run(20, replace(given, lengths=np.array([steps])), case.recordings)
    settings = replace(case.network.settings, interval_steps=steps)
    populations = tuple(replace(each, target=each.target[:, :steps])
                        if getattr(each, "target", None) is not None else each
                        for each in case.network.populations)
    whole = ReferenceMachine(replace(case.network, settings=settings, populations=populations))
    times = {index: np.asarray(spikes[0]) <= steps for index, spikes in given.spikes.items()}
    expected = whole.run(steps, Inputs(
        {index: (spikes[0][times[index]], spikes[1][times[index]])
         for index, spikes in given.spikes.items()},
        {index: rows[:steps] for index, rows in given.currents.items()},
        {index: rows[:steps + 1] for index, rows in given.values.items()}), case.recordings)
    return short, whole, list(zip(case.recordings, recorded.entries, strict=True)), \
        list(expected.entries)


@pytest.mark.parametrize("steps", [1, 7, 19, 20])
def test_a_short_trial_is_that_of_a_shorter_interval(steps: int) -> None:
    short, whole, recorded, expected = shortened(PLAN, steps)
    for index, projection in enumerate(short.network.projections):
        np.testing.assert_array_equal(short.weights(index), whole.weights(index))
        if projection.optimizer is not None:
            np.testing.assert_array_equal(short.gradient(index), whole.gradient(index))
    outside = [index for index, each in enumerate(short.network.populations) if each.from_outside]
    for (recording, found), entry in zip(recorded, expected, strict=True):
        if recording.population in outside:
            continue        # what was given is recorded as it was given
        if recording.variable == "spikes":
            np.testing.assert_array_equal(found[0], entry[0])
            np.testing.assert_array_equal(found[1], entry[1])
        else:
            np.testing.assert_array_equal(found[:len(entry)], entry)
            assert np.all(np.isnan(found[len(entry):]))


def test_rates_are_over_the_steps_that_happen() -> None:
    """3 spikes in trials of 4 and 6 steps of 1 ms: 300 Hz; C = 0.5 (300 - 100), e = h of a spike.

    The cell's input of 1 is at its threshold, h = 0.3, and the only term is the rate term.
    """
    cells = alif(1, beta=0.0, v_thresh=1.0, tau_m=1e-9, c_reg=0.5, f_target=100.0)
    out = readouts(1, loss=None)
    net = network([alif(1), cells, out], [], interval_steps=10, trials_per_update=2)
    source = make_case(Plan(sources=(1,))).network.populations[0]
    net = replace(net, populations=(source, cells), projections=(
        synapses(0, 1, [(0, 0)], 1.0, optimizer=SGD(lr=1.0)),))
    machine = ReferenceMachine(net)
    machine.run(20, Inputs({0: (np.array([0, 2, 12, 18]), np.zeros(4, int))},
                           lengths=np.array([4, 6])))
    assert machine.gradient(0) == pytest.approx([0.5 * (300.0 - 100.0) * 3 * 0.3])


def test_stretches_cut_anywhere_make_no_difference() -> None:
    case = make_case(replace(PLAN, short=True, stretches=((80, True),), trials=2))
    whole, parts = ReferenceMachine(case.network), ReferenceMachine(case.network)
    whole.run(80, case.inputs(0, 80))
    for steps in (3, 20, 17, 25, 15):
        parts.run(steps, case.inputs(parts.step, steps))
        again = ReferenceMachine(case.network)
        again.restore(parts.state())
        parts = again
    for name, array in whole.state().items():
        np.testing.assert_array_equal(parts.state()[name], array, err_msg=name)


def lengths(*steps: float) -> Inputs:
    return Inputs(lengths=np.array(steps))


def plain(*others: object, **settings: object) -> Network:
    settings = {"interval_steps": 10, **settings}
    return network([alif(2), readouts(1), *others], [synapses(0, 1, all_pairs(2, 1))],
                   [feedback(1, 0, [[1.0], [1.0]])], **settings)


@pytest.mark.parametrize(("net", "given", "message"), [
    (plain(), lengths(10), r"2 intervals begin at the steps 0..14; lengths of shape \(1,\)"),
    (plain(), lengths(10, 11), r"whole steps of 1..10, not \[10, 11\]"),
    (plain(), lengths(10, 0), r"whole steps of 1..10, not \[10, 0\]"),
    (plain(), lengths(10, 2.5), r"whole steps of 1..10, not \[10.0, 2.5\]"),
    (plain(boundary=Boundary.CONTINUOUS), lengths(10, 5), "use boundary 'reset'"),
    (plain(interval_steps=None), lengths(10), "give the network an update interval"),
    (plain(current_based(1)), lengths(10, 5), "never learning carries on over their ends"),
])
def test_lengths_that_cannot_be_are_refused_before_anything_runs(
        net: Network, given: Inputs, message: str) -> None:
    machine = ReferenceMachine(net)
    with pytest.raises(SimulationError, match=message):
        machine.run(15, given, [record(0, "v")])
    assert machine.step == 0

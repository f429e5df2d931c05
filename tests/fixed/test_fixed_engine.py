"""The host engine in fixed point: against float64, and in extreme cases."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.engine import FixedPoint, HostEngine, instruction_set
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD, Adam
from tests.agreement.play import assert_identical, play
from tests.descriptions import all_pairs, feedback, lif, network, readouts, record, synapses
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

PLANS = {
    "dense": Plan(cells=(CellPlan(20, rate_term=True),)),
    "adaptive": Plan(cells=(CellPlan(20, True, rate_term=True),), trials=2,
                     stretches=((120, True),)),
    "varied cells": Plan(cells=(CellPlan(9, True, varied=True), CellPlan(5, varied=True)),
                         currents=True),
    "sparse": Plan(cells=(CellPlan(30, True),), wirings=("sparse", "duplicates", "no self"),
                   delays=("mixed",), optimizers=("adam", "sgd", "static")),
    "softmax": Plan(readouts=(ReadoutPlan(5, "cross_entropy", missing="steps"),),
                    cells=(CellPlan(20),)),
    "two readouts": Plan(cells=(CellPlan(20),), readouts=(
        ReadoutPlan(3, tau_m=8.0, bias_optimizer="adam", missing="entries"),
        ReadoutPlan(2, "cross_entropy", bias_optimizer="sgd"), ReadoutPlan(2, None))),
    "symmetric": Plan(cells=(CellPlan(20, True),), feedbacks=("symmetric",), bounds=True),
    "windowed": Plan(cells=(CellPlan(20),), feedbacks=("windowed",), bounds=True,
                     optimizers=("adam schedule", "eps hat", "sgd schedule")),
    "a rule for each projection": Plan(
        cells=(CellPlan(20, True, rate_term=True), CellPlan(9)), trials=2,
        rules=("simplified-traces", "e-prop", "truncated-traces")),
    "values": Plan(analog=(3, 2), analog_frame=4, cells=(CellPlan(20, True), CellPlan(9)), trials=2,
                   delays=("mixed",), wirings=("all", "sparse", "duplicates")),
    "short trials": Plan(short=True, cells=(CellPlan(20, True, rate_term=True),), trials=3,
                         analog=(3,), analog_frame=4, delays=("mixed",)),
    "both directions": Plan(
        cells=(CellPlan(20, True, rate_term=True, backwards=True), CellPlan(9, rate_term=True)),
        trials=2, analog=(3,), analog_frame=4, delays=("mixed",), feedbacks=("random", "windowed"),
        readouts=(ReadoutPlan(3, tau_m=8.0), ReadoutPlan(2, "cross_entropy"))),
    "both directions of short trials, a rule for each projection": Plan(
        short=True, cells=(CellPlan(20, True, backwards=True), CellPlan(9)), trials=2,
        rules=("simplified-traces", "e-prop", "truncated-traces"), analog=(2,)),
    "many tiles": Plan(cells=(CellPlan(200, True),), wirings=("all", "sparse")),
    "tall and wide": Plan(cells=(CellPlan(20, True),)),
}


def fixed(described):
    return HostEngine(described, "fixed")


def case_of(name, **changes):
    case = make_case(replace(PLANS[name], **changes))
    if name == "tall and wide":     # heights of 0.5 and more: F has fewer bits than G
        populations = tuple(
            replace(p, pseudo_derivative=type(p.pseudo_derivative)(1.3, 1.5))
            if hasattr(p, "pseudo_derivative") else p for p in case.network.populations)
        case = replace(case, network=replace(case.network, populations=populations))
    return case


@pytest.mark.parametrize("name", PLANS)
def test_one_update_follows_float64(name):
    """Where both spike alike, states and gradients agree to what their formats resolve.

    v is rounded to 2^-16 in each step and weights to 2^-14 or less; h turns that into a relative
    error of about 1e-3 of the largest gradient.
    """
    plan = PLANS[name]
    case = case_of(name, stretches=((plan.interval_steps * plan.trials, True),))
    machines = [HostEngine(case.network, precision) for precision in ("float64", "fixed")]
    parts = [machine.run(plan.interval_steps * plan.trials,
                         case.inputs(0, plan.interval_steps * plan.trials), case.recordings)
             for machine in machines]
    for recording, exact, found in zip(case.recordings, parts[0].entries, parts[1].entries,
                                       strict=True):
        if recording.variable == "spikes":
            np.testing.assert_array_equal(exact, found)
            continue
        scale = max(1.0, np.nanmax(np.abs(exact), initial=0.0))
        bound = {"loss": 5e-3, "learning_signal": 3e-3, "h": 3e-3}.get(recording.variable, 2e-3)
        np.testing.assert_allclose(found, exact, rtol=0, atol=bound * scale,
                                   err_msg=recording.variable)
    for index, projection in enumerate(case.network.projections):
        if projection.optimizer is not None and len(projection.weight):
            exact, found = (machine.gradient(index) for machine in machines)
            np.testing.assert_allclose(found, exact, rtol=0, atol=1e-2 * np.abs(exact).max() + 1e-5,
                                       err_msg=projection.label)
    assert sum(sum(part.saturated.values()) for part in (
        *machines[1].range_report().projections, *machines[1].range_report().populations)) == 0


@pytest.mark.parametrize("name", PLANS)
def test_threads_instruction_sets_and_checkpoints_change_no_bit(name, monkeypatch):
    cut = ((70, True), (31, False), (59, True))
    whole = ((80, True), (40, False), (60, True))      # as those that run backwards need
    case = case_of(name, stretches=whole if "both directions" in name else cut)
    found = play(case, fixed)
    assert_identical(play(replace(case, plan=replace(case.plan, changes=("checkpoint",))), fixed),
                     found)
    threaded = replace(case.network, settings=replace(case.network.settings, threads=3))
    assert_identical(play(replace(case, network=threaded), fixed), found)
    monkeypatch.setenv("EPROP_ISA", "generic")
    assert instruction_set() == "generic"
    assert_identical(play(case, fixed), found)


def drive(sources: int, steps: int, every: int = 1) -> Inputs:
    """All sources spike together in every so many steps."""
    step = np.arange(0, steps, every)
    return Inputs(spikes={0: (np.repeat(step, sources), np.tile(np.arange(sources), len(step)))})


def simple(sources, cells, weight, optimizer=None, steps=20, **options):
    """Sources onto LIF cells that drive one readout whose target is 1."""
    optimizer = optimizer or Adam(lr=0.01)
    return network(
        [Sources("sources", sources), lif(cells, **options),
         readouts(1, loss=MSE(), target=np.ones((1, steps)))],
        [synapses(0, 1, all_pairs(sources, cells), weight, optimizer=optimizer),
         synapses(1, 2, all_pairs(cells, 1), 0.1, optimizer=optimizer)],
        [feedback(2, 1, np.full((cells, 1), 0.5))], interval_steps=steps)


def test_a_silent_network_does_not_move():
    engine = fixed(simple(3, 5, 0.0))
    engine.run(200, Inputs())
    assert engine.updates == 10
    for projection in range(2):
        before = engine.network.projections[projection].weight
        np.testing.assert_allclose(engine.weights(projection), before, rtol=0, atol=2.0 ** -30)
    assert engine.range_report().warnings == ()


def test_a_network_that_fires_every_step():
    described = simple(3, 5, 0.9, SGD(lr=0.0), v_thresh=0.6, refractory_steps=0)
    for precision in ("float64", "fixed"):
        engine = HostEngine(described, precision)
        (step, _), = engine.run(200, drive(3, 200), [record(1, "spikes", *range(5))]).entries
        assert len(step) == 5 * 200
    assert engine.range_report().warnings == ()


def test_ten_thousand_inputs_at_the_edge_of_their_format():
    """They sum to 40,000 and more; arrivals hold 8,192: limited, counted, no wrap-around."""
    described = simple(10_000, 2, 3.99, None, v_thresh=1.0)
    projection = replace(described.projections[0], optimizer=None)
    engine = fixed(replace(described, projections=(projection, described.projections[1])))
    voltage, = engine.run(3, drive(10_000, 3), [record(1, "v", 0)]).entries
    assert np.all(voltage > 0)
    np.testing.assert_allclose(voltage[:, 0], [8192, 15983, 2 ** 14], rtol=0, atol=2)
    report = engine.range_report()
    assert report.populations[0].saturated["arrivals"] == 6
    assert any("arrivals" in warning for warning in report.warnings)
    assert "arrivals" in str(report)
    small = fixed(simple(10_000, 2, 0.25, v_thresh=1.0))
    voltage, = small.run(1, drive(10_000, 1), [record(1, "v", 0)]).entries
    assert voltage[0, 0] == 2500.0      # 10,000 rows are more than 32 bits surely hold: exact
    assert small.range_report().warnings == ()


def test_a_trial_of_a_minute():
    steps = 60_000
    described = simple(3, 4, 0.5, steps=steps, c_reg=0.02)
    engines = [HostEngine(described, precision) for precision in ("float64", "fixed")]
    for engine in engines:
        engine.run(steps, drive(3, steps, 7))
    for projection in range(2):
        exact, found = (engine.gradient(projection) for engine in engines)
        np.testing.assert_allclose(np.clip(exact, -2048, 2048), found, rtol=0.02)


@pytest.mark.parametrize("optimizer", [Adam(lr=1.0), SGD(lr=1.0)])
def test_a_learning_rate_of_one_ends_at_the_limits(optimizer):
    network_ = simple(3, 5, 0.5, optimizer)
    engine = HostEngine(network_, "fixed", FixedPoint(
        {projection.label: 14 for projection in network_.projections}))
    engine.run(2000, drive(3, 2000, 3))
    report = engine.range_report()
    for part, projection in enumerate(report.projections):
        assert np.abs(engine.weights(part)).max() <= 2.0 ** (15 - projection.bits)
    assert sum(sum(p.saturated.values()) for p in report.projections) > 0


@pytest.mark.parametrize("optimizer", [Adam(lr=0.0), SGD(lr=0.0)])
def test_a_learning_rate_of_zero_changes_nothing(optimizer):
    engine = fixed(simple(3, 5, 0.5, optimizer))
    before = [engine.weights(part) for part in range(2)]
    engine.run(200, drive(3, 200, 3))
    assert engine.updates == 10
    for part in range(2):
        np.testing.assert_array_equal(engine.weights(part), before[part])
        assert np.any(engine.gradient(part) != 0)


def test_a_longer_training_follows_float64():
    """60 updates: the loss falls as in float64, and weights stay as large."""
    case = make_case(Plan(cells=(CellPlan(20),), optimizers=("adam",), stretches=((1200, True),)))
    losses, largest = {}, {}
    for precision in ("float64", "fixed"):
        engine = HostEngine(case.network, precision)
        recording = next(r for r in case.recordings if r.variable == "loss")
        losses[precision], = engine.run(1200, case.inputs(0, 1200), [recording]).entries
        largest[precision] = max(np.abs(engine.weights(k)).max()
                                 for k in range(len(case.network.projections)))
    assert losses["fixed"][-10:].mean() == pytest.approx(losses["float64"][-10:].mean(), rel=0.2)
    assert largest["fixed"] == pytest.approx(largest["float64"], rel=0.2)

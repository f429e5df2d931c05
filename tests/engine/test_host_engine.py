"""The engine's promises beside agreement with the reference (tests/agreement)."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine, instruction_set
from pynn_eprop.errors import CheckpointError, NetworkError, SimulationError
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs, Settings
from pynn_eprop.models.optimizers import SGD, Adam
from tests.agreement.play import assert_identical, play
from tests.descriptions import (
    all_pairs,
    feedback,
    lif,
    network,
    readouts,
    record,
    spikes,
    synapses,
)
from tests.engine.small_stack import in_a_small_stack
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

PLANS = {
    "dense": Plan(cells=(CellPlan(40, True, rate_term=True),), trials=2),
    "sparse": Plan(cells=(CellPlan(40, True),), wirings=("sparse",), delays=("mixed",)),
    "every pseudo-derivative": Plan(cells=(CellPlan(9, shape="exponential"),
                                           CellPlan(9, shape="fast_sigmoid"),
                                           CellPlan(9, shape="arctan", adaptive=True))),
    "softmax": Plan(readouts=(ReadoutPlan(5, "cross_entropy"),), cells=(CellPlan(30),)),
    "stock cells": Plan(stock=(True, False), currents=True),
}


def learning_network(cells: int = 5, optimizer=None, **settings):
    """Three sources that drive LIF cells all to all, and one readout whose target is 1."""
    options = {"interval_steps": 10, **settings}
    target = np.ones((1, options["interval_steps"]))
    optimizer = optimizer or Adam(lr=0.01)
    weights = np.random.default_rng(3).uniform(0.2, 0.9, 3 * cells)
    return network(
        [Sources("sources", 3), lif(cells),
         readouts(1, loss=MSE(), target=target)],
        [synapses(0, 1, all_pairs(3, cells), weights, optimizer=optimizer),
         synapses(1, 1, all_pairs(cells, cells, self_connections=False), 0.1,
                  optimizer=optimizer),
         synapses(1, 2, all_pairs(cells, 1), 0.3, optimizer=optimizer)],
        [feedback(2, 1, np.linspace(-1, 1, cells)[:, np.newaxis])], **options)


def drive(start: int, steps: int) -> Inputs:
    """Each source spikes every third step, one after the other."""
    times = np.arange(start, start + steps + 1)
    return Inputs(spikes={0: (times, times % 3)})


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("name", PLANS)
def test_every_instruction_set_gives_the_same_bits(name, boundary, precision, monkeypatch):
    case = make_case(replace(PLANS[name], boundary=boundary))
    found = play(case, lambda described: HostEngine(described, precision))
    for lesser in ("avx2", "generic"):
        monkeypatch.setenv("EPROP_ISA", lesser)
        assert instruction_set() in (lesser, "generic")     # a processor may lack AVX2
        assert_identical(play(case, lambda described: HostEngine(described, precision)), found)


@pytest.mark.parametrize("cells", [5, 135])     # one row of lanes, and two tiles
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_checkpoint_goes_from_one_instruction_set_to_another(precision, cells, monkeypatch):
    """In the midst of an update: histories and errors are in it as well. Rows in it have the
    padding of 8 cells that they had when vectors had 8 values."""
    description = learning_network(cells, trials_per_update=2)
    states = {}
    for build in ("generic", "avx2", "avx512"):
        monkeypatch.setenv("EPROP_ISA", build)
        engine = HostEngine(description, precision)
        engine.run(34, drive(0, 34))
        states[build] = engine.state()
        other = HostEngine(description, precision)
        other.restore(states["generic"])
        for machine in (engine, other):
            machine.run(26, drive(34, 26))
        for k in range(3):
            np.testing.assert_array_equal(other.weights(k), engine.weights(k))
    for name, data in states["generic"].items():
        for build, state in states.items():
            np.testing.assert_array_equal(state[name], data, err_msg=f"{build}: {name}")
    size = {"float32": 4, "float64": 8}[precision]
    assert states["generic"]["block.0.0.weight"].size == 3 * (-(-cells // 8) * 8) * size


def test_float32_follows_float64():
    """One update: rounding is relative 6e-8 for each of some 100 operations on a weight's way."""
    results = {}
    for precision in ("float32", "float64"):
        engine = HostEngine(learning_network(40), precision)
        engine.run(10, drive(0, 10))
        results[precision] = [engine.gradient(k) for k in range(3)]
    for found, expected in zip(results["float32"], results["float64"], strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * np.abs(expected).max())


def test_a_checkpoint_does_not_depend_on_the_number_of_threads():
    """Saved with four threads between validation intervals, restored with one, and back."""
    machines = {threads: HostEngine(replace(description, settings=replace(
        description.settings, threads=threads)), "float32")
        for description in [learning_network(trials_per_update=3)] for threads in (1, 4)}
    for machine in machines.values():
        machine.run(50, drive(0, 50))
        machine.run(40, drive(50, 40), learning=False)
    for name, data in machines[4].state().items():
        np.testing.assert_array_equal(machines[1].state()[name], data, err_msg=name)
    machines[1].restore(machines[4].state())
    for machine in machines.values():
        machine.run(60, drive(90, 60))
    for k in range(3):
        np.testing.assert_array_equal(machines[1].weights(k), machines[4].weights(k))


def test_bounds_leave_pairs_without_a_synapse_alone():
    """With w_min > 0 a missing self-connection would otherwise appear with weight w_min."""
    bounded = learning_network()
    recurrent = replace(bounded.projections[1], w_min=0.05, w_max=0.12)
    bounded = replace(bounded, projections=(bounded.projections[0], recurrent,
                                            bounded.projections[2]))
    with_loops = synapses(1, 1, all_pairs(5, 5), 0.1, optimizer=Adam(lr=0.01), w_min=0.05,
                          w_max=0.12)
    results = []
    for projection in (recurrent, with_loops):
        engine = HostEngine(replace(bounded, projections=(
            bounded.projections[0], projection, bounded.projections[2])), "float64")
        voltage, = engine.run(200, drive(0, 200), [record(1, "v", 0)]).entries
        results.append(voltage)
        weights = engine.weights(1)
        assert weights.min() >= 0.05
        assert weights.max() <= 0.12
    assert not np.array_equal(results[0], results[1])


def test_gradient_is_that_of_the_last_update_of_a_run():
    """Two runs of one update each end with the gradient that one run of two ends with."""
    whole, parts = (HostEngine(learning_network(), "float64") for _ in range(2))
    whole.run(27, drive(0, 27))
    parts.run(10, drive(0, 10))
    first = parts.gradient(0)
    parts.run(17, drive(10, 17))
    np.testing.assert_array_equal(whole.gradient(0), parts.gradient(0))
    assert not np.array_equal(first, parts.gradient(0))


def test_gradient_is_zero_before_the_first_update():
    engine = HostEngine(learning_network(), "float32")
    engine.run(9, drive(0, 9))
    np.testing.assert_array_equal(engine.gradient(1), np.zeros(20))


def test_a_learning_rate_of_zero_changes_nothing():
    engine = HostEngine(learning_network(optimizer=SGD(lr=0.0)), "float64")
    before = [engine.weights(k) for k in range(3)]
    engine.run(100, drive(0, 100))
    assert engine.updates == 10
    for k in range(3):
        np.testing.assert_array_equal(engine.weights(k), before[k])
        assert np.any(engine.gradient(k) != 0.0)


def test_memory_does_not_grow_with_steps_times_synapses():
    """The state of an update in progress: steps times cells, and the synapses a few times."""
    cells, steps = 200, 400
    engine = HostEngine(learning_network(cells, interval_steps=steps), "float32")
    engine.run(steps - 1, drive(0, steps - 1))
    bytes_ = sum(data.nbytes for data in engine.state().values())
    synapses_ = sum(len(p.weight) for p in engine.network.projections)
    assert bytes_ < 4 * (2 * steps * cells + 6 * synapses_) + 100_000
    assert bytes_ < 0.05 * 4 * steps * synapses_


def test_what_the_gradient_depends_on_changes_between_updates_only():
    """The backward filters use one set of time constants for the whole update."""
    engine = HostEngine(learning_network(), "float64")
    before = engine.network
    slower = replace(before, populations=(
        before.populations[0], replace(before.populations[1], tau_m=np.full(5, 30.0)),
        before.populations[2]))
    engine.run(13, drive(0, 13))
    with pytest.raises(SimulationError, match="between updates"):
        engine.set_population(1, slower)
    higher = replace(before, populations=(
        before.populations[0], replace(before.populations[1], v_thresh=np.full(5, 0.7)),
        before.populations[2]))
    engine.set_population(1, higher)
    engine.set_population(1, before)
    engine.run(7, drive(13, 7))
    engine.set_population(1, slower)
    np.testing.assert_array_equal(engine.network.populations[1].tau_m, np.full(5, 30.0))


@pytest.mark.parametrize(("action", "error", "words"), [
    (lambda: HostEngine(learning_network(), "float16"), NetworkError, "float16"),
    (lambda: HostEngine(learning_network(trials_per_update=0)), NetworkError, "trials_per_update"),
    (lambda: HostEngine(learning_network()).run(5, spikes(1, (1, 0))), SimulationError,
     "takes no spikes"),
    (lambda: HostEngine(learning_network()).run(5, spikes(0, (6, 0))), SimulationError, "step 6"),
    (lambda: HostEngine(learning_network()).run(5, spikes(0, (1, 3))), SimulationError, "0..2"),
    (lambda: HostEngine(learning_network()).run(5, Inputs(currents={0: np.zeros((5, 3))})),
     SimulationError, "takes no current"),
    (lambda: HostEngine(learning_network()).run(5, Inputs(currents={1: np.zeros((4, 5))})),
     SimulationError, r"\(5, 5\)"),
    (lambda: HostEngine(learning_network()).run(5, Inputs(), [record(1, "a")]), NetworkError,
     "'a'"),
    (lambda: HostEngine(learning_network()).sample(1, "y"), NetworkError, "'y'"),
    (lambda: HostEngine(learning_network()).bias(1), NetworkError, "bias"),
    (lambda: HostEngine(learning_network(optimizer=None)).restore(
        HostEngine(learning_network(6)).state()), CheckpointError, "does not fit"),
    (lambda: HostEngine(learning_network()).restore(
        {name: data for name, data in HostEngine(learning_network()).state().items()
         if not name.endswith("weight")}), CheckpointError, "no entry"),
    (lambda: HostEngine(learning_network(), "float32").restore(
        HostEngine(learning_network(), "float64").state()), CheckpointError, "float32"),
])
def test_refused_with_a_typed_error(action, error, words):
    with pytest.raises(error, match=words):
        action()


def test_settings_default_to_one_millisecond_and_no_learning():
    assert Settings() == Settings(timestep=1.0, interval_steps=None, trials_per_update=1,
                                  boundary=Boundary.RESET, threads=1)


def test_a_batch_may_be_larger_than_a_stack():
    """The engine ran out of it at one pointer a trial."""
    trials, updates = 60_000, []

    def train():
        engine = HostEngine(learning_network(1, interval_steps=1, trials_per_update=trials))
        engine.run(trials, Inputs())
        updates.append(engine.updates)

    in_a_small_stack(train)
    assert updates == [1]

"""Stretches, checkpoints, changes between stretches, recordings, and input that is refused."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.errors import (
    CheckpointError,
    DelayError,
    NetworkError,
    SimulationError,
)
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import (
    Boundary,
    Inputs,
    LearningSignal,
    SymmetricFeedback,
    WindowedFeedback,
)
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    alif,
    all_pairs,
    current_based,
    feedback,
    lif,
    network,
    readouts,
    record,
    spikes,
    synapses,
)

T = 10
RUN = 4 * T


def training(boundary=Boundary.RESET, trials=2):
    """Everything at once: sources, adaptive and stock cells, two readouts, plastic synapses."""
    rng = np.random.default_rng(1)
    adam = Adam(lr=0.02)

    def project(pre, post, a, b, scale):
        pairs = all_pairs(a, b)
        return synapses(pre, post, pairs, rng.normal(0, scale, a * b), rng.integers(1, 5, a * b),
                        optimizer=adam)

    return network(
        [Sources("s", 3), alif(4, refractory_steps=2, c_reg=0.05, v_initial=0.1),
         readouts(2, loss=MSE(), target=rng.normal(0, 1, (2, T)), bias_optimizer=adam),
         readouts(1, label="module", tau_m=5.0, bias=0.1), current_based(1, i_offset=1.5)],
        [project(0, 1, 3, 4, 0.8), project(1, 1, 4, 4, 0.5), project(1, 2, 4, 2, 0.5),
         synapses(0, 3, [(0, 0)], 0.2), synapses(0, 4, [(0, 0)], 3.0),
         synapses(4, 1, [(0, 2)], 0.3)],
        [LearningSignal("symmetric", 2, 1, SymmetricFeedback(2)),
         LearningSignal("module", 3, 1, WindowedFeedback(4, rng.normal(0, 1, (3, 4, 1))))],
        interval_steps=T, trials_per_update=trials, boundary=boundary)


SPIKES = np.random.default_rng(2).random((RUN + 1, 3)) < 0.25
RECORDINGS = [record(1, "spikes", 0, 1, 2, 3), record(1, "v", 0, 3), record(1, "a", 0),
              record(1, "h", 0), record(1, "learning_signal", 0), record(2, "y", 0, 1),
              record(2, "error", 0), record(2, "loss"), record(4, "v"), record(0, "spikes", 0, 1)]


def stretch(machine, steps, learning=True):
    """Run some steps with the spikes of SPIKES."""
    start = machine.step
    step, cell = np.nonzero(SPIKES[start:start + steps + 1])
    return machine.run(steps, Inputs({0: (step + start, cell)}), RECORDINGS, learning)


def joined(parts):
    """The recordings of several stretches as those of one."""
    return [tuple(np.concatenate(arrays) for arrays in zip(*entries, strict=True))
            if isinstance(entries[0], tuple) else np.concatenate(entries)
            for entries in zip(*(part.entries for part in parts), strict=True)]


def assert_same_state(one, other):
    assert one.step == other.step
    assert one.updates == other.updates
    assert one.state().keys() == other.state().keys()
    for name, array in one.state().items():
        np.testing.assert_array_equal(array, other.state()[name], err_msg=name)


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("parts", [[1] * RUN, [7, 13, 0, 11, 9], [10, 10, 20], [39, 1]])
def test_runs_in_parts_equal_one_run(parts, boundary):
    whole, divided = (ReferenceMachine(training(boundary)) for _ in range(2))
    expected = joined([stretch(whole, RUN)])
    found = joined([stretch(divided, steps) for steps in parts])
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.updates == 2
    assert np.abs(whole.weights(1) - whole.network.projections[1].weight).max() > 0.01
    assert_same_state(whole, divided)


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("done", [0, 5, 10, 15, 20, 29])
def test_a_restored_machine_goes_on_identically(done, boundary):
    whole, first = (ReferenceMachine(training(boundary)) for _ in range(2))
    stretch(whole, RUN)
    stretch(first, done)
    state = first.state()
    stretch(first, 3)                                   # the state is a copy: this changes nothing
    second = ReferenceMachine(training(boundary))
    second.restore(state)
    assert second.step == done
    stretch(second, RUN - done)
    assert_same_state(whole, second)


def test_a_restored_machine_forgets_what_it_did_before():
    machine = ReferenceMachine(training())
    fresh = machine.state()
    stretch(machine, 25)
    machine.restore(fresh)
    whole = ReferenceMachine(training())
    stretch(machine, RUN)
    stretch(whole, RUN)
    assert_same_state(whole, machine)


def test_states_of_other_networks_are_refused():
    state = ReferenceMachine(training()).state()
    larger = replace(training(), projections=training().projections[:-1])
    with pytest.raises(CheckpointError, match="projection5/weight"):
        ReferenceMachine(larger).restore(state)
    state["projection0/weight"] = np.zeros(3)
    machine = ReferenceMachine(training())
    with pytest.raises(CheckpointError, match=r"projection0/weight has shape \(3,\)"):
        machine.restore(state)


def test_weights_can_be_replaced_and_the_optimiser_goes_on():
    machine = ReferenceMachine(training())
    stretch(machine, 2 * T)
    before = machine.state()
    machine.set_weights(1, np.full(16, 0.25))
    assert machine.weights(1).tolist() == [0.25] * 16
    after = machine.state()
    assert {name for name in before
            if not np.array_equal(before[name], after[name], equal_nan=True)} \
        == {"projection1/weight"}
    with pytest.raises(NetworkError, match="16 synapses"):
        machine.set_weights(1, np.zeros(15))


def test_what_is_returned_is_a_copy():
    machine = ReferenceMachine(training())
    for array in (machine.weights(0), machine.gradient(0), machine.bias(2),
                  machine.bias_gradient(2), machine.sample(1, "v")):
        array += 1.0
    assert_same_state(machine, ReferenceMachine(training()))


def test_new_parameters_leave_the_state_alone():
    machine = ReferenceMachine(network([lif(v_initial=0.5), readouts(y_initial=0.3)]))
    machine.run(5, Inputs())
    v, y = machine.sample(0, "v")[0], machine.sample(1, "y")[0]
    changed = network([lif(v_initial=0.1, tau_m=5.0), readouts(tau_m=8.0, bias=0.25)])
    machine.set_population(0, changed)
    machine.set_population(1, changed)
    assert machine.network.populations == changed.populations
    machine.run(1, Inputs())
    assert machine.sample(0, "v")[0] == pytest.approx(v * np.exp(-1 / 5), rel=1e-14)
    assert machine.sample(1, "y")[0] == pytest.approx(y * np.exp(-1 / 8) + 0.25, rel=1e-14)
    assert machine.bias(1).tolist() == [0.25]


def test_new_parameters_of_stock_cells():
    machine = ReferenceMachine(network([current_based(i_offset=0.1)]))
    machine.set_population(0, network([current_based(i_offset=0.2, tau_m=10.0)]))
    machine.run(3, Inputs())
    assert machine.sample(0, "v")[0] == pytest.approx(-65 + 2 * (1 - np.exp(-0.3)), rel=1e-13)


@pytest.mark.parametrize("other", [lif(2), alif(1), current_based(1)])
def test_another_kind_of_population_is_refused(other):
    machine = ReferenceMachine(network([lif()]))
    with pytest.raises(NetworkError, match="only parameters can change"):
        machine.set_population(0, network([other]))


def test_samples_are_taken_at_multiples_of_every():
    machine = ReferenceMachine(network([lif(3, v_initial=[0.1, 0.2, 0.3])]))
    alpha = np.exp(-1 / 20)
    (first,) = machine.run(5, Inputs(), [record(0, "v", 2, 0, every=3)]).entries
    (second,) = machine.run(4, Inputs(), [record(0, "v", 2, 0, every=3)]).entries
    np.testing.assert_allclose(first, np.outer([alpha ** 3], [0.3, 0.1]), rtol=1e-13)
    np.testing.assert_allclose(second, np.outer([alpha ** 6, alpha ** 9], [0.3, 0.1]), rtol=1e-13)


def test_spikes_are_sorted_by_step_and_only_of_the_cells_asked_for():
    machine = ReferenceMachine(network([lif(3, v_thresh=0.5)]))
    currents = np.array([[0, 0, 0.6], [0.6, 0.6, 0], [0, 0, 0.6]])
    (step, cell), = machine.run(3, Inputs(currents={0: currents}),
                                [record(0, "spikes", 2, 1)]).entries
    assert step.tolist() == [1, 2, 3]
    assert cell.tolist() == [2, 1, 2]


def test_spikes_of_sources_are_reported_once():
    machine = ReferenceMachine(network([Sources("s", 2)]))
    wanted = [record(0, "spikes", 0, 1)]
    first = machine.run(3, spikes(0, (0, 1), (2, 0), (2, 0), (3, 1)), wanted).entries[0]
    second = machine.run(2, spikes(0, (3, 1), (5, 0)), wanted).entries[0]
    assert [array.tolist() for array in first] == [[0, 2, 2, 3], [1, 0, 0, 1]]
    assert [array.tolist() for array in second] == [[5], [0]]


def test_losses_are_those_of_the_intervals_that_ended():
    target = np.arange(1.0, 7.0)[None]
    machine = ReferenceMachine(network(
        [readouts(loss=MSE(), target=target, target_repeats=False)], interval_steps=3))
    losses = [machine.run(steps, Inputs(), [record(0, "loss")]).entries[0].tolist()
              for steps in (2, 1, 3)]
    assert losses == [[], [0.5 * (1 + 4 + 9)], [0.5 * (16 + 25 + 36)]]


@pytest.mark.parametrize("inputs", [
    spikes(0, (4, 0)), spikes(0, (9, 0)), spikes(0, (6, 2)), spikes(1, (6, 0)),
    Inputs(currents={1: np.zeros((2, 1))}), Inputs(currents={1: np.zeros((3, 2))}),
    Inputs(currents={0: np.zeros((3, 2))}), Inputs(currents={2: np.zeros((3, 1))})])
def test_inputs_that_do_not_fit_the_stretch_are_refused(inputs):
    machine = ReferenceMachine(network([Sources("s", 2), lif(), readouts()]))
    machine.run(5, Inputs())
    with pytest.raises(SimulationError):
        machine.run(3, inputs)
    assert machine.step == 5
    machine.run(3, spikes(0, (5, 0), (8, 1)))


def test_unknown_variables_are_refused():
    machine = ReferenceMachine(network([lif()]))
    with pytest.raises(NetworkError, match="'y'"):
        machine.sample(0, "y")


POPULATIONS = [Sources("s", 2), lif(2), readouts(1), current_based(1)]


@pytest.mark.parametrize(("error", "projection"), [
    (NetworkError, synapses(2, 1, [(0, 0)])),
    (NetworkError, synapses(1, 0, [(0, 0)])),
    (NetworkError, synapses(0, 1, [(0, 2)])),
    (NetworkError, synapses(0, 1, [(-1, 0)])),
    (NetworkError, replace(synapses(0, 1, [(0, 0)]), weight=np.zeros(2))),
    (NetworkError, synapses(0, 3, [(0, 0)], optimizer=Adam())),
    (DelayError, synapses(0, 1, [(0, 0)], 1.0, 0)),
])
def test_projections_that_do_not_fit_are_refused(error, projection):
    with pytest.raises(error):
        ReferenceMachine(network(POPULATIONS, [projection], interval_steps=T))


def test_plastic_synapses_need_an_interval():
    with pytest.raises(NetworkError, match="update interval"):
        ReferenceMachine(network(POPULATIONS, [synapses(0, 1, [(0, 0)], optimizer=Adam())]))


@pytest.mark.parametrize("signal", [
    feedback(1, 1, np.zeros((2, 2))), feedback(2, 2, np.zeros((1, 1))),
    feedback(2, 1, np.zeros((1, 2))),
    LearningSignal("s", 2, 1, SymmetricFeedback(0)),
    LearningSignal("s", 2, 1, WindowedFeedback(0, np.zeros((1, 2, 1)))),
    LearningSignal("s", 2, 1, WindowedFeedback(5, np.zeros((2, 1)))),
    LearningSignal("s", 2, 1, WindowedFeedback(4, np.zeros((2, 2, 1)))),
])
def test_learning_signals_that_do_not_fit_are_refused(signal):
    with pytest.raises(NetworkError):
        ReferenceMachine(network(POPULATIONS, [synapses(0, 2, [(0, 0)])], [signal],
                                 interval_steps=T))

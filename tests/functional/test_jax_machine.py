"""The machine in JAX against the reference, in float64: 1e-10 of the largest number of each array.

The reference carries eligibility traces forward in time, synapse by synapse; the machine filters
backward, trials side by side.
"""

import itertools
import threading
from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings

from pynn_eprop.errors import CheckpointError, NetworkError, SetupError, SimulationError
from pynn_eprop.functional import compiling
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.activity import activities, recordings_of_activity
from pynn_eprop.models.network import Boundary
from pynn_eprop.models.rules import EProp
from pynn_eprop.reference import ReferenceMachine
from tests.agreement.play import assert_agree, assert_identical, play
from tests.agreement.test_engine_against_reference import CASES, OF_SEPARATE_TRIALS, engine
from tests.agreement.test_learning_apart import PLAN, TRIALS, UPDATES, inputs_of, learned, plastic
from tests.agreement.test_learning_apart import T as INTERVAL
from tests.functional.machines import jax_machine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.strategies import plans

BOUND = 1e-10
double = jax_machine("float64")


@pytest.mark.parametrize(("name", "boundary"), zip(CASES, itertools.cycle(Boundary)))
def test_named_cases(name, boundary):
    """Each with one boundary, by turns: compiling takes long, and random networks have all."""
    case = make_case(replace(CASES[name], boundary=boundary))
    assert_agree(play(case, double), play(case, ReferenceMachine), BOUND)


@pytest.mark.parametrize("name", OF_SEPARATE_TRIALS)
def test_named_cases_of_trials_that_stand_on_their_own(name):
    case = make_case(OF_SEPARATE_TRIALS[name])
    assert_agree(play(case, double), play(case, ReferenceMachine), BOUND)


@pytest.mark.parametrize("stock", [(), (True,)])
def test_networks_without_intervals(stock):
    case = make_case(Plan(interval_steps=None, stock=stock, readouts=(ReadoutPlan(loss=None),),
                          delays=("mixed",), currents=True))
    assert_agree(play(case, double), play(case, ReferenceMachine), BOUND)


@settings(max_examples=settings().max_examples // 10)
@given(plans(short=True, backwards=True))
def test_random_networks(plan):
    case = make_case(plan)
    assert_agree(play(case, double), play(case, ReferenceMachine), BOUND)


@pytest.mark.parametrize("at_once", [1, 2, 3])
@pytest.mark.parametrize("rate_term", [False, True])
def test_trials_in_slices(at_once, rate_term):
    case = make_case(Plan(trials=3, cells=(CellPlan(rate_term=rate_term, adaptive=True),),
                          stretches=((120, True), (40, False)), seed=3))
    found = play(case, jax_machine("float64", trials_at_once=at_once))
    assert_agree(found, play(case, ReferenceMachine), BOUND)


def test_float32_is_float64_but_for_rounding():
    """Until the first update, whose rounding could move a spike."""
    case = make_case(Plan(trials=4, cells=(CellPlan(adaptive=True),), optimizers=("static",)))
    assert_agree(play(case, jax_machine("float32")), play(case, double), 1e-4)


def test_checkpoints_continue_to_the_same_bits():
    plan = Plan(stretches=((13, True), (7, True), (29, True), (31, True)), trials=2,
                cells=(CellPlan(adaptive=True, rate_term=True),), delays=("mixed",),
                changes=("checkpoint",), readouts=(ReadoutPlan(bias_optimizer="adam"),))
    case = make_case(plan)
    without = replace(case, plan=replace(plan, changes=()))
    assert_identical(play(case, double), play(without, double))


# --- learning apart from running: the results of the machine that does both in one go ---

def assert_close(found, expected):
    """Sums over trials side by side may round otherwise than one after the other."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, err_msg=name,
                                   atol=1e-11 * np.max(np.abs(value), initial=0))


def test_a_trial_from_outside_teaches_as_one_of_its_own():
    case = make_case(PLAN)
    whole, learner, forward = (double(case.network) for _ in range(3))
    length = INTERVAL * TRIALS
    for number in range(TRIALS):
        inputs = inputs_of(case, number * INTERVAL, INTERVAL)
        recorded = forward.run(INTERVAL, inputs, recordings_of_activity(case.network),
                               learning=False)
        (trial,) = activities(case.network, inputs, recorded, number * INTERVAL)
        learner.learn(trial)
    whole.run(length, inputs_of(case, 0, length))
    assert_close(learned(learner), learned(whole))
    assert learner.step == 0
    with pytest.raises(SimulationError, match="needs the forward pass itself"):
        plain = replace(case.network, learning_signals=(), projections=tuple(
            replace(each, rule=EProp()) for each in case.network.projections))
        jax_machine("float64", "bptt")(plain).learn(trial)


def test_gradients_without_a_step_and_a_step_with_them():
    case = make_case(PLAN)
    whole, apart = (double(case.network) for _ in range(2))
    length = INTERVAL * TRIALS
    for update in range(UPDATES):
        inputs = inputs_of(case, update * length, length)
        whole.run(length, inputs)
        apart.run(length, inputs, update=False)
        assert apart.updates == update
        gradients = {index: apart.gradient(index) for index in plastic(case.network)}
        apart.apply_gradients(gradients)
        assert_close(learned(apart), learned(whole))


# --- what is refused, and when ---

def test_a_state_of_another_network_is_refused():
    state = double(make_case(Plan()).network).state()
    with pytest.raises(CheckpointError, match="is only in one of them"):
        double(make_case(Plan(stock=(True,))).network).restore(state)
    with pytest.raises(CheckpointError, match="has shape"):
        double(make_case(Plan(sources=(7,))).network).restore(state)


@pytest.mark.parametrize(("options", "message"), [
    ({"precision": "fixed"}, r"precision='fixed' is unknown; choose one of \['float32', 'float64'"),
    ({"gradient": "exact"}, "gradient='exact' is unknown"),
    ({"trials_at_once": 0}, "trials_at_once=0 must be a whole number >= 1"),
    ({"truncation_steps": 5}, "truncation_steps=5 goes with gradient='bptt' only"),
    ({"device": "tpu"}, r"device='tpu' is unknown; choose one of \['cpu', 'gpu'\]")])
def test_options_that_do_not_go(options, message):
    with pytest.raises(SetupError, match=message):
        JaxMachine(make_case(Plan()).network, JaxOptions(**options))


def test_a_network_beyond_the_memory_is_refused_before_it_runs(monkeypatch):
    """The numbers are those of the compiler; the memory is that of a small device."""
    case = make_case(Plan(trials=4, seed=11))
    monkeypatch.setattr(compiling, "memory_of", lambda device: 20_000)
    machine = double(case.network)
    with pytest.raises(NetworkError, match=r"4 trials with gradients needs \S+ GB of memory, but "
                                           r"the device \S+ has 2e-05 GB; set trials_at_once"):
        machine.run(80, case.inputs(0, 80))
    assert machine.step == machine.updates == 0


@pytest.mark.parametrize("machine", [double, ReferenceMachine, engine])
def test_parameters_of_traces_that_go_on_stay_within_an_interval(machine):
    """Also of an interval that does not count: its traces are made at its end, of all steps."""
    case = make_case(Plan(boundary=Boundary.CONTINUOUS))
    built = machine(case.network)
    changed = replace(case.network, populations=tuple(
        replace(each, tau_m=each.tau_m / 2) if index in case.network.learning_cells else each
        for index, each in enumerate(case.network.populations)))
    built.run(7, case.inputs(0, 7), learning=False)
    with pytest.raises(SimulationError, match="traces depend on can change between intervals"):
        built.set_population(1, changed)
    built.set_population(1, case.network)
    built.run(13, case.inputs(7, 13), learning=False)
    built.set_population(1, changed)


def test_inputs_beyond_the_memory_are_refused_before_they_are_made(monkeypatch):
    """4 trials of 20 steps and one before, from 4 sources, with 2 targets, of 8 bytes each."""
    case = make_case(Plan(trials=4, seed=11))
    monkeypatch.setattr(compiling, "memory_of", lambda device: 8 * 4 * (21 * 4 + 20 * 2) - 1)
    machine = double(case.network)
    with pytest.raises(NetworkError, match=r"the input of 4 trials needs 3.97e-06 GB of memory, "
                                           r"but the device \S+ has 3.97e-06 GB; set trials_at"):
        machine.run(80, case.inputs(0, 80))
    assert machine.step == machine.updates == 0
    monkeypatch.setattr(compiling, "memory_of", lambda device: 8 * 4 * (21 * 4 + 20 * 2))
    with pytest.raises(NetworkError, match="4 trials with gradients needs"):
        machine.run(80, case.inputs(0, 80))


def test_long_compilations_are_announced(monkeypatch, capsys):
    waiting = threading.Event()
    monkeypatch.setattr(compiling, "NOTICE_SECONDS_IN_LOGS", 0.01)

    def slow(value):
        waiting.wait(0.2)       # as JAX follows it
        return value + 1

    found = compiling.call("a key of its own", "a test", slow, jax.devices("cpu")[0], "",
                           np.zeros(3))
    assert "compiling a test for JAX" in capsys.readouterr().err
    np.testing.assert_array_equal(found, np.ones(3))


def test_a_network_is_compiled_once_for_each_shape(monkeypatch):
    """Also for another machine of the same structure, and after new parameters and targets."""
    case = make_case(Plan(trials=2, seed=12))
    first = double(case.network)
    first.run(40, case.inputs(0, 40))
    monkeypatch.setattr(jax, "jit", lambda function: pytest.fail("compiled again"))
    first.run(40, case.inputs(40, 40))
    changed = replace(case.network.populations[1], tau_m=np.full(6, 12.0))
    second = double(replace(case.network, populations=(
        case.network.populations[0], changed, *case.network.populations[2:])))
    second.run(40, case.inputs(0, 40))


# --- GPUs ---

def _has_gpu():
    try:
        return bool(jax.devices("gpu"))
    except RuntimeError:
        return False


@pytest.mark.gpu
@pytest.mark.skipif(not _has_gpu(), reason="JAX finds no GPU here")
@pytest.mark.parametrize("gradient", ["eprop", "bptt"])
def test_a_gpu_computes_what_the_processor_computes(gradient):
    case = make_case(Plan(trials=4, cells=(CellPlan(adaptive=True, rate_term=True),),
                          delays=("mixed",)))
    gpu, cpu = (play(case, jax_machine("float64", gradient, device=device))
                for device in ("gpu", "cpu"))
    assert_agree(gpu, cpu, 1e-9)


@pytest.mark.skipif(_has_gpu(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused():
    with pytest.raises(SetupError, match=r"device='gpu': JAX finds none, only \['cpu'\]"):
        JaxMachine(make_case(Plan()).network, JaxOptions(device="gpu"))

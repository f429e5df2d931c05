"""Learning apart from running: from given activity, without a step, and with given gradients.

The expected values are what the same machine does when it runs and learns in one go: the parts add
nothing and leave nothing out, so that results are equal bit for bit in every number system.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import NetworkError, SimulationError, UnsupportedError
from pynn_eprop.models.activity import Activity, activities, recordings_of_activity
from pynn_eprop.models.cells import AnalogSources, Readouts
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs, Network, Projection, Settings
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import RULES
from pynn_eprop.reference import ReferenceMachine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.strategies import plans

T, TRIALS, UPDATES = 20, 2, 3
PLAN = Plan(
    interval_steps=T, trials=TRIALS, sources=(4, 2), analog=(3,), analog_frame=4,
    delays=("mixed",), rules=tuple(RULES),
    cells=(CellPlan(5, adaptive=True, rate_term=True), CellPlan(4)), optimizers=("adam", "static"),
    readouts=(ReadoutPlan(2, bias_optimizer="adam"), ReadoutPlan(3, "cross_entropy"),
              ReadoutPlan(2, None)), feedbacks=("random", "symmetric"),
    stretches=((T * TRIALS * UPDATES, True),))
MACHINES = {"reference": ReferenceMachine,
            **{name: lambda network, name=name: HostEngine(network, name)
               for name in ("float64", "float32", "fixed")}}


def inputs_of(case, first, steps):
    """The inputs of a machine for the steps first ... first + steps."""
    spikes = {}
    for index, counts in case.spikes.items():
        part = counts[first:first + steps + 1]
        step, cell = np.nonzero(part)
        number = part[step, cell].astype(int)
        spikes[index] = (np.repeat(step + first, number), np.repeat(cell, number))
    currents = {index: rows[first:first + steps] for index, rows in case.currents.items()}
    values = {index: rows[first:first + steps + 1] for index, rows in case.values.items()}
    return Inputs(spikes, currents, values)


def plastic(network):
    return [index for index, each in enumerate(network.projections) if each.optimizer is not None]


def biased(network):
    return [index for index, each in enumerate(network.populations)
            if isinstance(each, Readouts) and each.bias_optimizer is not None]


def learned(machine):
    """Weights, gradients, biases and the number of updates."""
    network = machine.network
    found = {f"weight {index}": machine.weights(index) for index in range(len(network.projections))}
    found |= {f"gradient {index}": machine.gradient(index) for index in plastic(network)}
    found |= {f"bias {index}": machine.bias(index) for index in biased(network)}
    found |= {f"bias gradient {index}": machine.bias_gradient(index) for index in biased(network)}
    return found | {"updates": machine.updates}


def assert_equal(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def chip(machine, case, step):
    """A trial of a machine that does not learn: spikes, slopes, errors from outside."""
    inputs = inputs_of(case, step, T)
    recorded = machine.run(T, inputs, recordings_of_activity(machine.network), learning=False)
    (trial,) = activities(machine.network, inputs, recorded, step)
    return trial


@pytest.mark.parametrize("name", MACHINES)
def test_a_trial_from_outside_teaches_as_one_of_its_own(name):
    case = make_case(PLAN)
    whole, forward, learner = (MACHINES[name](case.network) for _ in range(3))
    for number in range(TRIALS * UPDATES):
        learner.learn(chip(forward, case, number * T))
        whole.run(T, inputs_of(case, number * T, T))
        assert_equal(learned(learner), learned(whole))
        for index in range(len(case.network.projections)):
            forward.set_weights(index, learner.weights(index))
        for index in biased(case.network):
            changed = list(forward.network.populations)
            changed[index] = replace(changed[index], bias=learner.bias(index))
            forward.set_population(index, replace(forward.network, populations=tuple(changed)))
    assert learner.step == 0


@pytest.mark.parametrize("name", MACHINES)
def test_gradients_without_a_step_and_a_step_with_them(name):
    case = make_case(PLAN)
    whole, apart, given_to = (MACHINES[name](case.network) for _ in range(3))
    for update in range(UPDATES):
        first, length = update * T * TRIALS, T * TRIALS
        inputs = inputs_of(case, first, length)
        before = learned(apart)
        whole.run(length, inputs)
        for machine in (apart, given_to):
            machine.run(length, inputs, update=False)
        assert apart.updates == update
        for key in before:
            if not key.startswith(("gradient", "bias gradient")):
                np.testing.assert_array_equal(learned(apart)[key], before[key])
        gradients = {index: apart.gradient(index) for index in plastic(case.network)}
        of_biases = {index: apart.bias_gradient(index) for index in biased(case.network)}
        apart.apply_gradients()
        given_to.apply_gradients(gradients, of_biases)
        assert_equal(learned(apart), learned(whole))
        assert_equal(learned(given_to), learned(whole))


@pytest.mark.parametrize("name", ["reference", "float64", "fixed"])
def test_gradients_of_two_machines_add_up(name):
    """Two processes with a trial each are one with both: gradients are sums over trials.

    Without a rate term, which needs the rate of all trials together, and in fixed point without
    values, whose gradient is rounded once for all trials.
    """
    case = make_case(replace(PLAN, trials=2, analog=() if name == "fixed" else PLAN.analog,
                             cells=(CellPlan(5, adaptive=True), CellPlan(4))))
    whole = MACHINES[name](case.network)
    whole.run(2 * T, inputs_of(case, 0, 2 * T))
    single = replace(case.network, settings=replace(case.network.settings, trials_per_update=1))
    parts = [MACHINES[name](single) for _ in range(2)]
    for number, part in enumerate(parts):
        part.run(T, inputs_of(case, 0, T), learning=number == 0, update=False)
    parts[1].run(T, inputs_of(case, T, T), update=False)
    total = {index: sum(part.gradient(index) for part in parts)
             for index in plastic(case.network)}
    of_biases = {index: sum(part.bias_gradient(index) for part in parts)
                 for index in biased(case.network)}
    parts[0].apply_gradients(total, of_biases)
    for key, value in learned(whole).items():
        np.testing.assert_allclose(learned(parts[0])[key], value, rtol=1e-10, atol=1e-13,
                                   err_msg=key)


@settings(max_examples=settings().max_examples // 2)
@given(plans(stock=False, changes=False), st.sampled_from(["float64", "float32", "fixed"]))
def test_random_networks_learn_in_parts_as_in_one_go(plan, name):
    plan = replace(plan, stretches=((plan.interval_steps * plan.trials * 2, True),))
    case = make_case(plan)
    try:
        whole, apart = (MACHINES[name](case.network) for _ in range(2))
    except (NetworkError, UnsupportedError):
        return      # what fixed point refuses
    length = plan.interval_steps * plan.trials
    for update in range(2):
        inputs = inputs_of(case, update * length, length)
        whole.run(length, inputs)
        apart.run(length, inputs, update=False)
        apart.apply_gradients()
    assert_equal(learned(apart), learned(whole))


@pytest.mark.parametrize(("make", "tolerance"), [
    (ReferenceMachine, 1e-12), (lambda network: HostEngine(network, "float64"), 1e-12),
    (lambda network: HostEngine(network, "fixed"), 2e-3)])
@pytest.mark.parametrize("values", [np.full((5, 2), 0.5), np.linspace(-1.0, 1.0, 10).reshape(5, 2)])
def test_the_value_of_a_trials_last_step_does_not_last(make, tolerance, values):
    """dE/dW_ki = sum_s err_k^s xhat_i^s, xhat^s = kappa xhat^{s-1} + x^s; there is no x^T."""
    steps, error = len(values), np.linspace(1.0, 2.0, len(values))
    source = AnalogSources(label="x", size=2)
    readout = Readouts(label="y", size=1, tau_m=20.0, bias=np.zeros(1), y_initial=np.zeros(1),
                       loss=MSE(), target=np.ones((1, steps)))
    synapses = Projection("x_to_y", 0, 1, np.array([0, 1]), np.zeros(2, int),
                          np.array([0.1, 0.2]), np.ones(2, int), optimizer=SGD(lr=0.001))
    machine = make(Network(Settings(1.0, steps), (source, readout), (synapses,)))
    machine.learn(Activity(values={0: values}, error={1: error[:, np.newaxis]}), update=False)
    expected, xhat = np.zeros(2), np.zeros(2)
    for step in range(1, steps + 1):
        xhat = np.exp(-1.0 / 20.0) * xhat + (values[step] if step < steps else 0.0)
        expected += error[step - 1] * xhat
    np.testing.assert_allclose(machine.gradient(0), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("make", [ReferenceMachine, HostEngine])
def test_activities_that_do_not_fit_are_refused(make):
    case = make_case(PLAN)
    machine = make(case.network)
    trial = chip(make(case.network), case, 0)
    readout = biased(case.network)[0]
    cells = next(iter(trial.slope))

    def changed(**parts):
        return replace(trial, **parts)

    for wrong, message in (
            (changed(slope={}), "an activity has slope of each of the populations"),
            (changed(error={**trial.error, cells: trial.slope[cells]}), "has error of each"),
            (changed(error={**trial.error, readout: trial.error[readout][:-1]}),
             rf"error must be finite, of shape \({T}, 2\), not \({T - 1}, 2\)"),
            (changed(slope={**trial.slope, cells: np.nan * trial.slope[cells]}), "must be finite"),
            (changed(spikes={0: (np.array([T]), np.array([0]))}), r"steps of 0\.\.19"),
            (changed(spikes={cells: (np.array([0]), np.array([0]))}), r"steps of 1\.\.20"),
            (changed(spikes={0: (np.array([3, 2]), np.array([0, 0]))}), "sorted by steps"),
            (changed(spikes={0: (np.array([3]), np.array([9]))}), r"cells of 0\.\.3"),
            (changed(spikes={99: (np.array([3]), np.array([0]))}), "there is no population 99")):
        before = machine.state()
        with pytest.raises(SimulationError, match=message):
            machine.learn(wrong)
        assert_equal(machine.state(), before)


@pytest.mark.parametrize("make", [ReferenceMachine, HostEngine])
def test_when_there_is_nothing_to_learn_or_apply(make):
    case = make_case(PLAN)
    machine = make(case.network)
    gradients = {index: machine.gradient(index) for index in plastic(case.network)}
    with pytest.raises(SimulationError, match=r"gradients are needed for .*, and for nothing else"):
        machine.apply_gradients({})
    first = next(iter(gradients))
    with pytest.raises(SimulationError, match="a gradient must be finite, of shape"):
        machine.apply_gradients({**gradients, first: gradients[first][:-1]})
    machine.run(T + 3, inputs_of(case, 0, T + 3))
    with pytest.raises(SimulationError, match="an update is in progress"):
        machine.apply_gradients()
    with pytest.raises(SimulationError, match="only between intervals"):
        machine.learn(chip(make(case.network), case, 0))
    static = make(make_case(replace(PLAN, interval_steps=None, optimizers=("static",),
                                    readouts=(ReadoutPlan(loss=None),))).network)
    with pytest.raises(SimulationError, match="without update intervals"):
        static.learn(Activity())
    with pytest.raises(SimulationError, match="nothing learns"):
        static.apply_gradients()


@pytest.mark.parametrize("make", [ReferenceMachine, HostEngine])
@pytest.mark.parametrize("changes", [{"boundary": Boundary.CONTINUOUS}, {"stock": (True,)}])
def test_where_activity_cannot_be_given(make, changes):
    case = make_case(replace(PLAN, **changes))
    trial = chip(make(make_case(PLAN).network), make_case(PLAN), 0)
    slopes = {index: trial.slope.get(index, np.zeros((T, case.network.populations[index].size)))
              for index in trial.slope}
    with pytest.raises(SimulationError):
        make(case.network).learn(replace(trial, slope=slopes))

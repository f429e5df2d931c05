"""Any value for any parameter is taken, or refused by an error of ours that is true of it."""

import dataclasses
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyNN import errors as pynn_errors
from pyNN.parameters import Sequence

import pynn_eprop.host as sim
from pynn_eprop import SGD, Adam, FixedPoint, StepDecay, errors
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.models.losses import resolve_loss
from pynn_eprop.models.optimizers import resolve_optimizer
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES, resolve_pseudo_derivative
from pynn_eprop.tasks import TASKS

CELLS = ("EPropLIF", "EPropALIF", "EPropReadout", "IF_curr_exp", "IF_curr_delta",
         "SpikeSourceArray", "SpikeSourcePoisson")
CURRENTS = ("DCSource", "ACSource", "StepCurrentSource", "NoisyCurrentSource")
SETUP = ("timestep", "min_delay", "max_delay", "update_interval", "trials_per_update", "boundary",
         "seed", "precision", "threads", "checkpoint", "fixed_point", "spike_precision",
         "verbosity", "t_flush", "nonsense")
RANGES = [math.inf, -math.inf, math.nan, 1e308, -1e308, 5e-324, 2 ** 70, -1, 0, True, None]

numbers = st.one_of(st.sampled_from(RANGES), st.floats(), st.integers())
values = st.one_of(
    numbers, st.text(max_size=3), st.binary(max_size=2), st.complex_numbers(),
    st.lists(numbers, max_size=4), st.lists(st.lists(numbers, max_size=2), max_size=3),
    st.sampled_from([{}, {1}, object(), int, lambda i: "x", lambda: 1, np.zeros((2, 2)),
                     np.array(["a", "b"]), np.array([1j, 2.0]), np.array(3.0), Sequence([1.0]),
                     [Sequence([1.0]), Sequence([])], np.datetime64("2020-01-01")]))


def network():
    sim.setup(timestep=1.0, update_interval=20.0)


def cell(name, parameter, value):
    sim.Population(2, getattr(sim, name)(**{parameter: value}))


def changed(name, parameter, value):
    target = {"target": np.zeros((2, 20))} if name == "EPropReadout" else {}
    population = sim.Population(2, getattr(sim, name)(**target))
    if parameter in population.celltype.default_initial_values:
        population.initialize(**{parameter: value})
    else:
        population.set(**{parameter: value})


def synapse(name, parameter, value):
    given = {parameter: value}
    if name == "LearningSignal" and parameter not in ("weight", "symmetric"):
        given["weight"] = 0.1
    made = getattr(sim, name)(**given)
    cells = sim.Population(2, sim.EPropLIF())
    source = sim.Population(2, sim.SpikeSourceArray()) if name != "LearningSignal" \
        else sim.Population(2, sim.EPropReadout(target=np.zeros((2, 20))))
    sim.Projection(source, cells, sim.AllToAllConnector(), made, receptor_type=(
        "learning_signal" if name == "LearningSignal" else "excitatory"))


def current(name, parameter, value):
    getattr(sim, name)(**{parameter: value})


WAYS = {
    **{f"{name}({parameter}=)": (way, name, parameter)
       for name in CELLS for parameter in (*getattr(sim, name).default_parameters, "nonsense")
       for way in (cell, changed)},
    **{f"{name}.initialize({state}=)": (changed, name, state)
       for name in CELLS for state in getattr(sim, name).default_initial_values},
    **{f"{name}({parameter}=)": (synapse, name, parameter) for name, more in (
        ("EPropSynapse", ("optimizer", "w_min", "w_max")), ("StaticSynapse", ()),
        ("LearningSignal", ("symmetric", "window")))
       for parameter in ("weight", "delay", *more, "nonsense")},
    **{f"{name}({parameter}=)": (current, name, parameter)
       for name in CURRENTS for parameter in (*getattr(sim, name).default_parameters, "nonsense")},
}


def refused(call, value, name=""):
    """Whether a call is refused; then by an error that names what, and says what inf lacks."""
    try:
        call()
    except errors.EPropError as error:
        in_words = name.replace("_", " ").rstrip("s")
        assert name in str(error) or in_words in str(error).lower(), str(error)
        if isinstance(value, float) and value == math.inf:
            assert not re.search(r"must be (>|>=|in) ", str(error)), str(error)
        return True
    return False


@settings(max_examples=400)
@given(st.sampled_from(sorted(WAYS)), values)
def test_parameters(way, value):
    network()
    make, name, parameter = WAYS[way]
    refused(lambda: make(name, parameter, value), value, parameter)


@settings(max_examples=100)
@given(st.sampled_from(SETUP), values)
def test_setup(keyword, value):
    # nothing so large that it cannot be built is asked of it: a network comes later
    refused(lambda: sim.setup(**{"timestep": 1.0, keyword: value}), value, keyword)


@settings(max_examples=150)
@given(st.sampled_from([
    (Adam, name) for name in ("lr", "beta1", "beta2", "eps", "eps_hat", "schedule")] + [
    (SGD, "lr"), (SGD, "schedule"), (lambda factor: StepDecay(factor, 1), "factor"),
    (lambda every: StepDecay(0.5, every), "every"), (FixedPoint, "weight_bits"),
    (FixedPoint, "signal_bits"), (resolve_loss, "loss"), (resolve_optimizer, "optimizer"),
    (lambda shape: resolve_pseudo_derivative(shape), "shape")] + [
    (kind, name) for kind in PSEUDO_DERIVATIVES.values() for name in ("height", "width")]), values)
def test_components(component, value):
    make, name = component
    refused(lambda: make(**{name: value}), value)


@settings(max_examples=150)
@given(st.sampled_from([
    (task, field.name) for task in TASKS.values() for field in dataclasses.fields(task)]), values)
def test_tasks(place, value):
    task, name = place
    refused(lambda: task(**{name: value}), value)
    refused(lambda: Configuration(task=task.name, parameters=((name, value),)), value)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
@pytest.mark.parametrize("make", [
    lambda value: sim.EPropLIF(tau_m=value), lambda value: Adam(eps=value),
    lambda value: sim.EPropSynapse(delay=value), lambda value: sim.setup(timestep=value),
    lambda value: sim.LearningSignal(weight=1.0, window=value)])
def test_what_must_be_above_0_must_be_finite(make, value):
    with pytest.raises(errors.EPropError, match=r"must be finite and > 0"):
        make(value)


def test_decays_of_moments_are_below_1():
    for name in ("beta1", "beta2"):
        with pytest.raises(errors.ParameterError,
                           match=rf"Adam: {name}=1 .* must be in \[0, 1\["):
            Adam(**{name: 1.0})


def test_what_pynn_users_catch_is_caught():
    network()
    cells = sim.Population(2, sim.EPropLIF(), label="cells")
    source = sim.Population(2, sim.SpikeSourceArray())
    made = sim.Projection(source, cells, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))
    everyone = sim.AllToAllConnector()
    for kind, call in (
            (pynn_errors.NonExistentParameterError, lambda: cells.set(nonsense=1.0)),
            (pynn_errors.NonExistentParameterError, lambda: cells.get("nonsense")),
            (pynn_errors.NonExistentParameterError, lambda: sim.EPropLIF(nonsense=1.0)),
            (pynn_errors.NonExistentParameterError, lambda: sim.StaticSynapse(nonsense=1.0)),
            (pynn_errors.NonExistentParameterError, lambda: made.set(nonsense=1.0)),
            (pynn_errors.InvalidParameterValueError, lambda: cells.set(v_thresh="x")),
            (pynn_errors.InvalidDimensionsError, lambda: cells.set(v_thresh=[0.5, 0.6, 0.7])),
            (pynn_errors.RecordingError, lambda: cells.record("gsyn_exc")),
            (pynn_errors.NothingToWriteError, cells.get_spike_counts),
            (pynn_errors.ConnectionError, lambda: sim.Projection(3, cells, everyone)),
            (pynn_errors.ConnectionError, lambda: sim.Projection(
                source, cells, everyone, receptor_type="x")),
            (IndexError, lambda: cells[2]), (IndexError, lambda: made[99])):
        with pytest.raises(kind) as error:
            call()
        assert isinstance(error.value, errors.EPropError)

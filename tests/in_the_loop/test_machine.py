"""Trials on a substrate, learning here.

Expected: what the engine or the reference does with the same cells, if the substrate is exact. They
are held against automatic differentiation (tests/reference), the cells that are reset and held in
tests/reference/test_curr_lif.py.
"""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import (
    NetworkError,
    ParameterError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.in_the_loop.fitting import as_run
from pynn_eprop.in_the_loop.machine import LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.named_machines import REFERENCE, fastest
from pynn_eprop.in_the_loop.substrate import Limits
from pynn_eprop.in_the_loop.substrates import Model, StandIn
from pynn_eprop.models.activity import activities, recordings_of_activity
from pynn_eprop.models.cells import CurrLIFCells
from pynn_eprop.models.network import SymmetricFeedback, WindowedFeedback
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import ClopathRule, EProp
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif
from tests.in_the_loop.networks import (
    CELLS,
    EVERYTHING,
    GIVEN,
    TRIALS,
    T,
    assert_learned_alike,
    assert_recorded_alike,
    cells,
    cosine,
    net,
    stretch,
)

IDEAL = {"weight_levels": None, "sample_period": 1.0, "lsb": None}


def yardstick(network, substrate):
    """The machine that the loop is held against, with the substrate's cells."""
    run = as_run(network, substrate)
    held = any(type(each) is CurrLIFCells for each in run.populations)
    return ReferenceMachine(run) if held else HostEngine(run, "float64")


@pytest.mark.parametrize("voltage", ["sampled", "model"])
@pytest.mark.parametrize(("kind", "substrate"), [
    (cells(), Model), (alif(CELLS, refractory_steps=2, c_reg=0.01), Model),
    (cells(), lambda: Model(holds=True)), (cells(), lambda: Model(holds=True, tau_syn=4.0)),
    (cells(), lambda: StandIn(**IDEAL)),
    (cells(), lambda: StandIn(holds=False, **IDEAL))],
    ids=["subtracted", "adaptive", "held", "held, currents", "stand-in", "stand-in, subtracted"])
def test_an_exact_substrate_learns_as_the_host(kind, substrate, voltage):
    network = net(kind)
    loop = LoopMachine(network, substrate(), LoopOptions(voltage=voltage))
    host = yardstick(network, substrate())
    assert_recorded_alike(loop.run(TRIALS * T, GIVEN, EVERYTHING),
                          host.run(TRIALS * T, GIVEN, EVERYTHING))
    assert_learned_alike(loop, host)
    assert list(loop.shortfalls()) == []
    assert loop.inactivities() == host.inactivities()


@pytest.mark.parametrize("timestep", [0.1, 0.3, 0.5])
def test_other_time_steps(timestep):
    """Samples at times that are no whole multiples in floating point; resets are steep."""
    network = net(timestep=timestep)
    loop, host = LoopMachine(network, Model()), HostEngine(network, "float64")
    assert_recorded_alike(loop.run(TRIALS * T, GIVEN, EVERYTHING),
                          host.run(TRIALS * T, GIVEN, EVERYTHING))
    assert_learned_alike(loop, host)


@pytest.mark.parametrize("learner", ["engine", "jax", "reference"])
def test_learners(learner):
    """In float64, with trials that are gathered in an update, and those that teach nothing."""
    network = net(trials_per_update=TRIALS)
    loop = LoopMachine(network, Model(), LoopOptions(learner))
    host = HostEngine(network, "float64")
    for machine in (loop, host):
        machine.run(T, stretch(0, T), learning=False)
        assert machine.updates == 0
    for machine in (loop, host):
        for first in (T, 2 * T):
            machine.run(T, _shifted(first))
    assert_learned_alike(loop, host)
    assert loop.step == 3 * T


def _shifted(first):
    inputs = stretch(0, T)
    return replace(inputs, spikes={0: (inputs.spikes[0][0] + first, inputs.spikes[0][1])})


@pytest.mark.parametrize("feedback", [
    SymmetricFeedback(2),
    WindowedFeedback(25, np.random.default_rng(4).normal(0.0, 0.5, (4, CELLS, 2)))])
def test_feedback_and_rules(feedback):
    """Rules that read v have the sampled one."""
    network = net()
    network = replace(
        network, learning_signals=(replace(network.learning_signals[0], feedback=feedback),),
        projections=(replace(network.projections[0], rule=ClopathRule()),
                     *network.projections[1:]))
    loop, host = LoopMachine(network, Model()), HostEngine(network, "float64")
    assert_recorded_alike(loop.run(TRIALS * T, GIVEN, EVERYTHING),
                          host.run(TRIALS * T, GIVEN, EVERYTHING))
    assert_learned_alike(loop, host)


def test_gradients_without_a_step_and_a_step_with_them():
    network = net()
    loop, host = LoopMachine(network, Model()), HostEngine(network, "float64")
    before = loop.weights(0)
    for machine in (loop, host):
        machine.run(T, stretch(0, T), update=False)
    np.testing.assert_array_equal(loop.weights(0), before)
    for machine in (loop, host):
        machine.apply_gradients()
    assert_learned_alike(loop, host)
    trial = activities(network, stretch(0, T), host.run(
        T, _shifted(T), recordings_of_activity(network), learning=False), T)[0]
    for machine in (loop, host):
        machine.learn(trial)
    assert_learned_alike(loop, host)


def test_weights_on_the_chip():
    """Levels of the initial weights' scale: twice the largest onto a population is the last one."""
    loop = LoopMachine(net(), StandIn())
    scale = 2.0 * max(np.abs(loop.weights(index)).max() for index in (0, 1)) / 63
    for index in (0, 1):
        on_chip = loop.weights_on_chip(index)
        np.testing.assert_allclose(on_chip / scale, np.rint(loop.weights(index) / scale),
                                   rtol=0, atol=1e-9)
    with pytest.raises(NetworkError, match="is not on the chip"):
        loop.weights_on_chip(2)
    loop.set_weights(1, np.full(len(loop.weights(1)), 100.0))
    np.testing.assert_allclose(loop.weights_on_chip(1), 63 * scale)
    (_, sentence), = loop.shortfalls()
    assert f"{len(loop.weights(1))} weights are beyond the largest that stand-in holds" in sentence


def test_new_parameters_reach_the_substrate():
    """As a machine that had them from the start."""
    network, later = net(), net(cells(v_thresh=0.3))
    loop, host = LoopMachine(network, Model(holds=True)), yardstick(later, Model(holds=True))
    loop.set_population(1, later)
    assert loop.network.populations[1].v_thresh[0] == 0.3
    loop.run(T, stretch(0, T))
    host.run(T, stretch(0, T))
    assert_learned_alike(loop, host)


def test_the_fastest_learner_knows_all_of_the_network():
    class OwnRule(EProp):
        """A rule that neither the engine nor JAX knows."""

        name = "own"

    network = net()
    network = replace(network, projections=(
        replace(network.projections[0], rule=OwnRule()), *network.projections[1:]))
    assert fastest(network) == REFERENCE
    assert fastest(net()) == "engine"
    assert fastest(as_run(net(), Model(holds=True))) == "jax"


@pytest.mark.parametrize("limits", [{"weight_levels": 0}, {"weight_levels": 1.5}, {"cells": -1},
                                    {"rows_per_synapse": 0}, {"rows_per_synapse": None}])
def test_limits_are_whole_numbers(limits):
    with pytest.raises(ParameterError, match=f"Limits: {next(iter(limits))}=.* must be a whole"):
        Limits(**limits)


def test_parts_of_trials_are_refused():
    loop = LoopMachine(net(), Model())
    for first, steps in ((0, T // 2), (0, T + 1)):
        with pytest.raises(SimulationError, match=f"whole trials of {T} steps; a run of {steps}"):
            loop.run(steps, stretch(first, steps))
    with pytest.raises(UnsupportedError, match="trials of durations of their own"):
        loop.run(T, replace(stretch(0, T), lengths=np.array([T - 1])))
    with pytest.raises(UnsupportedError, match="cells: model injects no currents"):
        loop.run(T, replace(stretch(0, T), currents={1: np.ones((T, CELLS))}))
    with pytest.raises(NetworkError, match="cells has no state variable 'b'"):
        loop.sample(1, "b")


def test_learning_on_a_chip_that_differs():
    """A tenth of mismatch and 6 bits: the gradient is still near that of the cells as planned."""
    network = net(optimizer=SGD(lr=0.0))
    exact = LoopMachine(network, Model(holds=True))
    chip = LoopMachine(network, StandIn(mismatch=0.1))
    for machine in (exact, chip):
        machine.run(T, stretch(0, T))
    assert 0.5 < cosine(chip.gradient(0), exact.gradient(0)) < 0.999

"""Trials on a substrate, learning here.

Expected: what the engine or the reference does with the same cells, if the substrate is exact. They
are held against automatic differentiation (tests/reference), the cells that are reset and held in
tests/reference/test_curr_lif.py.
"""

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import (
    CheckpointError,
    NetworkError,
    ParameterError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.in_the_loop.fitting import as_run
from pynn_eprop.in_the_loop.machine import MODEL, LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.measured import Measured, Samples
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


def assert_recorded_alike(found, expected):
    for one, other in zip(found.entries, expected.entries, strict=True):
        if isinstance(other, tuple):
            assert len(other[0]) > 100
            for each, known in zip(one, other, strict=True):
                np.testing.assert_array_equal(each, known)
        else:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-11)


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


class Forgetful(Model):
    """Gives back the first samples of v only."""

    kept = 40

    def trial(self, spikes, steps, number, sampled):
        measured = super().trial(spikes, steps, number, sampled)
        return Measured(measured.spikes, {
            index: Samples(each.times[:self.kept], each.v[:self.kept])
            for index, each in measured.samples.items()} if self.kept is not None else {})


def test_a_model_stands_in_for_samples_that_are_missing():
    """It is exact here, so that nothing is lost; two more steps are taken to be as the last."""
    network = net()
    loop, host = LoopMachine(network, Forgetful()), HostEngine(network, "float64")
    for machine in (loop, host):
        machine.run(T, stretch(0, T))
    assert cosine(loop.gradient(0), host.gradient(0)) > 0.999
    (_, sentence), = loop.shortfalls()
    assert sentence == ("cells: model gave back too few samples of v; a model that replays the "
                        f"spikes stands in for {(T - 42) * CELLS} of the potentials of a trial")


@pytest.mark.parametrize("kept", [0, None])
def test_no_samples_at_all(kept):
    substrate = Forgetful()
    substrate.kept = kept
    loop = LoopMachine(net(), substrate)
    before = loop.weights(0)
    with pytest.raises(SimulationError, match=r"cells: model gave back no samples of v in trial 0; "
                                              r"setup\(voltage='model'\) learns from spikes alone"):
        loop.run(T, stretch(0, T))
    assert loop.step == 0 and loop.updates == 0
    np.testing.assert_array_equal(loop.weights(0), before)
    LoopMachine(net(), substrate, LoopOptions(voltage=MODEL)).run(T, stretch(0, T))


class Confused(Model):
    """Gives back spikes of cells that are not there, after the end, and twice in a step."""

    extra = (np.array([5.0]), np.array([CELLS]))

    def trial(self, spikes, steps, number, sampled):
        measured = super().trial(spikes, steps, number, sampled)
        return Measured({index: tuple(np.concatenate(pair) for pair in zip(each, self.extra,
                                                                          strict=True))
                         for index, each in measured.spikes.items()}, measured.samples)


def test_spikes_of_no_cell_and_after_the_end():
    with pytest.raises(SimulationError, match="gave back spikes of cells beyond the 20 of the"):
        LoopMachine(net(), Confused()).run(T, stretch(0, T))
    substrate, host = Confused(), HostEngine(net(), "float64")
    substrate.extra = (np.array([T + 1.0, T + 1.0, -3.0]), np.array([0, 0, 1]))
    loop = LoopMachine(net(), substrate)
    for machine in (loop, host):
        machine.run(T, stretch(0, T))
    assert_learned_alike(loop, host)


class Broken(Model):
    """Fails in one of its methods, or gives back something else."""

    fails, answer = "", None

    def configure(self, chip):
        self._fail("configure")
        super().configure(chip)

    def set_weights(self, weights):
        self._fail("set_weights")
        super().set_weights(weights)

    def trial(self, spikes, steps, number, sampled):
        self._fail("trial")
        measured = super().trial(spikes, steps, number, sampled)
        return self.answer(measured) if self.answer else measured

    def level_weight(self, cells):
        self._fail("level_weight")

    def cells_on_chip(self, cells):
        self._fail("cells_on_chip")
        return super().cells_on_chip(cells)

    def _fail(self, method):
        if method == self.fails:
            raise KeyError("no such chip")


@pytest.mark.parametrize("method", ["configure", "set_weights", "trial", "cells_on_chip"])
def test_errors_of_a_substrate_name_it_and_nothing_was_done(method):
    substrate, exact = Broken(), LoopMachine(net(), Model())
    loop = LoopMachine(net(), substrate)
    before = loop.weights(0)
    substrate.fails = method
    with pytest.raises(SimulationError, match=rf"model: {method}.* failed: KeyError: 'no such"):
        LoopMachine(net(), substrate).run(T, stretch(0, T))
    with pytest.raises(SimulationError) if method != "cells_on_chip" else nullcontext():
        loop.run(T, stretch(0, T))
    if method != "cells_on_chip":
        assert loop.step == loop.updates == 0
        np.testing.assert_array_equal(loop.weights(0), before)
        substrate.fails = ""
        loop.run(T, stretch(0, T))
    exact.run(T, stretch(0, T))
    np.testing.assert_array_equal(loop.weights(0), exact.weights(0))


@pytest.mark.parametrize(("spikes", "samples", "message"), [
    (lambda t, c: (t[1:], c), None, "gave back spikes that are not"),
    (lambda t, c: t, None, "gave back spikes that are not"),
    (lambda t, c: (t[:, np.newaxis], c[:, np.newaxis]), None, "gave back spikes that are not"),
    (lambda t, c: (np.where(np.arange(len(t)) == 3, np.nan, t), c), None, "spikes that are not"),
    (lambda t, c: (t, c + 0.5), None, "gave back spikes that are not"),
    (lambda t, c: (t + 1j, c), None, "gave back spikes that are not"),
    (lambda t, c: (["now"] * len(t), c), None, "gave back spikes that are not"),
    (None, lambda s: (s.times, s.v), "gave back samples that are not Samples"),
    (None, lambda s: Samples(s.times, s.v[:, 1:]), r"samples that are not .* v, \(samples, 20\)"),
    (None, lambda s: Samples(s.times[1:], s.v), "gave back samples that are not"),
    (None, lambda s: Samples(s.times + np.nan, s.v), "gave back samples that are not"),
    (None, lambda s: Samples(s.times[::-1], s.v[::-1]), "samples whose times decrease"),
    (None, lambda s: Samples(s.times, s.v + np.nan), "gave back no samples of v in trial 0"),
])
def test_answers_of_other_shapes(spikes, samples, message):
    substrate = Broken()
    substrate.answer = lambda measured: Measured(
        {index: spikes(*each) if spikes else each for index, each in measured.spikes.items()},
        {index: samples(each) if samples else each for index, each in measured.samples.items()})
    loop = LoopMachine(net(), substrate)
    with pytest.raises(SimulationError, match=message):
        loop.run(T, stretch(0, T))
    assert loop.step == loop.updates == 0


@pytest.mark.parametrize("answer", [None, {}, Measured(spikes=None)])
def test_no_answer(answer):
    substrate = Broken()
    substrate.answer = lambda measured: answer
    with pytest.raises(SimulationError, match=r"model: trial\(\) gave back .*must be Measured"):
        LoopMachine(net(), substrate).run(T, stretch(0, T))


def test_times_in_float32_and_lists_are_taken():
    """In time steps of 0.1 ms, which float32 does not hold; spikes stay in their steps."""
    network, substrate = net(timestep=0.1), Broken()
    substrate.answer = lambda measured: Measured(
        {index: (times.astype(np.float32), cells.tolist())
         for index, (times, cells) in measured.spikes.items()},
        {index: Samples(each.times.astype(np.float32), each.v.tolist())
         for index, each in measured.samples.items()})
    loop, host = LoopMachine(network, substrate), HostEngine(network, "float64")
    assert_recorded_alike(loop.run(TRIALS * T, GIVEN, EVERYTHING[:1]),
                          host.run(TRIALS * T, GIVEN, EVERYTHING[:1]))
    assert_learned_alike(loop, host)


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

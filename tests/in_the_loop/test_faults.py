"""Substrates that give back less than asked, or nonsense, or fail.

Expected: a typed error that names the substrate, nothing done; or what an exact one gives.
"""

from contextlib import nullcontext

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import (
    SimulationError,
)
from pynn_eprop.in_the_loop.machine import MODEL, LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.measured import Measured, Samples
from pynn_eprop.in_the_loop.substrates import Model
from tests.in_the_loop.networks import (
    CELLS,
    EVERYTHING,
    GIVEN,
    TRIALS,
    T,
    assert_learned_alike,
    assert_recorded_alike,
    cosine,
    net,
    stretch,
)


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

    fails, answer, error = "", None, KeyError("no such chip")

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
            raise self.error


@pytest.mark.parametrize("method", ["configure", "set_weights", "trial", "cells_on_chip"])
def test_errors_of_a_substrate_name_it_and_nothing_was_done(method):
    """Also a StopIteration, as of pyNN.nest for a projection without synapses."""
    substrate, exact = Broken(), LoopMachine(net(), Model())
    loop = LoopMachine(net(), substrate)
    before = loop.weights(0)
    substrate.fails, substrate.error = method, StopIteration()
    with pytest.raises(SimulationError, match=rf"model: {method}.* failed: .*StopIteration"):
        LoopMachine(net(), substrate).run(T, stretch(0, T))
    substrate.error = KeyError("no such chip")
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

"""One-shot learning with an error module on the emulated board: the host's fixed point, exactly."""

import importlib

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.learning_to_learn.one_shot import OneShotNetwork
from tests.learning_to_learn.families import tiny, untrained

LAID_OUT = {}
"""Cores of the last network on the board, by population."""


def one_shot(backend, learned, goals, **setup):
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    network = OneShotNetwork(sim, learned, goals, 1, setup, watch=True)
    found = []
    for _ in goals:
        trials = network.learn_next()
        found.append((trials, network.changed_weights()))
    if backend == "spinnaker":
        loaded = sim.simulator.state.simulation.network
        LAID_OUT.update({label: cores_of(loaded, label) for label in network.populations})
    network.end()
    return found


def cores_of(network, label):
    """Sizes of a population's cores, and the readouts that each hears."""
    return [(core.size, core.signals.heard if core.signals else None)
            for core in network.plan.cores if core.label.startswith(f"{label}[")]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("module", "rule", "cells"), [
    ("spiking", "e-prop", 12), ("linear", "e-prop", 12), ("spiking", "truncated-traces", 12),
    ("spiking", "e-prop", 90)])
def test_the_board_learns_what_the_host_learns_in_fixed_point(board, module, rule, cells):
    """With 90 cells, an error module's readouts are on two cores, the learner on three."""
    learned = untrained(module, rule, family=tiny(interval=60.0, clock_period=3.0,
                                                  n_neurons=cells))
    goals = learned.family.draw(3, np.random.default_rng(5))["goal"]
    expected = one_shot("host", learned, goals, precision="fixed")
    found = one_shot("spinnaker", learned, goals)
    if cells == 90:
        assert LAID_OUT["signals"] == [(64, None), (26, None)]
        assert LAID_OUT["learner"] == [(40, [(0, 40)]), (40, [(40, 40)]), (10, [(80, 10)])]
    for (trials, weights), (our_trials, our_weights) in zip(found, expected, strict=True):
        for trial, ours in zip(trials, our_trials, strict=True):
            assert trial.y.keys() == ours.y.keys() and trial.spikes.keys() == ours.spikes.keys()
            for label in ours.y:
                np.testing.assert_array_equal(trial.y[label], ours.y[label])
            for label in ours.spikes:
                for one, other in zip(trial.spikes[label], ours.spikes[label], strict=True):
                    np.testing.assert_array_equal(one, other)
        for name in our_weights:
            np.testing.assert_array_equal(weights[name], our_weights[name])
            assert np.nanmax(np.abs(weights[name] - learned.learner_weights[name])) > 1e-4

"""Compiled machines, witnesses and data for the tests here."""

import numpy as np
import pytest

from pynn_eprop.intervals import IntervalLearning, UnitNetwork
from pynn_eprop.intervals.compiled import CompiledMachine, instruction_set
from pynn_eprop.intervals.network import BINARY
from tests.intervals.witness import Witness


def data(network: UnitNetwork, steps: int, batch: int, seed: int = 0):
    """Random inputs, targets and active steps; the last one is active."""
    rng = np.random.default_rng(seed)
    x = (rng.normal(size=(steps, batch, network.inputs)) if network.words is None
         else rng.integers(0, network.words, (steps, batch)))
    y = (rng.integers(0, 2, (steps, batch, network.outputs)) if network.loss == BINARY
         else rng.integers(0, network.outputs, (steps, batch)))
    active = rng.random(steps) < 0.7
    active[-1] = True
    return x, y, active


def both(network: UnitNetwork, learning: IntervalLearning, **keywords
         ) -> tuple[CompiledMachine, Witness]:
    """A machine in float64 and a witness with the same weights."""
    parameters = network.first_parameters(3)
    return (CompiledMachine(network, learning, parameters, 5, "float64", **keywords),
            Witness(network, learning, parameters, 5))


def difference(machine: CompiledMachine, witness: Witness) -> float:
    """Largest difference of a weight of network or module."""
    state = machine.state()
    pairs = [(state[name], values) for name, values in witness.p.items()]
    if witness.learning.module is not None:
        pairs += [(state[f"module.{name}"], values) for name, values in witness.module.items()]
    return max(float(np.max(np.abs(found - expected))) for found, expected in pairs)


BUILDS = ["generic", "avx2", "avx512"]


def choose_build(build: str, monkeypatch) -> None:
    """Have machines made from now on use a build; skips if this processor lacks it."""
    monkeypatch.setenv("EPROP_ISA", build)
    if instruction_set() != build:
        pytest.skip(f"this processor lacks {build}")

"""PyNN's own backends as substrates.

Expected: the reference, of cells that are reset and held as theirs. On the time grid spikes are
equal, and so, with a sample in each step, are gradients. Brian2 has its own time step.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pynn_eprop import host
from pynn_eprop.errors import SetupError, SimulationError, UnsupportedError
from pynn_eprop.in_the_loop.fitting import as_run
from pynn_eprop.in_the_loop.machine import LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.substrate import held
from pynn_eprop.in_the_loop.substrates import PyNNSubstrate, make_substrate
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, lif, record, synapses
from tests.descriptions import network as described
from tests.in_the_loop.networks import (
    CELLS,
    GIVEN,
    TRIALS,
    T,
    assert_learned_alike,
    cosine,
    net,
    stretch,
)


@pytest.mark.parametrize("tau_syn", [0.0, 4.0])
def test_stock_cells_of_the_host(tau_syn):
    network = net()
    substrate = PyNNSubstrate(host, tau_syn, setup={"precision": "float64"})
    loop, reference = LoopMachine(network, substrate), ReferenceMachine(as_run(network, substrate))
    for machine in (loop, reference):
        machine.run(TRIALS * T, GIVEN)
    assert_learned_alike(loop, reference)
    assert substrate.describe() == {"substrate": "pynn_eprop.host", "tau_syn": tau_syn,
                                    "sample_period": None}
    substrate.close()


@pytest.mark.parametrize("tau_syn", [0.0, 4.0])
def test_cells_with_currents_of_their_own(tau_syn):
    """They keep their tau_syn, whatever that of the substrate, and so do those without."""
    for own in (0.0, 6.0):
        network = net(held(lif(CELLS, c_reg=0.01, refractory_steps=3), own))
        substrate = PyNNSubstrate(host, tau_syn, setup={"precision": "float64"})
        loop, reference = LoopMachine(network, substrate), ReferenceMachine(network)
        for machine in (loop, reference):
            machine.run(TRIALS * T, GIVEN)
        assert_learned_alike(loop, reference)
    mixed = replace(network.populations[1], tau_syn=np.where(np.arange(CELLS) < 3, 0.0, 4.0))
    with pytest.raises(UnsupportedError, match="cells: tau_syn is 0 for some cells only"):
        LoopMachine(net(mixed), substrate)


@pytest.mark.parametrize(("keywords", "message"), [
    ({"tau_syn": -1.0}, "tau_syn=-1.0 must be a number >= 0"),
    ({"unit": 0.0}, "unit=0.0 must be a number > 0"),
    ({"unit": None}, "unit=None must be a number > 0"),
    ({"sample_period": "fast"}, "sample_period='fast' must be a number > 0"),
    ({"timestep": 0.0}, "timestep=0.0 must be a number > 0"),
    ({"setup": 5}, "setup=5 must be keywords in a dict"),
])
def test_bad_parameters(keywords, message):
    with pytest.raises(SetupError, match=message):
        PyNNSubstrate(host, **keywords)


def test_a_trial_that_failed_is_reset(monkeypatch):
    """The next one is as if it had not been."""
    network = net()
    substrate = PyNNSubstrate(host, setup={"precision": "float64"})
    loop, reference = LoopMachine(network, substrate), ReferenceMachine(as_run(network, substrate))

    def failing(segment):
        raise KeyError("v")

    with monkeypatch.context() as patched:
        patched.setattr(substrate, "_samples", failing)
        with pytest.raises(SimulationError, match=r"host: trial 0 failed: KeyError: 'v'"):
            loop.run(T, stretch(0, T))
    for machine in (loop, reference):
        machine.run(T, stretch(0, T))
    assert_learned_alike(loop, reference)
    substrate.close()
    substrate.close()


SCRIPT = """
import sys
import numpy as np
if sys.argv[1] == "brian2":     # which would compile for two minutes
    import brian2
    brian2.prefs.codegen.target = "numpy"
from tests.in_the_loop.test_pynn_substrate import counted_on, learned_on
from pynn_eprop.errors import MissingDependencyError
try:
    gradients = learned_on(sys.argv[1])
except MissingDependencyError:
    sys.exit(77)
np.savez(sys.argv[2], *gradients, counts=counted_on(sys.argv[1]))
"""


def learned_on(name):
    """Gradients there and on the reference: of a trial, and of one with the weights it taught."""
    network = net()
    substrate = make_substrate(name, {}, 1)
    loop, reference = LoopMachine(network, substrate), ReferenceMachine(as_run(network, substrate))
    found = []
    for first in (0, T):
        for machine in (loop, reference):
            machine.run(T, stretch(first, T))
        found += [machine.gradient(index) for index in (0, 1)
                  for machine in (loop, reference)]
    return found


def counted_on(name):
    """Spikes of two cells that keep each other active, and of the next trial, which has no input.

    Currents decay as slowly as v, so that much is left of them when a trial ends. A projection of
    no synapses goes with it."""
    network = described([Sources("inputs", 1), lif(2, refractory_steps=2)],
                        [synapses(0, 1, [(0, 0)], 2.0), synapses(1, 1, [(0, 1), (1, 0)], 3.0),
                         synapses(1, 1, [])], interval_steps=40)
    machine = LoopMachine(network, make_substrate(name, {"tau_syn": 20.0}, 1))
    return [len(machine.run(40, Inputs({0: (np.array(steps, int), np.zeros(len(steps), int))}),
                            [record(1, "spikes", 0, 1)]).entries[0][0]) for steps in ([3], [])]


@pytest.mark.parametrize(("name", "least"), [("nest", 1.0 - 1e-10), ("brian2", 0.9)])
def test_other_simulators(name, least, tmp_path):
    """In a process of its own, as they keep one simulation in each."""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SCRIPT, name,
                           str(tmp_path / "gradients.npz")], cwd=root, capture_output=True,
                          text=True, env={**os.environ, "PYTHONPATH": str(root)})
    if done.returncode == 77:
        pytest.skip(f"pyNN.{name} is not installed")
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(tmp_path / "gradients.npz") as kept:
        counts = kept["counts"]
        gradients = [kept[each] for each in kept.files if each != "counts"]
    assert counts[0] > 5 and counts[1] == 0
    assert len(gradients) == 8
    for found, expected in zip(gradients[::2], gradients[1::2], strict=True):
        assert cosine(found, expected) > least


def test_what_it_cannot_hold_is_refused():
    substrate = PyNNSubstrate(host, setup={"precision": "float64"})
    with pytest.raises(UnsupportedError, match=r"EPropALIF cells cannot run on pynn_eprop.host; "
                                               r"choose one of \['EPropCurrLIF', 'EPropLIF'\]"):
        LoopMachine(net(alif(CELLS)), substrate)
    twice = net()
    object.__setattr__(twice, "projections", (
        *twice.projections, synapses(0, 1, [(0, 0), (0, 0)], 0.1)))
    with pytest.raises(UnsupportedError, match="two synapses between the same two cells"):
        LoopMachine(twice, substrate)


def test_a_coarser_sample_period():
    """Every 4 ms: near the gradient with a sample in each step."""
    network = net(optimizer=SGD(lr=0.0))
    gradients = []
    for period in (None, 4.0):
        substrate = PyNNSubstrate(host, sample_period=period, setup={"precision": "float64"})
        loop = LoopMachine(network, substrate, LoopOptions())
        loop.run(TRIALS * T, GIVEN)
        gradients.append(loop.gradient(0))
    assert 0.8 < cosine(*gradients) < 1.0

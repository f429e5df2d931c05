"""A run of the paper's authors' own code, repeated on each machine and through a script.

Every expected value is theirs (README.md beside this file), in float32. A float64 machine differs
from it by their rounding, a float32 machine by its own as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs, Network
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    alif,
    all_pairs,
    feedback,
    lif,
    network,
    readouts,
    record,
    synapses,
)

THEIRS = dict(np.load(Path(__file__).with_name("eligalif.npz")))
STEPS, INPUTS = THEIRS["x"].shape
CELLS, READOUTS = THEIRS["w_out"].shape
LIF = int(np.count_nonzero(THEIRS["beta"] == 0.0))      # the first cells; the others adapt
TAU_M, TAU_OUT, TAU_A = 20.0, 20.0, 500.0
THRESHOLD = float(THEIRS["thr"])
SILENT = int(THEIRS["ref"]) - 1
HEIGHT = 0.3 / THRESHOLD
W_IN, W, TARGET = (THEIRS[name].astype(float) for name in ("w_in", "w", "target"))
W_OUT = THEIRS["w_out"] * (1.0 - np.exp(-1.0 / TAU_OUT))
#: Every gradient, by their e-prop and by their automatic differentiation.
GRADIENTS = {"g": "recurrent", "auto": "recurrent", "g_in": "input", "auto_in": "input"}


@dataclass(frozen=True)
class Bounds:
    """Largest differences, relative to the largest value of an array."""

    activity: float
    gradient: float


#: Measured: activity 5.0e-7, gradients 1.4e-6.
FLOAT64 = Bounds(activity=1e-6, gradient=2e-6)
#: Measured: activity 6.5e-7, gradients 3.0e-6.
FLOAT32 = Bounds(activity=2e-6, gradient=5e-6)

MACHINES: dict[str, tuple[Callable[[Network], Machine], Bounds]] = {
    "reference": (ReferenceMachine, FLOAT64),
    "engine float64": (lambda net: HostEngine(net, "float64"), FLOAT64),
    "engine float32": (lambda net: HostEngine(net, "float32"), FLOAT32),
    "jax float64": (lambda net: JaxMachine(net, JaxOptions(precision="float64")), FLOAT64),
    "jax float32": (lambda net: JaxMachine(net, JaxOptions(precision="float32")), FLOAT32),
}


@dataclass(frozen=True)
class Run:
    """Our side: spikes and v (steps, cells), y (steps, readouts), gradients by their names."""

    spikes: np.ndarray
    v: np.ndarray
    y: np.ndarray
    gradients: dict[str, np.ndarray]


def their_network() -> Network:
    """Inputs, LIF cells, adaptive cells, readouts."""
    cells = {"v_thresh": THRESHOLD, "refractory_steps": SILENT, "tau_m": TAU_M,
             "pseudo_derivative": PiecewiseLinear(height=HEIGHT)}
    populations = [
        Sources(size=INPUTS, label="inputs"), lif(LIF, **cells),
        alif(CELLS - LIF, beta=THEIRS["beta"][LIF:], tau_a=TAU_A, **cells),
        readouts(READOUTS, tau_m=TAU_OUT, loss=MSE(), target=TARGET.T)]
    parts = {1: slice(0, LIF), 2: slice(LIF, CELLS)}

    def projection(pre, post, matrix):
        pairs = all_pairs(*matrix.shape, self_connections=pre != post)
        return synapses(pre, post, pairs, [matrix[pair] for pair in pairs], optimizer=SGD(lr=1.0))

    projections = [projection(0, post, W_IN[:, part]) for post, part in parts.items()]
    projections += [projection(pre, post, W[rows, columns]) for pre, rows in parts.items()
                    for post, columns in parts.items()]
    projections += [projection(pre, 3, W_OUT[part]) for pre, part in parts.items()]
    signals = [feedback(3, post, W_OUT[part]) for post, part in parts.items()]
    return network(populations, projections, signals, interval_steps=STEPS)


def run(build: Callable[[Network], Machine]) -> Run:
    """The one interval on a machine."""
    net = their_network()
    machine = build(net)
    counts = [net.populations[index].size for index in (1, 2)]
    recorded = machine.run(STEPS, Inputs({0: np.nonzero(THEIRS["x"])}), [
        *(record(index, "spikes", *range(size)) for index, size in enumerate(counts, 1)),
        *(record(index, "v", *range(size)) for index, size in enumerate(counts, 1)),
        record(3, "y", *range(READOUTS)),
    ]).entries
    spikes = np.zeros((STEPS, CELLS))
    for (step, cell), first in zip(recorded[:2], (0, LIF), strict=True):
        np.add.at(spikes, (step - 1, cell + first), 1)
    gradients = {"input": np.zeros((INPUTS, CELLS)), "recurrent": np.zeros((CELLS, CELLS))}
    first = {0: 0, 1: 0, 2: LIF}
    for index, projection in enumerate(net.projections):
        if projection.post != 3:
            name = "recurrent" if projection.pre else "input"
            rows = projection.pre_index + first[projection.pre]
            columns = projection.post_index + first[projection.post]
            gradients[name][rows, columns] = machine.gradient(index)
    return Run(spikes, np.hstack(recorded[2:4]), recorded[4], gradients)


def assert_close(found: np.ndarray, expected: np.ndarray, bound: float) -> None:
    """No difference is larger than ``bound`` times the largest expected value."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=bound * np.abs(expected).max())


def assert_theirs(ours: Run, bounds: Bounds) -> None:
    """Spikes are equal, the rest is within the bounds."""
    assert THEIRS["S"].sum() == 225
    np.testing.assert_array_equal(ours.spikes, THEIRS["S"][0])
    assert_close(ours.v, THEIRS["V"][0], bounds.activity)
    assert_close(ours.y, THEIRS["y"][0], bounds.activity)
    for theirs, name in GRADIENTS.items():
        assert_close(ours.gradients[name], THEIRS[theirs], bounds.gradient)


@pytest.mark.parametrize("name", MACHINES)
def test_the_authors_run_on_each_machine(name):
    build, bounds = MACHINES[name]
    assert_theirs(run(build), bounds)


def test_the_authors_run_through_a_script():
    """As a user writes it. Of one update of gradient descent at rate 1, weights lose the gradient.
    """
    import pynn_eprop.host as sim

    sim.setup(timestep=1.0, update_interval=float(STEPS), precision="float64")
    times = [np.flatnonzero(row).astype(float) for row in THEIRS["x"].T]
    inputs = sim.Population(INPUTS, sim.SpikeSourceArray(
        spike_times=[sim.Sequence(row) for row in times]))
    cells = sim.Population(CELLS, sim.EPropALIF(
        tau_m=TAU_M, v_thresh=THRESHOLD, tau_refrac=float(SILENT), beta=THEIRS["beta"],
        tau_a=TAU_A, pseudo_derivative=PiecewiseLinear(height=HEIGHT)))
    readout = sim.Population(READOUTS, sim.EPropReadout(
        tau_m=TAU_OUT, loss="mse", target=TARGET.T))
    dense = sim.AllToAllConnector(allow_self_connections=False)
    projections = {
        name: sim.Projection(pre, cells, dense, sim.EPropSynapse(
            weight=weight, optimizer=SGD(lr=1.0)))
        for name, pre, weight in (("input", inputs, W_IN), ("recurrent", cells, W))}
    sim.Projection(cells, readout, dense, sim.EPropSynapse(weight=W_OUT, optimizer=SGD(lr=1.0)))
    sim.Projection(readout, cells, dense, sim.LearningSignal(weight=W_OUT.T),
                   receptor_type="learning_signal")
    cells.record(["spikes", "v"])
    readout.record("y")
    sim.run(float(STEPS))

    segment = cells.get_data().segments[0]
    spikes = np.zeros((STEPS, CELLS))
    for cell, train in enumerate(segment.spiketrains):
        spikes[np.rint(train.magnitude).astype(int) - 1, cell] = 1
    (v,) = segment.filter(name="v")
    (y,) = readout.get_data().segments[0].filter(name="y")
    lost = {name: np.nan_to_num(before - projections[name].get("weight", "array"))
            for name, before in (("input", W_IN), ("recurrent", W))}
    # the first sample is the initial state
    assert_theirs(Run(spikes, v.magnitude[1:], y.magnitude[1:], lost), FLOAT64)

"""A cell of your own: its parameters, its step in NumPy, and the derivatives that learning needs.

Here spikes arrive at an exponentially decaying synaptic current, which drives the membrane of a
leaky integrate-and-fire cell. The eligibility vector gets a second component by that, and follows
from the derivatives. It runs on the reference, which runs any cell; the script compares how it
learns a small pattern with cells that have no such current.

    python examples/own_cell.py [--updates N]
"""

import argparse
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import pynn_eprop.host as sim
from pynn_eprop import Adam, SpikingCells, initial, parameter, register_cell


@register_cell
@dataclass(frozen=True, kw_only=True)
class CurrentLIF(SpikingCells):
    """i^t = gamma i^{t-1} + arriving;  v^t = alpha v^{t-1} + (1 - gamma) i^t - v_thresh z^{t-1}."""

    tau_m: np.ndarray = parameter(20.0, "ms", "membrane time constant", minimum=0.0, exclusive=True)
    tau_syn: np.ndarray = parameter(5.0, "ms", "of the synaptic current", minimum=0.0,
                                    exclusive=True)
    v_thresh: np.ndarray = parameter(0.61, "dimensionless", "threshold and reset", minimum=0.0,
                                     exclusive=True)
    i_initial: np.ndarray = initial(0.0)
    v_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "CurrentLIF"

    def constants(self, timestep):
        """Decay factors of a step."""
        return {"alpha": np.exp(-timestep / self.tau_m), "gamma": np.exp(-timestep / self.tau_syn)}

    def step(self, cells, arriving):
        """Current and membrane potential after one step."""
        i = cells.gamma * cells.i + arriving
        v = cells.alpha * cells.v + (1.0 - cells.gamma) * i - cells.v_thresh * cells.z
        return {"i": i, "v": v}

    def distance(self, cells):
        """Distance from the threshold."""
        return cells.v - cells.v_thresh

    def transition(self, cells):
        """Derivatives of (i, v) by those of the step before; the reset does not count."""
        return {("i", "i"): cells.gamma, ("v", "v"): cells.alpha,
                ("v", "i"): (1.0 - cells.gamma) * cells.gamma}

    def drive(self, cells):
        """Derivatives of (i, v) by the arriving input."""
        return {"i": 1.0, "v": 1.0 - cells.gamma}

    def distance_gradient(self, cells):
        """The distance grows with v."""
        return {"v": 1.0}


def train(celltype, n_updates, trial=200.0, n_inputs=10, n_cells=20):
    """The error of each update, normalised by the variance of the target; times in ms."""
    rng = np.random.default_rng(1)
    sim.setup(timestep=1.0, update_interval=trial, seed=1, machine="reference")
    target = np.sin(2.0 * np.pi * np.arange(1.0, trial + 1.0) / trial)[np.newaxis]
    clock = sim.Population(n_inputs, sim.SpikeSourceArray(spike_times=[
        np.concatenate([trial * k + np.arange(20.0 * i, 20.0 * (i + 1), 4.0)
                        for k in range(n_updates)]) for i in range(n_inputs)]))
    cells = sim.Population(n_cells, celltype(tau_refrac=2.0))
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=target))
    for pre, post, width in ((clock, cells, 2.0), (cells, readout, 0.5)):
        weight = rng.normal(0.0, width / np.sqrt(pre.size), (pre.size, post.size))
        sim.Projection(pre, post, sim.AllToAllConnector(),
                       sim.EPropSynapse(weight=weight, optimizer=Adam(lr=0.01)))
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(
        weight=rng.normal(0.0, 1.0, (1, n_cells))), receptor_type="learning_signal")
    readout.record("loss")
    sim.run(n_updates * trial)
    loss = readout.get_data("loss").segments[0].analogsignals[0].magnitude[:, 0]
    sim.end()
    return 2.0 * loss / target.size / np.var(target)


def main(n_updates=40):
    """Train cells of both kinds, and print the errors."""
    errors = {celltype.__name__: train(celltype, n_updates)
              for celltype in (sim.EPropLIF, sim.CurrentLIF)}
    for name, error in errors.items():
        print(f"{name}: nMSE {error[0]:.3f} at first, {error[-5:].mean():.3f} in the last 5")
    return errors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=40)
    main(parser.parse_args().updates)

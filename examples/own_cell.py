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
        v = cells.alpha * cells.v + (1.0 - cells.gamma) * i - cells.v_thresh * cells.z_reset
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


def main(n_updates=40):
    """Train cells of both kinds; the errors of their updates."""
    # beside this file, which does without it as a plugin
    from small_pattern import train

    return {celltype.__name__: train(celltype.__name__, celltype(tau_refrac=2.0), 20, n_updates,
                                     machine="reference", optimizer=Adam(lr=0.01))
            for celltype in (sim.EPropLIF, sim.CurrentLIF)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=40)
    main(parser.parse_args().updates)

"""An optimiser of your own: a class with a name, the state that it keeps, and one step.

Here it is gradient descent with momentum. The fast engine computes the gradients and asks the class
for the step at the end of each update; the script compares it with Adam on a small pattern to be
generated.

    python examples/own_optimizer.py [--updates N]
"""

import argparse
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import pynn_eprop.host as sim
from pynn_eprop import Adam, Optimizer, errors, register_optimizer

# --- the optimiser ----------------------------------------------------------------------------


@register_optimizer
@dataclass(frozen=True)
class Momentum(Optimizer):
    """With g the gradient: m <- decay m + g; w <- w - lr m."""

    lr: float = 0.001
    decay: float = 0.9
    name: ClassVar[str] = "momentum"
    meaning: ClassVar[str] = "gradient descent with momentum"

    def __post_init__(self):
        """Refuse bad parameters before anything runs."""
        if not 0.0 <= self.decay < 1.0:
            raise errors.ParameterError(f"Momentum: decay={self.decay!r} must be in [0, 1[")

    def init(self, weight):
        """The initial state, arrays by name; checkpoints have them."""
        return {"mean": np.zeros_like(weight)}

    def update(self, gradient, state, weight, count):
        """New weights and state; count = 1, 2, ... is the number of the update."""
        mean = self.decay * state["mean"] + gradient
        return weight - self.lr * mean, {"mean": mean}


# --- an experiment that uses it ---------------------------------------------------------------

trial, n_inputs, n_cells = 200.0, 10, 40       # ms


def train(optimizer, n_updates):
    """The error of each update, normalised by the variance of the target."""
    rng = np.random.default_rng(1)
    sim.setup(timestep=1.0, update_interval=trial, seed=1)
    phase = 2.0 * np.pi * np.arange(1.0, trial + 1.0) / trial
    target = np.sin(phase)[np.newaxis]
    clock = sim.Population(n_inputs, sim.SpikeSourceArray(spike_times=[
        np.concatenate([trial * k + np.arange(20.0 * i, 20.0 * (i + 1), 4.0)
                        for k in range(n_updates)]) for i in range(n_inputs)]))
    cells = sim.Population(n_cells, sim.EPropLIF(tau_refrac=2.0))
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=target))
    every = sim.AllToAllConnector()

    def plastic(pre, post, width):
        weight = rng.normal(0.0, width / np.sqrt(pre.size), (pre.size, post.size))
        sim.Projection(pre, post, every, sim.EPropSynapse(weight=weight, optimizer=optimizer))

    plastic(clock, cells, 2.0)
    plastic(cells, readout, 0.5)
    sim.Projection(readout, cells, every, sim.LearningSignal(
        weight=rng.normal(0.0, 1.0, (1, n_cells))), receptor_type="learning_signal")
    readout.record("loss")
    sim.run(n_updates * trial)
    loss = readout.get_data("loss").segments[0].analogsignals[0].magnitude[:, 0]
    sim.end()
    return 2.0 * loss / target.size / np.var(target)


def main(n_updates=60):
    """Train with both optimisers, and print the errors."""
    found = {each.name: train(each, n_updates) for each in (Adam(lr=0.01), Momentum(lr=2e-5))}
    for name, error in found.items():
        print(f"{name}: nMSE {error[0]:.3f} at first, {error[-5:].mean():.3f} in the last 5")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=60)
    main(parser.parse_args().updates)

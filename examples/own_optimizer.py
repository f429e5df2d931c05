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


def main(n_updates=60):
    """Train with both optimisers; the errors of their updates."""
    # beside this file, which does without it as a plugin
    from small_pattern import train

    return {optimizer.name: train(optimizer.name, sim.EPropLIF(tau_refrac=2.0), 40, n_updates,
                                  optimizer=optimizer)
            for optimizer in (Adam(lr=0.01), Momentum(lr=2e-5))}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=60)
    main(parser.parse_args().updates)

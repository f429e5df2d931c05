"""A family of tasks of your own: a pattern to be repeated after it was shown once.

Each task is a new sum of three sinusoids, as in the paper's task 1.1. An error module that sees the
pattern learns to send signals from which a network learns it in one trial and one update.

    python examples/own_family.py [further options of `pynn-eprop learn`]
    pynn-eprop learn own-family --plugin examples/own_family.py --out own-family
    pynn-eprop run own-family --plugin examples/own_family.py --learned own-family --out one-shot
"""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop import Family, cli, register_family
from pynn_eprop.tasks import quantity


@register_family
@dataclass(frozen=True)
class OneShotPattern(Family):
    """A task has one array, the ``goal``; the readout has to do what the module is shown."""

    name: ClassVar[str] = "own-family"
    title: ClassVar[str] = "One-shot pattern generation"
    error_name: ClassVar[str] = "nMSE"
    n_outputs: ClassVar[int] = 1
    n_goals: ClassVar[int] = 1
    sizes: ClassVar[dict] = {"small": {
        "n_neurons": 60, "n_module": 60, "batch": 8, "lr": 0.003, "decay": "cosine",
        "iterations": 1500, "c_reg": 0.02, "output_width": 1.0}}

    frequencies: tuple = quantity((1.0, 2.0, 3.0), "Hz", "of the sinusoids")
    amplitudes: tuple = quantity((0.5, 2.0), "", "range of their amplitudes, uniform")

    def draw(self, count, rng):
        """Random amplitudes and phases."""
        shape = (count, 1, len(self.frequencies))
        time = np.arange(1, self.steps + 1)[:, np.newaxis] * self.timestep / 1000.0
        angle = 2.0 * np.pi * (np.array(self.frequencies) * time + rng.random(shape))
        waves = rng.uniform(*self.amplitudes, shape) * np.sin(angle)
        return {"goal": waves.sum(axis=2, keepdims=True)}

    def output_target(self, task):
        """For the figure: the readout's target is known here."""
        return task["goal"]

    def loss(self, y, task, xp):
        """Squared error, summed over steps."""
        return xp.sum((y - task["goal"]) ** 2)

    def error(self, y, task, xp):
        """Mean squared error over the variance of the pattern; 1 for a silent readout, about."""
        return xp.mean((y - task["goal"]) ** 2) / xp.var(task["goal"])


if __name__ == "__main__":
    sys.exit(cli.main(["learn", OneShotPattern.name, "--plugin", __file__, "--force",
                       *sys.argv[1:]]))

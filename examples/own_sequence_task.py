"""A sequence task of your own: name the letter that was shown some steps ago.

Letters come one after another; the target of each step is the letter ``delay`` steps before it.
When a delay is solved, the next one is a step longer.

    python examples/own_sequence_task.py [further options of `pynn-eprop run`]
    pynn-eprop run own-sequence-task --plugin examples/own_sequence_task.py --rule eprop1 --out own
"""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop import CurriculumTask, cli, register_sequence_task
from pynn_eprop.sequence_tasks import Sequences
from pynn_eprop.tasks import quantity

LETTERS = 4


@register_sequence_task
@dataclass(frozen=True)
class DelayedEcho(CurriculumTask):
    """Inputs are letters, one-hot on four channels; targets are the letters some steps before."""

    name: ClassVar[str] = "own-sequence-task"
    title: ClassVar[str] = "Delayed echo"
    error_name: ClassVar[str] = "nats per sequence"
    n_inputs: ClassVar[int] = LETTERS
    n_outputs: ClassVar[int] = LETTERS
    loss: ClassVar[str] = "softmax"
    first_level: ClassVar[dict] = {"delay": 1}
    sizes: ClassVar[dict] = {"small": {
        "n_units": 32, "sg_hidden": 64, "batch": 16, "lr": 0.01, "tanh_output": True,
        "threshold": 2.0, "window": 64, "updates": 20_000}}

    letters: int = quantity(12, "", "letters to be named in a sequence")
    longest: int = quantity(6, "steps", "delay that ends the training when it is solved")

    def next_level(self, level):
        """A step longer."""
        return {"delay": level["delay"] + 1} if level["delay"] < self.longest else None

    def draw(self, level, count, rng):
        """Random letters; the first ``delay`` steps have no target."""
        delay = level["delay"]
        letters = rng.integers(0, LETTERS, (self.letters + delay, count))
        targets = np.concatenate([letters[:delay], letters[:self.letters]])
        return Sequences(np.eye(LETTERS)[letters], targets, np.arange(len(letters)) >= delay)


if __name__ == "__main__":
    sys.exit(cli.main(["run", DelayedEcho.name, "--plugin", __file__, "--force", *sys.argv[1:]]))

"""A task of your own: its parameters, network and trials, and the criterion of a right answer.

A network sees two cues, each of two kinds, with a pause between them, and then has to say whether
they were the same (delayed match to sample). Adaptive cells bridge the pause.

    python examples/own_task.py [further options of `pynn-eprop run`]
    pynn-eprop run own-task --plugin examples/own_task.py --out own-task

Both train it on the host; `pynn-eprop compare` takes it, too.
"""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop import Adam, ValidatedTask, cli, register_task
from pynn_eprop.tasks import CellsPlan, NetworkPlan, ReadoutPlan, Trials, quantity, scaled_normal


@register_task
@dataclass(frozen=True)
class DelayedMatch(ValidatedTask):
    """A trial has four parts: cue, pause, cue, answer."""

    name: ClassVar[str] = "own-task"
    title: ClassVar[str] = "Delayed match to sample"
    paper_updates: ClassVar[int] = 100      # by default: there is no paper
    chance_level: ClassVar[float] = 0.5
    solved_below: ClassVar[float] = 0.05

    n_neurons: int = quantity(60, "", "adaptive cells")
    timestep: float = quantity(1.0, "ms", "time step")
    part: int = quantity(20, "ms", "length of a cue")
    trials_per_update: int = quantity(64, "", "trials per weight update")
    validation_trials: int = quantity(128, "", "trials without learning after each update")
    confirmation_answers: int = quantity(500, "", "answers that decide whether it is solved")

    @property
    def interval(self):
        """Length of a trial, ms."""
        return 4.0 * self.part

    def network(self, seed, feedback, recurrent=True):
        """Ten inputs for each kind of cue and ten for the question; a readout for each answer."""
        rng, n = np.random.default_rng([seed, 1]), self.n_neurons
        return NetworkPlan.one_layer(
            timestep=self.timestep, interval=self.interval,
            trials_per_update=self.trials_per_update, n_inputs=30,
            cells=CellsPlan("cells", "EPropALIF", n, {
                "v_thresh": 0.5, "tau_refrac": 3.0, "beta": 0.1, "tau_a": 200.0}, record=("a",)),
            readout=ReadoutPlan("readout", 2, {"tau_m": 20.0}, "cross_entropy",
                                np.full((2, round(self.interval / self.timestep)), np.nan)),
            input_weight=scaled_normal(30, n, 1.5, rng),
            recurrent_weight=scaled_normal(n, n, 0.5, rng, False) if recurrent else None,
            output_weight=scaled_normal(n, 2, 0.5, rng),
            feedback=feedback, feedback_weight=feedback.weights(2, n, rng),
            optimizer=Adam(lr=0.01))

    def draw(self, n_trials, rng):
        """Random cues; while a group of inputs is active its cells fire at 200 Hz."""
        cues, active = rng.integers(0, 2, (n_trials, 2)), np.zeros((n_trials, 4, 3), bool)
        active[:, 0, :2], active[:, 2, :2] = cues[:, :1] == [0, 1], cues[:, 1:] == [0, 1]
        active[:, 3, 2] = True
        times = [np.flatnonzero(np.repeat(active[:, :, cell // 10].ravel(), self.part)
                                & (rng.random(n_trials * 4 * self.part) < 0.2)) * 1.0
                 for cell in range(30)]
        same = cues[:, :1] == cues[:, 1:]
        target = np.full((n_trials, 4, 2), np.nan)
        target[:, 3] = same == [False, True]
        return Trials(n_trials, {"inputs": times}, {
            "readout": np.repeat(target.reshape(-1, 2), self.part, axis=0).T})

    def training_trials(self, seed, first_update, n_updates):
        """Each update has a generator of its own."""
        return Trials.joined([
            self.draw(self.trials_per_update, np.random.default_rng([seed, 2, update]))
            for update in range(first_update, first_update + n_updates)], self.interval)

    def draw_validation(self, seed, update, batch=0):
        """New trials, from a generator of their own."""
        return self.draw(self.validation_trials, np.random.default_rng([seed, 3, update, batch]))

    def draw_example(self, seed):
        """A trial for the figure."""
        return self.draw(1, np.random.default_rng([seed, 4]))

    def count_wrong(self, y, trials):
        """The answer is the readout that is larger in the mean over the last part."""
        def answers(values):
            return values.reshape(trials.n_trials, 4, self.part, 2)[:, 3].mean(axis=1).argmax(1)
        right = answers(y["readout"]) == answers(trials.targets["readout"].T)
        return int(np.count_nonzero(~right)), trials.n_trials


if __name__ == "__main__":
    sys.exit(cli.main(["run", DelayedMatch.name, "--plugin", __file__, "--force", *sys.argv[1:]]))

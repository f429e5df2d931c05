"""The kinds of feedback weights B that the paper compares (figures 1d, 1e and 2c)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pynn_eprop.models.registering import find_named

Kind = Literal["random", "symmetric", "global", "windowed"]


@dataclass(frozen=True)
class Feedback:
    """How the learning signal L_j = sum_k B_jk err_k is made.

    kind: "random", normal with variance 1/n; "symmetric", the readout weights at every step
    (e-prop 1s); "global", all 1/sqrt(n); "windowed", random and drawn again every ``window`` ms,
    the same sequence in every trial.
    """

    name: str
    kind: Kind
    meaning: str
    window: float | None = None

    def scale(self, n_cells: int) -> float:
        """Standard deviation of B, or its value if it is global, for n cells in all."""
        return float(n_cells) ** -0.5

    def weights(self, n_readouts: int, n_cells: int, rng: np.random.Generator) -> np.ndarray | None:
        """B, shape (n_readouts, n_cells); None if the simulator makes it itself."""
        if self.kind == "random":
            return rng.normal(0.0, self.scale(n_cells), (n_readouts, n_cells))
        if self.kind == "global":
            return np.full((n_readouts, n_cells), self.scale(n_cells))
        return None


FEEDBACKS: dict[str, Feedback] = {
    feedback.name: feedback
    for feedback in (
        Feedback("random", "random", "fixed random weights (e-prop 1)"),
        Feedback("symmetric", "symmetric", "the readout weights themselves (e-prop 1s)"),
        Feedback("global", "global", "one uniform signal for all cells"),
        Feedback("window-1ms", "windowed", "random weights, redrawn every 1 ms", 1.0),
        Feedback("window-20ms", "windowed", "random weights, redrawn every 20 ms", 20.0),
    )
}


def find_feedback(name: str) -> Feedback:
    """The feedback of that name. Raises :class:`TaskError` for an unknown one."""
    return find_named(FEEDBACKS, name, "feedback")

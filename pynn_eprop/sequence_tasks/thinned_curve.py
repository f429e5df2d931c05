"""A learning curve of a bounded number of points, however long the training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MOST = 1000     # even, as pairs are merged


class ThinnedCurve:
    """Points of whole numbers and an error; neighbours are merged when there are too many.

    A point stands for ``stride`` of those that were added: the latest of their positions, the mean
    of their errors.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.stride = 1
        self.points: list[list[float]] = []
        self._errors: list[float] = []

    def add(self, position: Sequence[float], error: float) -> None:
        """Add a point; position: whatever says where it is."""
        self._errors.append(error)
        if len(self._errors) < self.stride:
            return
        self.points.append([*position, float(np.mean(self._errors))])
        self._errors = []
        if len(self.points) >= self._most:
            pairs = zip(self.points[::2], self.points[1::2], strict=True)
            self.points = [[*later[:-1], (one[-1] + later[-1]) / 2.0] for one, later in pairs]
            self.stride *= 2

    def state(self) -> dict[str, Any]:
        """All of it, as JSON knows it."""
        return {"stride": self.stride, "points": self.points, "errors": self._errors}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a state."""
        self.stride = int(state["stride"])
        self.points = [[*map(float, point)] for point in state["points"]]
        self._errors = [*map(float, state["errors"])]

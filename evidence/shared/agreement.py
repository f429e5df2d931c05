"""How far two backends are apart on the same script, and the bounds that they must keep."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Largest difference, as a fraction of the largest value. NEST sums in another order; the factors
#: between its gradient and ours cost a rounding each. The pseudo-derivative magnifies what v and
#: the threshold differ by, next to its zeros.
BOUNDS = {"v": 1e-12, "y": 1e-12, "a": 1e-12, "h": 1e-10, "error": 1e-12,
          "learning_signal": 1e-12, "target": 0.0, "loss": 1e-12, "weights": 1e-9,
          "weights before": 0.0}


@dataclass(frozen=True)
class Difference:
    """Of one quantity: relative to its largest value; infinite if spikes or shapes differ."""

    name: str
    size: float
    bound: float

    @property
    def agrees(self) -> bool:
        """Within the bound."""
        return self.size <= self.bound


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[Difference]:
    """One entry per quantity of ``expected``."""
    assert found.keys() == expected.keys()
    return [_difference(name, found[name], expected[name]) for name in expected]


def _difference(name: str, found: Any, expected: Any) -> Difference:
    variable = name.rpartition("/")[2]
    if variable == "spikes":
        return Difference(name, 0.0 if found == expected else math.inf, 0.0)
    bound = BOUNDS[variable]
    if found.shape != expected.shape or np.any(np.isnan(found) != np.isnan(expected)):
        return Difference(name, math.inf, bound)
    largest = np.nanmax(np.abs(expected), initial=0.0)
    difference = np.nanmax(np.abs(found - expected), initial=0.0)
    return Difference(name, float(difference / largest) if largest else float(difference), bound)

"""The optimisers that the C sources have, and the structure that they are given there."""

import dataclasses
import math
from typing import Any

from pynn_eprop.models.optimizers.adam import Adam
from pynn_eprop.models.optimizers.optimizer import Optimizer
from pynn_eprop.models.optimizers.schedules import ScheduledOptimizer
from pynn_eprop.models.optimizers.sgd import SGD

KERNELS: dict[type[Optimizer], int] = {SGD: 1, Adam: 2}
"""The optimisers of the kernels, in all number systems: enum ep_optimizer_kind."""

_NONE, _OUTSIDE = 0, 3     # further numbers of that
_LARGEST_INT = 2 ** 31 - 1


def kernel_fields(optimizer: Optimizer | None, w_min: float = -math.inf,
                  w_max: float = math.inf) -> dict[str, Any]:
    """Fields of ``eprop_optimizer``; None learns nothing, other kinds are stepped outside."""
    fields: dict[str, Any] = {"kind": _NONE, "decay_every": 1, "decay_factor": 1.0, "eps": 1.0,
                              "w_min": w_min, "w_max": w_max}
    if optimizer is None:
        return fields
    fields["kind"] = KERNELS.get(type(optimizer), _OUTSIDE)
    if fields["kind"] == _OUTSIDE:
        return fields
    assert isinstance(optimizer, ScheduledOptimizer)
    own = {field.name: getattr(optimizer, field.name) for field in dataclasses.fields(optimizer)}
    schedule = own.pop("schedule")
    return fields | own | {"decay_every": min(schedule.every, _LARGEST_INT),
                           "decay_factor": schedule.factor}

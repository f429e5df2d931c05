"""From a projection to its synapses: arrays, expanded once from (seed, projection index)."""

from copy import copy
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any

import numpy as np
from pyNN.parameters import ParameterSpace
from pyNN.random import NumpyRNG
from pyNN.standardmodels import StandardSynapseType

from pynn_eprop.common.connection_values import evaluate, seeded
from pynn_eprop.common.connectivity import connect
from pynn_eprop.common.grid import delay_steps
from pynn_eprop.common.setup import SharedOptions
from pynn_eprop.common.typed_errors import as_error
from pynn_eprop.errors import ProjectionError
from pynn_eprop.models.counter_random import derived_seed


class Purpose(IntEnum):
    """What a generator derived from (seed, index) is for; other uses count on from the last."""

    CONNECTOR = 0
    WEIGHT = 1
    DELAY = 2
    SAMPLE = 3
    INITIAL = 8
    PARAMETERS = 16
    SET = 64


@dataclass
class Synapses:
    """The synapses of one projection, sorted by pre, then post; arrays (synapses,).

    pre, post: indices within the projection's groups. weight: as the projection started.
    delay: whole steps.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    def __len__(self) -> int:
        return len(self.pre)


def expand(projection: Any, connector: Any, options: SharedOptions, index: int) -> Synapses:
    """Expand a projection.

    ``index``: of the projection among all of the run, in the order of their making. What a
    script draws without a seed is drawn from (``options.seed``, ``index``). Raises
    :class:`NetworkError` and :class:`DelayError`.
    """
    rng = NumpyRNG(derived_seed(options.seed, index, Purpose.CONNECTOR))
    synapse_type = _seeded_type(projection.synapse_type, options.seed, index)
    pairs = connect(connector, projection, synapse_type, rng)
    values = {name: evaluate(pairs.values.get(name, value), name, projection, pairs.pre, pairs.post)
              for name, value in synapse_type.parameter_space.items()}
    if connector.safe:
        check_signs(projection, values["weight"])
    delay = to_delay_steps(projection, values.get("delay", options.shortest_delay), options)
    return Synapses(pairs.pre, pairs.post, np.array(values["weight"]),
                    np.broadcast_to(delay, len(pairs.pre)))


def _seeded_type(synapse_type: Any, seed: int, index: int) -> Any:
    """The same synapse type with a seed for all that is drawn without one."""
    seeds = {"weight": Purpose.WEIGHT, "delay": Purpose.DELAY}
    own = copy(synapse_type)
    space = synapse_type.parameter_space
    own.parameter_space = ParameterSpace(
        {name: seeded(value, partial(derived_seed, seed, index, seeds[name]))
         for name, value in space.items()}, space.schema)
    return own


def check_signs(projection: Any, weight: np.ndarray) -> None:
    """Apply the check of PyNN's synapse type; ours have none."""
    check = projection.synapse_type.parameter_checks.get("weight")
    if check is not None and isinstance(projection.synapse_type, StandardSynapseType) \
            and len(weight):
        with as_error(ProjectionError, projection.label):
            check(weight, projection)


def to_delay_steps(projection: Any, delay: Any, options: SharedOptions) -> np.ndarray:
    """Delays in ms as whole steps; one number where all are the same.

    Raises :class:`DelayError`.
    """
    values = np.asarray(delay, dtype=float)
    if values.ndim and len(values) and values.strides == (0,):
        values = values[0]
    maximum = None if options.max_delay == "auto" else float(options.max_delay)
    return delay_steps(values, options.timestep, projection.label, options.shortest_delay, maximum)

"""From a projection to its synapses: arrays, expanded once from (seed, projection number)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyNN.standardmodels import StandardSynapseType

from pynn_eprop.common.expansion.connection_values import evaluate
from pynn_eprop.common.expansion.connectivity import connect
from pynn_eprop.common.expansion.seeds import Draws, seeded_connector, seeded_synapse_type
from pynn_eprop.common.run.grid import delay_steps
from pynn_eprop.common.script.setup import SharedOptions
from pynn_eprop.common.script.typed_errors import as_error
from pynn_eprop.errors import ProjectionError


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


def expand(projection: Any, connector: Any, options: SharedOptions, draws: Draws) -> Synapses:
    """Expand a projection.

    ``draws``: its seeds, for what a script draws without one. Raises :class:`NetworkError` and
    :class:`DelayError`.
    """
    synapse_type = seeded_synapse_type(projection.synapse_type, draws)
    pairs = connect(seeded_connector(connector, draws), projection, synapse_type)
    own = pairs.values
    values = {name: evaluate(own.get(name, value), name, projection, pairs.pre, pairs.post,
                             None if name in own else pairs.order)
              for name, value in synapse_type.parameter_space.items()}
    if connector.safe:
        check_signs(projection, values["weight"])
    delay = to_delay_steps(projection, values.get("delay", options.shortest_delay), options)
    return Synapses(pairs.pre, pairs.post, np.array(values["weight"]),
                    np.broadcast_to(delay, len(pairs.pre)))


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

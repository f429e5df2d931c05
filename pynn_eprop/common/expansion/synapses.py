"""From a projection to its synapses: arrays, expanded once from (seed, projection number).

The bundles of a projection are its synapses, split by the populations at their ends.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyNN.standardmodels import StandardSynapseType

from pynn_eprop.common.arguments.grid import delay_steps
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.common.expansion.connection_values import evaluate
from pynn_eprop.common.expansion.connectivity import connect
from pynn_eprop.common.expansion.groups import Member, members
from pynn_eprop.common.expansion.progress import shown
from pynn_eprop.common.expansion.seeds import Draws, seeded_connector, seeded_synapse_type
from pynn_eprop.errors import ProjectionError

_CONNECTING = 0.8       # of the time that an expansion takes; the rest is drawing weights


@dataclass
class ExpandedSynapses:
    """The synapses of one projection, sorted by pre, then post; arrays (synapses,).

    pre, post: indices within the projection's groups. weight: initial weights.
    delay: whole steps.
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    delay: np.ndarray

    def __len__(self) -> int:
        return len(self.pre)


def expand(projection: Any, connector: Any, options: SharedOptions, draws: Draws
           ) -> ExpandedSynapses:
    """Expand a projection.

    ``draws``: its seeds, for draws without one. A bar on a terminal shows how far it is. Raises
    :class:`NetworkError` and :class:`DelayError`.
    """
    with shown(projection.label) as progress:
        return _expand(projection, connector, options, draws, progress)


def _expand(projection: Any, connector: Any, options: SharedOptions, draws: Draws,
            progress: Callable[[float], None]) -> ExpandedSynapses:
    synapse_type = seeded_synapse_type(projection.synapse_type, draws)
    pairs = connect(seeded_connector(connector, draws), projection, synapse_type,
                    lambda share: progress(_CONNECTING * share))
    own = pairs.values
    values = {name: evaluate(own.get(name, value), name, projection, pairs.pre, pairs.post,
                             None if name in own else pairs.order)
              for name, value in synapse_type.parameter_space.items()}
    if connector.safe:
        check_signs(projection, values["weight"])
    progress(1.0)
    delay = to_delay_steps(projection, values.get("delay", options.shortest_delay), options)
    return ExpandedSynapses(pairs.pre, pairs.post, np.array(values["weight"]),
                            np.broadcast_to(delay, len(pairs.pre)))


def check_signs(projection: Any, weight: np.ndarray) -> None:
    """Apply the check of PyNN's synapse type; ours have none."""
    check = projection.synapse_type.parameter_checks.get("weight")
    if check is not None and isinstance(projection.synapse_type, StandardSynapseType) \
            and len(weight):
        with as_error(ProjectionError, projection.label):
            check(weight, projection)


def to_delay_steps(projection: Any, delay: Any, options: SharedOptions) -> np.ndarray:
    """Delays in ms as whole steps; one number if all are the same.

    Raises :class:`DelayError`.
    """
    values = np.asarray(delay, dtype=float)
    if values.ndim and len(values) and values.strides == (0,):
        values = values[0]
    maximum = None if options.max_delay == "auto" else float(options.max_delay)
    return delay_steps(values, options.timestep, projection.label, options.shortest_delay, maximum)


@dataclass(frozen=True)
class Bundle:
    """The synapses of a projection that lead from one population to another.

    which: their places among the projection's synapses; None for all. pre_index, post_index:
    within the whole populations.
    """

    pre: Any
    post: Any
    which: np.ndarray | None
    pre_index: np.ndarray
    post_index: np.ndarray

    def take(self, values: np.ndarray) -> np.ndarray:
        """The entries of ``values`` (synapses of the projection,) that belong to this bundle."""
        return values if self.which is None else values[self.which]

    def put(self, values: np.ndarray, part: np.ndarray) -> None:
        """The reverse of :meth:`take`, in place."""
        values[slice(None) if self.which is None else self.which] = part


def bundles(pre: Any, post: Any, synapses: ExpandedSynapses) -> list[Bundle]:
    """The synapses of a projection, split by the populations at their ends."""
    return list(_bundles(members(pre), members(post), synapses))


def _bundles(pre: list[Member], post: list[Member], synapses: ExpandedSynapses) -> Iterator[Bundle]:
    for source in pre:
        for target in post:
            which = None
            if len(pre) > 1 or len(post) > 1:
                which = np.flatnonzero(_within(source, synapses.pre)
                                       & _within(target, synapses.post))
            yield Bundle(source.population, target.population, which,
                         _global(source, synapses.pre, which),
                         _global(target, synapses.post, which))


def _within(member: Member, indices: np.ndarray) -> np.ndarray:
    return (indices >= member.offset) & (indices < member.offset + len(member.indices))


def _global(member: Member, indices: np.ndarray, which: np.ndarray | None) -> np.ndarray:
    """Places within the whole population; the array itself if it has these already."""
    local = indices if which is None else indices[which]
    if member.offset:
        local = local - member.offset
    if len(member.indices) == member.population.size:
        return local
    return member.indices[local]

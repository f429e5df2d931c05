"""Rules whose trace is the filtered presynaptic spikes times a factor of the postsynaptic cell."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import LearningCells, LIFCells
from pynn_eprop.models.rules.rule import Rule

Memory = Mapping[str, Any]


@dataclass(frozen=True)
class PostsynapticFactor(Rule):
    """Base class of rules with e_ji^t = P_j^t zhat_i^{t-1}, P of the postsynaptic cell alone.

    zhat_i is the filter of the presynaptic spikes with the membrane's alpha, so that the rule is
    for EPropLIF, EPropALIF and kinds derived from them. A subclass gives :meth:`factor`, the names
    in ``needs`` and, if P depends on the past, ``memory``.

    memory: what P keeps for each cell from one step to the next, 0 at the start of an interval.
    membrane_trace: whether the presynaptic spikes are filtered; z_i^{t-1} itself if not.
    """

    memory: ClassVar[tuple[str, ...]] = ()
    membrane_trace: ClassVar[bool] = True

    def traces_of(self, kind: type[LearningCells]) -> tuple[str, ...]:
        """The filtered spikes and the memory of the factor, of each synapse."""
        return ("zhat", *self.memory)

    def check_kind(self, kind: type[LearningCells], owner: str) -> None:
        """Refuse kinds without the membrane and the threshold of eq. 20."""
        super().check_kind(kind, owner)
        if not issubclass(kind, LIFCells):
            raise UnsupportedError(
                f"{owner}: rule {self.name!r} is made of the membrane potential and its decay "
                f"alpha as in eq. 20, and {kind.name} has others; it is for EPropLIF, EPropALIF "
                "and kinds derived from them")

    def factor(self, memory: Memory, cells: Any) -> tuple[Any, Memory]:
        """P_j^t, and the memory after step t.

        memory: as left by the step before. cells: as in :meth:`Rule.eligibility`, of this step;
        all arrays of one shape. In arithmetic and comparisons alone, without functions of NumPy,
        it runs on the machine in JAX as well.
        """
        raise NotImplementedError

    def eligibility(self, traces: Any, arriving: np.ndarray, cells: Any, post: np.ndarray
                    ) -> np.ndarray:
        """e_ji of one step, shape (synapses,); see :class:`Rule`."""
        seen = _OfSynapses(cells, post)
        traces.zhat = seen.alpha * traces.zhat + arriving if self.membrane_trace \
            else arriving.astype(float)
        P, memory = self.factor({name: getattr(traces, name) for name in self.memory}, seen)
        for name in self.memory:
            values = np.asarray(memory[name], dtype=float)
            setattr(traces, name, values if values.ndim else np.full(post.shape, values))
        return np.asarray(P * traces.zhat)


class _OfSynapses:
    """Values of cells as those of the synapses onto them."""

    def __init__(self, cells: Any, post: np.ndarray) -> None:
        self._cells, self._post = cells, post

    def __getattr__(self, name: str) -> Any:
        values = getattr(self._cells, name)
        return values[self._post] if np.ndim(values) else values

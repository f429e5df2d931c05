"""The base class of learning rules."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import AnalogCells, LearningCells


@dataclass(frozen=True)
class Rule:
    """Base class of learning rules.

    The gradient of a synapse from i to j is, in every rule (eq. 1 and 56),

        dE/dW_ji = sum_t L_j^t ebar_ji^t + C_j sum_t e_ji^t,

    ebar the eligibility trace e filtered with the kappa of the readouts. A rule says what e is.
    Synapses onto readouts have no choice of e: their trace is the filtered spike (eq. 48, 53).

    A subclass gives ``name``, ``meaning``, ``traces``, ``needs`` and :meth:`eligibility`, which the
    reference runs. Other machines have their own implementation of each class that they know, and
    refuse others by name. A subclass may have parameters: fields of a frozen dataclass.

    name: as scripts and the command line write it. meaning: one line for lists and documentation.
    traces: kept for each synapse from one step to the next, 0 at the start of an interval.
    needs: variables of the postsynaptic cells that :meth:`eligibility` reads, as recordings call
    them; the forward pass has to provide these.
    for_analog: whether it is defined for cells that pass on values
    (:class:`~pynn_eprop.models.cells.AnalogCells`), which have no h; there ``cells`` has ``h`` = 1
    and the derivatives, and nothing else.
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    traces: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[tuple[str, ...]] = ("h",)
    for_analog: ClassVar[bool] = False

    def traces_of(self, kind: type[LearningCells]) -> tuple[str, ...]:
        """The traces of synapses onto cells of a kind: :attr:`traces`, unless overridden."""
        return self.traces

    def check_kind(self, kind: type[LearningCells], owner: str) -> None:
        """Raise :class:`UnsupportedError` for a kind of cell that the rule is not defined for.

        owner: the synapses, for the message.
        """
        if issubclass(kind, AnalogCells):
            if not self.for_analog:
                raise UnsupportedError(
                    f"{owner}: rule {self.name or type(self).__name__!r} is not defined for "
                    f"{kind.name} cells, which do not spike; choose 'e-prop' or "
                    "'truncated-traces'")
            return
        missing = [name for name in self.needs if name not in kind.recordable()]
        if missing:
            raise UnsupportedError(
                f"{owner}: rule {self.name or type(self).__name__!r} needs {missing[0]!r} of the "
                f"cells, which {kind.name} does not have; it has {list(kind.recordable())}")

    def eligibility(self, traces: Any, arriving: np.ndarray, cells: Any, post: np.ndarray
                    ) -> np.ndarray:
        """e_ji of one step, shape (synapses,).

        traces: has an attribute of shape (synapses,) for each name of :meth:`traces_of`, to be
        replaced. arriving: z_i^{t-d}, how many spikes arrive, or x_i^{t-d}, the value
        that a source of values passes on: any real number. cells: the postsynaptic population
        at this step, arrays over its cells: the parameters and constants of its kind (of LIF and
        adaptive LIF cells ``v_th``, ``alpha``, ``rho`` and ``beta``, the last two 0 for cells that
        do not adapt) and what the rule needs, with "spikes" as ``z``, 0 or 1. post: the cell of
        each synapse.
        """
        raise NotImplementedError

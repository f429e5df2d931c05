"""What a learning rule is."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np


@dataclass(frozen=True)
class Rule:
    """Base class of learning rules.

    The gradient of a synapse from i to j is, in every rule (eq. 1 and 56),

        dE/dW_ji = sum_t L_j^t ebar_ji^t + C_j sum_t e_ji^t,

    ebar the eligibility trace e filtered with the kappa of the readouts. A rule says what e is.
    Synapses onto readouts have no choice of e: their trace is the filtered spike (eq. 48, 53).

    A subclass gives ``name``, ``meaning``, ``traces`` and :meth:`eligibility`, which the reference
    runs. Other machines have a rule of their own making for each class that they know, and refuse
    others by name. A subclass may have parameters: fields of a frozen dataclass.

    name: as scripts and the command line write it. meaning: one line for lists and documentation.
    traces: what is kept for each synapse from one step to the next, 0 at the start of an interval.
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    traces: ClassVar[tuple[str, ...]] = ()

    def eligibility(self, traces: Any, arriving: np.ndarray, cells: Any, post: np.ndarray
                    ) -> np.ndarray:
        """e_ji of one step, shape (synapses,).

        traces: has an attribute of shape (synapses,) for each name in :attr:`traces`, to be
        replaced. arriving: z_i^{t-d}, how many spikes arrive. cells: the postsynaptic population
        at this step, arrays over its cells: ``h`` (pseudo-derivative), ``v``, ``a``, ``z``,
        ``v_th``, ``alpha``, ``rho``, ``beta`` (0 for cells that do not adapt). post: the cell of
        each synapse.
        """
        raise NotImplementedError

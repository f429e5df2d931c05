"""Sources of analog values, which enter eq. 20 in the place of spikes."""

import math
from dataclasses import dataclass
from typing import ClassVar

from pynn_eprop.models.cells.fields import DIMENSIONLESS, component
from pynn_eprop.models.cells.kind import Population
from pynn_eprop.models.parameters import Parameter, table


@dataclass(frozen=True)
class AnalogSources(Population):
    """Cells without spikes, whose values x_i^t are given from outside.

    A synapse passes on W_ji x_i^{t-d} as it passes on W_ji z_i^{t-d} of a cell that spikes, and
    its eligibility vector is driven by x_i^{t-d}: the gradient is sum_t F_j^t x_i^{t-d}. Values are
    inputs of a run, as the spikes of sources are; how frames of values follow each other is decided
    where a script gives them.

    largest: the largest magnitude of a value, which formats of fixed point are chosen for.
    """

    largest: float = component(1.0)

    name: ClassVar[str] = "AnalogSource"
    meaning: ClassVar[str] = "given values, which synapses pass on in the place of spikes"
    emits_spikes: ClassVar[bool] = False
    emits_values: ClassVar[bool] = True
    receives: ClassVar[bool] = False
    from_outside: ClassVar[bool] = True
    first_emission: ClassVar[int] = 0

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The times of frames, which scripts give beside the values."""
        return table((
            Parameter("frame_duration", math.nan, "ms", "time for which each frame of values holds",
                      minimum=0.0, exclusive=True, on_grid=True, uniform=True),
            Parameter("start", 0.0, "ms", "time of the first frame after that at which the values "
                      "were given; of values that repeat, after the start of an interval",
                      minimum=0.0, on_grid=True, uniform=True)))

    @classmethod
    def units(cls) -> dict[str, str]:
        """The unit of the value."""
        return {"value": DIMENSIONLESS}

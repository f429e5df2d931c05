"""A substrate that is no chip: a machine of this process, exact, with a sample at each step."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeGuard

import numpy as np

from pynn_eprop.errors import SetupError
from pynn_eprop.in_the_loop.measured import Measured, Samples
from pynn_eprop.in_the_loop.named_machines import build_machine
from pynn_eprop.in_the_loop.substrate import ChipNetwork, Dynamics, Limits, Substrate
from pynn_eprop.models.activity import Spikes
from pynn_eprop.models.cells import ALIFCells, CurrLIFCells, LIFCells, Population, SpikingCells
from pynn_eprop.models.network import Inputs, Recording


@dataclass
class Model(Substrate):
    """Cells as described, on the machine that is fastest for them, in float64.

    holds, tau_syn: as those of :class:`Dynamics`. Without holds it also has adaptive cells, and no
    synaptic currents.

    Raises :class:`SetupError` for values that are out of range, or that do not go together.
    """

    holds: bool = False
    tau_syn: float = 0.0
    _machine: Any = field(default=None, init=False, repr=False)

    name: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        check_dynamics(self.holds, self.tau_syn)
        self.limits = Limits()
        self.dynamics = Dynamics(self.holds, self.tau_syn, before_reset=True)

    @property
    def kinds(self) -> tuple[type[SpikingCells], ...]:
        """The kinds of cell that a script may use."""
        return (LIFCells, CurrLIFCells) if self.holds else (LIFCells, ALIFCells, CurrLIFCells)

    def configure(self, chip: ChipNetwork) -> None:
        """Build the machine."""
        self._machine = build_machine(chip.network, None, "float64")

    def set_weights(self, weights: Mapping[int, np.ndarray]) -> None:
        """Take the weights of projections."""
        for index, weight in weights.items():
            self._machine.set_weights(index, weight)

    def set_cells(self, populations: tuple[Population, ...]) -> None:
        """Take other parameters of cells, at once."""
        network = replace(self._machine.network, populations=populations)
        for index in network.of_kind(SpikingCells):
            self._machine.set_population(index, network)

    def trial(self, spikes: Mapping[int, Spikes], steps: int, number: int, sampled: bool
              ) -> Measured:
        """Run one trial."""
        machine, start = self._machine, self._machine.step
        dt = machine.network.settings.timestep
        cells = machine.network.of_kind(SpikingCells)
        recordings = [Recording(index, variable, np.arange(each.size))
                      for index, each in cells.items()
                      for variable in (("spikes", "v") if sampled else ("spikes",))]
        recorded = machine.run(steps, Inputs({index: (np.asarray(when) + start, who)
                                              for index, (when, who) in spikes.items()}),
                               recordings, learning=False)
        measured, times = Measured(), np.arange(1, steps + 1) * dt
        for recording, entry in zip(recordings, recorded.entries, strict=True):
            if isinstance(entry, tuple):
                measured.spikes[recording.population] = ((entry[0] - start) * dt, entry[1])
            else:
                measured.samples[recording.population] = Samples(times, np.asarray(entry))
        return measured

    def describe(self) -> dict[str, object]:
        """Its parameters."""
        return {"substrate": self.name, "holds": self.holds, "tau_syn": self.tau_syn}


def check_dynamics(holds: object, tau_syn: object) -> None:
    """Raise :class:`SetupError` unless these can be those of :class:`Dynamics`."""
    if not isinstance(holds, (bool, np.bool_)):
        raise SetupError(f"holds={holds!r} must be True or False")
    if not (is_number(tau_syn) and 0.0 <= tau_syn < np.inf):
        raise SetupError(f"tau_syn={tau_syn!r} must be a number >= 0, in ms")
    if tau_syn and not holds:
        raise SetupError(f"tau_syn={tau_syn!r} needs holds=True: cells from which the threshold is "
                         "subtracted have no synaptic currents")


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is one real number."""
    return isinstance(value, (int, float, np.floating, np.integer)) and not isinstance(value, bool)

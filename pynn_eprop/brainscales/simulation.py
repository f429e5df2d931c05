"""A network and the machine with a chip in the loop that runs it."""

import warnings
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.run.timeline import Pace, Timeline
from pynn_eprop.errors import MeasurementWarning, SetupError, UnsupportedError
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.in_process.simulation import InProcessSimulation
from pynn_eprop.in_the_loop.machine import LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.substrate import Substrate, calling
from pynn_eprop.models.cells import Readouts, Sources
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network


class TrialByTrial(Pace):
    """Chunks of one trial: if one fails, all that was recorded before it is kept."""

    def __init__(self, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._interval = timeline.interval_steps

    def next(self, step: int, last: int, most_steps: int | None = None) -> int:
        """The steps of a trial."""
        return super().next(step, last, self._interval)


class Simulation(InProcessSimulation):
    """A network that a substrate runs. substrate: None before ``setup()``."""

    def __init__(self, options: SharedOptions, substrate: Substrate | None, loop: LoopOptions
                 ) -> None:
        super().__init__(options)
        self._substrate = substrate
        self.loop = loop
        self.pace = TrialByTrial(self.timeline)

    @property
    def substrate(self) -> Substrate:
        """What runs the trials. Raises :class:`SetupError` before ``setup()``."""
        if self._substrate is None:
            raise SetupError("call setup() first: it says on which substrate trials run")
        return self._substrate

    @property
    def kinds(self) -> KnownKinds:
        """The cells that the substrate has; the learner knows more or less of the rest."""
        return KnownKinds(self.substrate.name, (*self.substrate.kinds, Sources, Readouts))

    @property
    def arithmetic(self) -> str:
        """Name of the arithmetic of the learner; the machine's state names the substrate."""
        return f"brainscales-{self.loop.precision}"

    def _build_machine(self, network: Network, held: Formats | None) -> Machine:
        return LoopMachine(network, self.substrate, self.loop)

    def check_records_traces(self, projection: Any) -> None:
        """Raise :class:`UnsupportedError`: traces are kept nowhere."""
        raise UnsupportedError(f"{projection.label}: eligibility traces are not recorded with a "
                               "chip in the loop; record them on the host backend")

    def acting_weights(self, projection: Any) -> np.ndarray:
        """The weights that the chip holds, (synapses,); those of readouts as they are."""
        machine = self.machine
        if not isinstance(machine, LoopMachine) or self._holder_of(projection) is None:
            return super().acting_weights(projection)
        found = np.array(self.weights(projection))
        if not projection.is_feedback:
            for bundle, place in self._bundles(projection):
                if place in machine.chip.projections:
                    bundle.put(found, machine.weights_on_chip(place))
        return found

    def warn_of_measurements(self) -> None:
        """Warn, once each, of weights that the chip cannot hold, and of missing samples."""
        machine = self.machine
        if isinstance(machine, LoopMachine):
            for about, sentence in machine.shortfalls():
                if about not in self.warned:
                    self.warned.add(about)
                    warnings.warn(sentence, MeasurementWarning, stacklevel=2)

    def end(self) -> None:
        """Give the substrate back."""
        super().end()
        self.close()

    def close(self) -> None:
        """Give the substrate back, if there is one."""
        substrate = self._substrate
        if substrate is not None:
            substrate.configured = None
            with calling(substrate, "close()"):
                substrate.close()

"""A network and the machine in JAX that runs it."""

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.files.checkpoints import EPROP_GRADIENT
from pynn_eprop.errors import NetworkError
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.functional.kinds import jax_kinds
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.in_process.simulation import InProcessSimulation
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network


class Simulation(InProcessSimulation):
    """A network that JAX computes."""

    def __init__(self, options: SharedOptions, computed: JaxOptions) -> None:
        super().__init__(options)
        self.computed = computed
        self.gradient_setting = self._gradient_setting()
        self.learns_from_signals = computed.gradient == "eprop"

    def _gradient_setting(self) -> str:
        if self.computed.gradient == "eprop":
            return EPROP_GRADIENT
        steps = self.computed.truncation_steps
        truncation = "" if steps is None else f", truncation={self.timeline.time(steps):g}"
        return f"gradient={self.computed.gradient!r}{truncation}"

    @property
    def kinds(self) -> KnownKinds:
        """The cells, rules, losses, optimisers and pseudo-derivatives of the machine."""
        return jax_kinds()

    @property
    def arithmetic(self) -> str:
        """Name of the arithmetic; a checkpoint continues only with the same."""
        return f"jax-{self.computed.precision}"

    def structure_changes(self, what: str) -> None:
        """Note that the machine has to be built again.

        Raises :class:`NetworkError` within an interval, and within an update of BPTT, whose trials
        run again at its end.
        """
        if not self.learns_from_signals and isinstance(self.machine, JaxMachine) \
                and self.machine.update_in_progress() and self.timeline.starts_interval(self.step):
            raise NetworkError(f"{what} at {self.time:.9g} ms, within an update of several trials; "
                               "with gradient='bptt' run() to its end first")
        super().structure_changes(what)

    def _build_machine(self, network: Network, held: Formats | None) -> Machine:
        return JaxMachine(network, self.computed)

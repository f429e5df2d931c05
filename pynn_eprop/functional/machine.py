"""The machine in JAX."""

from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.network import Network
from pynn_eprop.reference import ReferenceMachine


class JaxMachine(ReferenceMachine):
    """Stands for the machine in JAX."""

    def __init__(self, network: Network, options: JaxOptions) -> None:
        super().__init__(network)
        self.options = options

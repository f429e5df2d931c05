"""The machines of this process, by name: each can learn from activity, or run a network."""

from importlib.util import find_spec

from pynn_eprop.engine.parameters import FLOAT_KINDS
from pynn_eprop.errors import SetupError, UnsupportedError
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network

ENGINE, JAX, REFERENCE = "engine", "jax", "reference"
LEARNERS = (ENGINE, JAX, REFERENCE)


def kinds_of(name: str) -> KnownKinds:
    """The kinds that a machine knows."""
    if name == ENGINE:
        return FLOAT_KINDS
    if name == JAX:
        from pynn_eprop.functional.kinds import jax_kinds
        return jax_kinds()
    return KnownKinds("the reference")


def check_learner(name: str) -> None:
    """Raise :class:`SetupError` for an unknown learner, or for JAX if it is not installed."""
    if name not in LEARNERS:
        raise SetupError(f"setup(): learner={name!r} is unknown; choose one of {list(LEARNERS)}")
    if name == JAX and find_spec("jax") is None:
        raise SetupError("setup(): learner='jax' needs JAX; pip install 'pynn_eprop[jax]', or "
                         "choose 'reference'")


def build_machine(network: Network, name: str | None, precision: str) -> Machine:
    """A machine at step 0; without a name the fastest that knows all of the network.

    Raises the errors of networks that it cannot run.
    """
    if name is None:
        name = fastest(network)
    if name == ENGINE:
        from pynn_eprop.engine import HostEngine
        return HostEngine(network, precision)
    if name == JAX:
        from pynn_eprop.functional.machine import JaxMachine
        from pynn_eprop.functional.options import JaxOptions
        return JaxMachine(network, JaxOptions(precision))
    from pynn_eprop.reference import ReferenceMachine
    return ReferenceMachine(network)


def fastest(network: Network) -> str:
    """The name of the fastest machine that knows all of a network."""
    for name in (ENGINE, JAX) if find_spec("jax") is not None else (ENGINE,):
        try:
            kinds_of(name).check_network(network)
        except UnsupportedError:
            continue
        return name
    return REFERENCE

"""The machines behind the backend, and what one takes over from another."""

import contextlib
import re
from enum import Enum

import numpy as np

from pynn_eprop.common.memory import check_activity_fits
from pynn_eprop.engine.machine import Machine
from pynn_eprop.errors import CheckpointError, MissingDependencyError
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.network import Network
from pynn_eprop.reference import ReferenceMachine

State = dict[str, np.ndarray]


class Precision(str, Enum):
    """Number system.

    FIXED is the arithmetic of a SpiNNaker core. REFERENCE is the NumPy yardstick: float64, slow,
    for small networks.
    """

    FLOAT32 = "float32"
    FLOAT64 = "float64"
    FIXED = "fixed"
    REFERENCE = "reference"


def build_machine(network: Network, precision: Precision,
                  fixed_point: FixedPoint | None = None) -> Machine:
    """A machine at global step 0. fixed_point: formats that shall not be chosen, if FIXED.

    Raises :class:`MissingDependencyError` where the compiled engine is missing,
    :class:`NetworkError` where a network does not fit into memory.
    """
    check_activity_fits(network)
    if precision is Precision.REFERENCE:
        return ReferenceMachine(network)
    try:
        from pynn_eprop.engine import HostEngine
    except ImportError as error:
        raise MissingDependencyError(
            f"the compiled engine is missing ({error}); build it with `pip install -e .`, or use "
            "setup(precision='reference') for small networks") from error
    return HostEngine(network, precision.value, fixed_point)


def take_over(old: Machine, new: Machine, synapses: bool = True) -> None:
    """Let ``new`` go on where ``old`` stands.

    The parts that both have must come first in both networks, in the same order; further parts
    of ``new`` keep their initial state. Spikes in flight are lost where the longest delay changed.
    Without ``synapses``, those keep the state they were built with.
    """
    state = {name: array for name, array in old.state().items()
             if synapses or not name.startswith(("projection", "block"))}
    if isinstance(new, ReferenceMachine):
        new.restore(_merged(new.state(), state))
        return
    with contextlib.suppress(CheckpointError):      # it is incomplete, but decides what is needed
        new.restore({"position": state["position"]})
    needed = new.state()
    fitting = {name for name, array in state.items()
               if name in needed and needed[name].size == array.size}
    fitting |= {name for name in state if name.endswith(".spikes") and name in needed
                and name.replace(".spikes", ".start") in fitting}
    new.restore({**needed, **{name: state[name] for name in fitting}})


def _merged(fresh: State, state: State) -> State:
    """``fresh`` with the entries of ``state``; what got more rows keeps the rows it had."""
    for name, array in state.items():
        if name not in fresh:
            continue
        if fresh[name].shape == array.shape:
            fresh[name] = array
        elif name.endswith("/e_bar") and len(array) < len(fresh[name]):
            fresh[name][:len(array)] = array
    return fresh


_LEARNED = re.compile(
    r"projection\d+/(weight|plasticity/.*|optimizer/.*)"       # reference
    r"|population\d+/(bias|bias_gradient|bias_optimizer/.*)"
    r"|block\.\d+\.\d+\.(weight|master|gradient|m|v|updates)"  # engine
    r"|population\.\d+\.\d+\.(bias|bias_master|bias_m|bias_v|bias_gradient|bias_updates)")


def take_over_learning(old: Machine, new: Machine) -> None:
    """Let ``new``, at step 0 of the same network, have what ``old`` learned.

    Weights, biases, the state of the optimisers and the number of updates; no activity.
    """
    state = old.state()
    learned = {name: array for name, array in state.items() if _LEARNED.fullmatch(name)}
    fresh = new.state()
    if isinstance(new, ReferenceMachine):
        learned["machine/updates"] = state["machine/updates"]
    else:
        position = fresh["position"].view(np.int64).copy()
        position[_UPDATES] = old.updates
        learned["position"] = position.view(np.uint8)
    new.restore({**fresh, **learned})


_UPDATES = 1    # place in the engine's entry "position"

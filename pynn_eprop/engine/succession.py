"""Taking over from an engine that ran, or learned in, a network with fewer parts."""

import contextlib
import re
from typing import Protocol

import numpy as np

from pynn_eprop.errors import CheckpointError

POSITION = np.dtype([(name, np.int64) for name in (
    "step", "updates", "s", "pending", "current", "last", "learning", "started")])
"""The entry "position" of the engine's state."""

_FIRST = ("position", "engine.0.0.length")     # steps of trials, if some are short
_OF_SYNAPSES = ("projection", "block")
_LEARNED = re.compile(
    r"block\.\d+\.\d+\.(weight|master|gradient|m|v|updates)|projection\.\d+\.\d+\.own_.*"
    r"|population\.\d+\.\d+\.(bias|bias_master|bias_m|bias_v|bias_gradient|bias_updates|own_.*)")


class _Machine(Protocol):
    @property
    def updates(self) -> int: ...

    def state(self) -> dict[str, np.ndarray]: ...

    def restore(self, state: dict[str, np.ndarray]) -> None: ...


class Successor:
    """The methods of :class:`pynn_eprop.in_process.machine.Machine` that take over."""

    def take_over(self: _Machine, old: _Machine, synapses: bool = True) -> None:
        """Continue from ``old``; see the interface."""
        state = {name: array for name, array in old.state().items()
                 if synapses or not name.startswith(_OF_SYNAPSES)}
        # it is incomplete, but which further entries there are depends on it
        with contextlib.suppress(CheckpointError):
            self.restore({name: state[name] for name in _FIRST if name in state})
        needed = self.state()
        fitting = {name for name, array in state.items()
                   if name in needed and needed[name].size == array.size}
        fitting |= {name for name in state if name.endswith(".spikes") and name in needed
                    and name.replace(".spikes", ".start") in fitting}
        self.restore({**needed, **{name: state[name] for name in fitting}})

    def take_over_learning(self: _Machine, old: _Machine, synapses: bool = True) -> None:
        """Begin with the learned state of ``old``; see the interface."""
        fresh = self.state()
        position = fresh["position"].view(POSITION).copy()
        position["updates"] = old.updates
        learned = {name: array for name, array in old.state().items() if _LEARNED.fullmatch(name)
                   and (synapses or not name.startswith(_OF_SYNAPSES))}
        self.restore({**fresh, **learned, "position": position.view(np.uint8)})

"""Taking over from a reference machine that ran, or learned in, a network with fewer parts."""

import re
from typing import Protocol

import numpy as np

State = dict[str, np.ndarray]

_LEARNED = re.compile(r"projection\d+/(weight|plasticity/.*|optimizer/.*)"
                      r"|population\d+/(bias|bias_gradient|bias_optimizer/.*)"
                      r"|machine/updates")


class _Machine(Protocol):
    def state(self) -> State: ...

    def restore(self, state: State) -> None: ...


class Successor:
    """The methods of :class:`pynn_eprop.in_process.machine.Machine` that take over."""

    def take_over(self: _Machine, old: _Machine, synapses: bool = True) -> None:
        """Continue from ``old``; see the interface."""
        fresh = self.state()
        for name, array in old.state().items():
            if name not in fresh or (name.startswith("projection") and not synapses):
                continue
            if fresh[name].shape == array.shape:
                fresh[name] = array
            elif name.endswith("/e_bar") and len(array) < len(fresh[name]):
                fresh[name][:len(array)] = array    # rows of the signals that both have
        self.restore(fresh)

    def take_over_learning(self: _Machine, old: _Machine, synapses: bool = True) -> None:
        """Begin with the learned state of ``old``; see the interface."""
        learned = {name: array for name, array in old.state().items() if _LEARNED.fullmatch(name)
                   and (synapses or not name.startswith("projection"))}
        self.restore({**self.state(), **learned})

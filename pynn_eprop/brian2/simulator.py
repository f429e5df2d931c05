"""PyNN's view of the simulation, which its classes look up as ``_simulator.state``.

PyNN's Brian2 backend keeps one state object per process, which all its parts refer to. Here the
same object also prepares and restarts cells that learn; stock cells are run as before, and so are
networks that ``pyNN.brian2.setup()`` begins.
"""

from typing import Any

import numpy as np
from brian2 import Synapses, ms
from pyNN.brian2 import simulator as parent

from pynn_eprop.brian2.network import OwningNetwork
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.seeds import Draws
from pynn_eprop.common.run.state import StateOfParent

name = parent.name
ID = parent.ID
STORED = "before-first-run"
"""Brian2's name of the stored state that a reset restores; PyNN's backend uses it, too."""


class State(StateOfParent, type(parent.state)):  # type: ignore[misc]
    """PyNN's state and the :class:`Simulation` since our ``setup()``, or None."""

    network: Any

    def clear(self) -> None:
        """Forget the network."""
        super().clear()
        self.network = OwningNetwork(self.network.clock)

    @property
    def min_delay(self) -> float:
        """The shortest delay that synapses can have, in ms; also that of synapses without one.

        With "auto" it is the shortest delay of the network, once something has run.
        """
        if self.simulation is None:
            return float(super().min_delay)
        shortest = float(self.simulation.options.shortest_delay)
        if self.simulation.options.min_delay != "auto" or not self.t:
            return shortest
        delays = [np.min(each.delay / ms) for each in self.network.sorted_objects
                  if isinstance(each, Synapses) and len(each) and each._pathways]
        return float(np.round(min(delays, default=shortest), 9))

    @min_delay.setter
    def min_delay(self, delay: float | str) -> None:
        self._min_delay = delay

    def begin(self, options: SharedOptions) -> None:
        """Forget the network and begin a new one, whose simulation ``setup()`` makes."""
        self.clear()
        self.dt = options.timestep
        self.draws = Draws(options.seed)

    def changeable(self) -> tuple[Any, ...]:
        """Objects that a refused call may have changed: Brian2's network, too."""
        return *super().changeable(), self.network

    def _advance_to(self, tstop: float) -> None:
        simulation = self.simulation
        last = simulation.timeline.step_at(tstop)
        if last <= simulation.step:
            self.running = True
            return
        simulation.prepare(last)
        for recorder in self.recorders:
            recorder._finalize()
        if simulation.step == 0:
            self.network.store(STORED)
        self.running = True
        simulation.run(last)

    def reset(self, keep_weights: bool = False) -> None:
        """Back to time 0, in a new segment."""
        simulation = self.simulation
        if simulation is None:
            super().reset()
            return
        kept = simulation.learned() if keep_weights else None
        carried = keep_weights and simulation.holds_more
        self.running = simulation.step > 0      # or there is nothing that Brian2 could restore
        super().reset()
        simulation.restart(kept)
        simulation.carried = carried


if not isinstance(parent.state, State):
    parent.state.__class__ = State
state: Any = parent.state

"""PyNN's view of the simulation, which its classes look up as ``_simulator.state``.

PyNN's NEST backend keeps one state object per process, which all its parts refer to. Here that
object also keeps script time, which differs from the kernel's in a network with
``update_interval``. Without ``update_interval`` it behaves as PyNN's.
"""

from typing import Any

from pyNN.nest import simulator as parent

from pynn_eprop.common.run.state import StateOfParent
from pynn_eprop.nest.simulation import Simulation

name = parent.name
ID = parent.ID


class State(StateOfParent, type(parent.state)):  # type: ignore[misc]
    """PyNN's state, and the :class:`Simulation` since a ``setup(update_interval=...)``, or None.

    projections_made: how many there are, including PyNN's own.
    """

    simulation: Simulation | None = None
    projections_made = 0
    _begun = False

    @property
    def begun(self) -> bool:
        """Whether ``run()`` was called; PyNN's own flag is set by the first step."""
        return self.running or self._begun

    def run_until(self, tstop: float) -> None:
        """Advance to ``tstop`` ms."""
        super().run_until(tstop)
        self._begun = True

    def clear(self) -> None:
        """Forget the network."""
        self.projections_made = 0
        super().clear()

    def begin(self, simulation: Simulation) -> None:
        """Begin a network with update intervals."""
        self.simulation = simulation
        self._time_offset = simulation.kernel.offset

    def _advance_to(self, tstop: float) -> None:
        assert self.simulation is not None
        self.running = True
        self.simulation.run_until(tstop)

    def reset(self, keep_weights: bool = False) -> None:
        """Back to time 0, in a network without update intervals, which learns nothing."""
        super().reset()
        self._begun = False


if not isinstance(parent.state, State):
    parent.state.__class__ = State
state: Any = parent.state

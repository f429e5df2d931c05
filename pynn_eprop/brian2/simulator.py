"""PyNN's view of the simulation: what its classes look up as ``_simulator.state``.

PyNN's Brian2 backend keeps one state object per process, which all its parts refer to. Here the
same object also prepares and restarts what learns; stock cells are run as before, and so are
networks that ``pyNN.brian2.setup()`` begins.
"""

from typing import Any

from pyNN.brian2 import simulator as parent

from pynn_eprop.common.seeds import Draws
from pynn_eprop.common.setup import SharedOptions
from pynn_eprop.common.state import StateOfParent
from pynn_eprop.errors import UnsupportedError

name = parent.name
ID = parent.ID
_STORED = "before-first-run"


class State(StateOfParent, type(parent.state)):  # type: ignore[misc]
    """PyNN's state and the :class:`Simulation` since our ``setup()``, or None."""

    def begin(self, options: SharedOptions) -> None:
        """Forget the network and begin a new one."""
        from pynn_eprop.brian2.simulation import Simulation

        self.clear()
        self.dt = options.timestep
        self.draws = Draws(options.seed)
        self.simulation = Simulation(options, self.network)

    def _advance_to(self, tstop: float) -> None:
        simulation = self.simulation
        last = simulation.timeline.step_at(tstop)
        if last <= simulation.step:
            self.running = True
            return
        simulation.prepare(last)
        for recorder in self.recorders:
            recorder._finalize()
        if not self.running:
            self.network.store(_STORED)
        self.running = True
        simulation.run(last)

    def reset(self, keep_weights: bool = False) -> None:
        """Back to time 0, in a new segment.

        Raises :class:`UnsupportedError` where parts were added after the first run.
        """
        simulation = self.simulation
        if simulation is None or not self.running:
            super().reset()
            return
        kept = simulation.learned() if keep_weights else None
        try:
            super().reset()
        except KeyError as error:
            raise UnsupportedError(
                f"reset(): {error} was added after the first run, and Brian2 cannot take it back "
                "to time 0; build the whole network before the first run") from error
        simulation.restart(kept)


if not isinstance(parent.state, State):
    parent.state.__class__ = State
state: Any = parent.state

"""Current sources: those of PyNN's Brian2 backend, with times and noise as on every backend."""
# ruff: noqa: D101 (docstrings come from PyNN)

from typing import Any

import numpy as np
from brian2 import ms, nA
from pyNN.brian2.standardmodels import electrodes as parent

from pynn_eprop.brian2 import simulator
from pynn_eprop.common.standardmodels import currents
from pynn_eprop.common.standardmodels.currents import OnGrid


class _CountedSource(OnGrid):
    """A source that is numbered among those of the network, for the seed of its noise."""

    _simulator = simulator

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        simulation = simulator.state.simulation
        self._key = None
        if simulation is not None:
            self._key = (simulation.options.seed, len(simulation.current_sources))
            simulation.current_sources.append(self)


class DCSource(_CountedSource, parent.DCSource):
    __doc__ = parent.DCSource.__doc__


class ACSource(_CountedSource, parent.ACSource):
    __doc__ = parent.ACSource.__doc__


class StepCurrentSource(_CountedSource, parent.StepCurrentSource):
    __doc__ = parent.StepCurrentSource.__doc__

    def _update_current(self) -> None:
        """Change the current, if it is time; without steps there is none."""
        if len(self._times):
            super()._update_current()


class NoisyCurrentSource(_CountedSource, parent.NoisyCurrentSource):
    __doc__ = (parent.NoisyCurrentSource.__doc__ or "") + """
    Drawn from the seed of ``setup()``, as on the host backend; ``dt`` is the time step by default.
    """

    def _compute_amplitude(self, time: Any) -> Any:
        if self._key is None:
            return super()._compute_amplitude(time)
        units = {"mean": nA, "stdev": nA, "start": ms, "stop": ms, "dt": ms}
        values = {name: float(np.asarray(self._brian_parameters[name] / unit).item())
                  for name, unit in units.items()}
        step = np.array([simulator.state.simulation.step])
        amplitude = currents.noisy(step, values, simulator.state.dt, self._key)[0] * nA
        if self.recording:
            self.recorded_times.append(time)
            self.recorded_amplitudes.append(amplitude)
        return amplitude

"""Current sources: those of PyNN's NEST backend, for cells that do not learn."""
# ruff: noqa: D101 (docstrings come from PyNN)

from typing import Any

from pyNN.nest.standardmodels import electrodes as parent

from pynn_eprop.common.expansion.groups import groups_of, members
from pynn_eprop.common.standardmodels.cells import EPropCell, EPropReadout
from pynn_eprop.common.standardmodels.currents import OnGrid
from pynn_eprop.errors import EPropError, ParameterError, UnsupportedError
from pynn_eprop.nest import simulator
from pynn_eprop.nest.refusals import typed
from pynn_eprop.nest.simulator import state


def check_takes_current(cells: Any) -> None:
    """Raise :class:`UnsupportedError` for cells that learn."""
    for group in groups_of(cells, "current source"):
        for member in members(group):
            if isinstance(member.population.celltype, (EPropCell, EPropReadout)):
                raise UnsupportedError(
                    f"{member.population.label}: no current can be injected into cells that "
                    "learn on NEST, which scales currents differently; use the host backend")


class _CheckedSource(OnGrid):
    """A source with times in script time, even if kernel time differs, and with our errors."""

    _simulator = simulator

    def set_native_parameters(self, parameters: Any) -> None:
        """Set parameters of NEST's device. Raises :class:`ParameterError` for those it refuses."""
        with typed(type(self).__name__):
            try:
                super().set_native_parameters(parameters)   # type: ignore[misc]
            except ValueError as error:
                if isinstance(error, EPropError):
                    raise
                raise ParameterError(f"{type(self).__name__}: {error}") from error

    def _delay_correction(self, value: Any) -> Any:
        """The time at which NEST must make a change for it to take effect at a script time."""
        corrected = super()._delay_correction(value)  # type: ignore[misc]
        return corrected if state.simulation is None else corrected + state.simulation.kernel.offset

    def inject_into(self, cells: Any) -> None:
        """Let the current flow into a Population, view, Assembly or list of cells.

        Raises :class:`UnsupportedError` for cells that learn.
        """
        check_takes_current(cells)
        if not len(cells):
            return
        super().inject_into(cells)  # type: ignore[misc]


class DCSource(_CheckedSource, parent.DCSource):
    __doc__ = parent.DCSource.__doc__


class ACSource(_CheckedSource, parent.ACSource):
    __doc__ = parent.ACSource.__doc__


class StepCurrentSource(_CheckedSource, parent.StepCurrentSource):
    __doc__ = parent.StepCurrentSource.__doc__

    def _check_step_times(self, times: Any, amplitudes: Any, resolution: float) -> Any:
        """The steps that NEST is given; without any there is no current."""
        return super()._check_step_times(times, amplitudes, resolution) if len(times) else ([], [])


class NoisyCurrentSource(_CheckedSource, parent.NoisyCurrentSource):
    __doc__ = parent.NoisyCurrentSource.__doc__

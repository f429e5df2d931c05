"""sPyNNaker's external devices, with live output also of cells that learn.

All other names are those of ``spynnaker.pyNN.external_devices``.
"""

from typing import Any

from spynnaker.pyNN import external_devices as spynnakers

from pynn_eprop.spinnaker import simulator
from pynn_eprop.spinnaker.native import check_goes_on_in_pauses


def activate_live_output_for(population: Any, **options: Any) -> None:
    """Send the spikes of a population to the host as they occur, as sPyNNaker's function does.

    Raises :class:`UnsupportedError` if script time does not contain the pauses of cells that
    learn: the times that are sent are the machine's.
    """
    check_goes_on_in_pauses("live output", True, simulator.state.simulation)
    spynnakers.activate_live_output_for(getattr(population, "native_handle", population), **options)


def activate_live_output_to(population: Any, device: Any, *arguments: Any, **options: Any) -> None:
    """Send the spikes of a population to a device, as sPyNNaker's function does.

    Raises :class:`UnsupportedError` as :func:`activate_live_output_for`.
    """
    check_goes_on_in_pauses("live output", True, simulator.state.simulation)
    spynnakers.activate_live_output_to(getattr(population, "native_handle", population), device,
                                       *arguments, **options)


def __getattr__(name: str) -> Any:
    return getattr(spynnakers, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(spynnakers)})

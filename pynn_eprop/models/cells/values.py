"""Numbers of a population that do not change from step to step, as machines compute with them."""

from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.answers import as_answer, as_answers, ask, called
from pynn_eprop.models.cells.learning import LearningCells
from pynn_eprop.models.cells.registry import KEPT_BY_MACHINES
from pynn_eprop.models.cells.spiking import SpikingCells


def fixed_values(population: LearningCells, timestep: float) -> dict[str, np.ndarray]:
    """Parameters and constants by name; of cells that spike also ``width``: the unit of h's u.

    Arrays of shape () or (size,) that cannot be written to. Raises :class:`ParameterError` and
    :class:`SimulationError` for constants or a scale that cannot be used.
    """
    def called_here(method: str) -> str:
        return called(population.label, "cell", population, method)

    def asked(method: str, *arguments: Any) -> Any:
        with population.double_precision():
            return ask(population.label, "cell", population, method, *arguments)

    values = {entry.name: _fixed(getattr(population, entry.name))
              for entry in fields(population) if "parameter" in entry.metadata}
    what, shape = called_here("constants"), (population.size,)
    for name, value in as_answers(asked("constants", timestep), shape, what).items():
        if name in KEPT_BY_MACHINES or name in (*population.state_variables(),
                                                *getattr(population, "gates", ())):
            raise ParameterError(f"{what}: {name!r} is a state variable, or a name that "
                                 "machines use; choose another")
        values[name] = _fixed(value)
    if not isinstance(population, SpikingCells):
        return values
    scale = as_answer(asked("scale", SimpleNamespace(**values)), shape, called_here("scale"))
    if not np.all((scale > 0.0) & np.isfinite(scale)):
        raise ParameterError(f"{called_here('scale')} gives {np.min(scale):g}; what the width "
                             "of the pseudo-derivative is a multiple of must be > 0")
    return {**values, "width": _fixed(population.pseudo_derivative.width * scale)}


def _fixed(value: Any) -> np.ndarray:
    """Numbers that a kind can read, and not change."""
    array = np.array(value, dtype=float)
    array.flags.writeable = False
    return array

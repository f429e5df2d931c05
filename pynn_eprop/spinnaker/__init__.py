"""The PyNN backend of SpiNNaker machines: ``import pynn_eprop.spinnaker as sim``.

It offers what ``pyNN.spiNNaker`` offers, under the same names, and the cell and synapse types that
learn with e-prop, as every backend of this package does; see docs/spinnaker.md. sPyNNaker is loaded
when a name of the backend is first used: the layout of a core's memory, and what is computed from
it, are there without it.
"""

import importlib
import pkgutil
from typing import Any

_PARTS = {part.name for part in pkgutil.iter_modules(__path__)}


def __getattr__(name: str) -> Any:
    if name.startswith("__") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _PARTS:      # asked for while the backend is being loaded, or before
        return importlib.import_module(f"{__name__}.{name}")
    return getattr(importlib.import_module("pynn_eprop.spinnaker.api"), name)


def __dir__() -> list[str]:
    return sorted(importlib.import_module("pynn_eprop.spinnaker.api").__all__)

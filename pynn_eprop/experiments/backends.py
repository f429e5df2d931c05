"""Backend modules by name."""

import importlib
import importlib.util
from types import ModuleType

from pynn_eprop.errors import MissingDependencyError, TaskError

BACKENDS = ("host", "nest", "brian2", "spinnaker")


def load_backend(name: str) -> ModuleType:
    """The PyNN module ``pynn_eprop.<name>``.

    Raises :class:`TaskError` for an unknown name, :class:`MissingDependencyError` where the
    backend, or what it needs, is not installed.
    """
    if name not in BACKENDS:
        raise TaskError(f"backend {name!r} is unknown; choose one of {list(BACKENDS)}")
    module = f"pynn_eprop.{name}"
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name == module:
            raise MissingDependencyError(
                f"backend {name!r} is not part of this version of pynn_eprop; "
                f"choose one of {installed_backends()}") from None
        raise MissingDependencyError(
            f"backend {name!r} needs the package {error.name!r}; install it with "
            f"pip install 'pynn_eprop[{name}]'") from error


def installed_backends() -> list[str]:
    """Names of the backends that this version has."""
    return [name for name in BACKENDS
            if importlib.util.find_spec(f"pynn_eprop.{name}") is not None]

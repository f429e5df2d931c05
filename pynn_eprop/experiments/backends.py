"""Backend modules by name."""

import importlib
from pathlib import Path
from types import ModuleType

import pynn_eprop
from pynn_eprop.errors import MissingDependencyError, TaskError

BACKENDS = ("host", "nest", "brian2", "spinnaker")


def load_backend(name: str) -> ModuleType:
    """The PyNN module ``pynn_eprop.<name>``.

    Raises :class:`TaskError` for an unknown name, :class:`MissingDependencyError` where the
    backend, or what it needs, is not installed.
    """
    if name not in BACKENDS:
        raise TaskError(f"backend {name!r} is unknown; choose one of {list(BACKENDS)}")
    if not _is_there(name):
        raise MissingDependencyError(
            f"backend {name!r} is not part of this version of pynn_eprop; "
            f"choose one of {installed_backends()}")
    try:
        return importlib.import_module(f"pynn_eprop.{name}")
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"backend {name!r} needs the package {error.name!r}; install it with "
            f"pip install 'pynn_eprop[{name}]'") from error


def installed_backends() -> list[str]:
    """Names of the backends that this version has."""
    return [name for name in BACKENDS if _is_there(name)]


def _is_there(name: str) -> bool:
    """Whether the backend's setup() and run() are part of this version; imports nothing."""
    return (Path(pynn_eprop.__file__).parent / name / "control.py").exists()

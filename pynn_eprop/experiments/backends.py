"""Backend modules by name, and their properties that matter to an experiment."""

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from pynn_eprop.common.script.capabilities import ALL_CAPABILITIES, Capability
from pynn_eprop.errors import MissingDependencyError, TaskError

BACKENDS = ("host", "nest", "brian2", "spinnaker", "emulator")
"""Names that a user gives. "emulator" is the module "spinnaker" on a board in software."""
MACHINES = ("engine", "reference")
"""Machines of the backend "host", the default first."""
PRECISIONS = ("float32", "float64", "fixed")

_PRECISIONS_OF = {"host": PRECISIONS, "spinnaker": ("fixed",), "emulator": ("fixed",)}
_CHIPS, _LARGE, _MANY_CHIPS = 4, 1000, 48
# NEST accepts no input in the first steps of an interval, and already has that of the next few when
# the data of an interval are read
_FREE_STEPS = {"nest": 5}


def load_backend(name: str) -> ModuleType:
    """The PyNN module ``pynn_eprop.<name>``.

    Raises :class:`TaskError` for an unknown name, :class:`MissingDependencyError` if the backend,
    or a package that it needs, is not installed.
    """
    if name not in BACKENDS:
        raise TaskError(f"backend {name!r} is unknown; choose one of {list(BACKENDS)}")
    if name not in installed_backends():
        raise MissingDependencyError(
            f"backend {name!r} is not part of this version of pynn_eprop; "
            f"choose one of {installed_backends()}")
    try:
        module = importlib.import_module(f"pynn_eprop.{_module(name)}")
        module.setup    # noqa: B018 (a backend may load its simulator when it is first used)
        return module
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"backend {name!r} needs the package {error.name!r}; install it with "
            f"pip install 'pynn_eprop[{_module(name)}]'") from error


@contextmanager
def machine_of(name: str, neurons: int) -> Iterator[None]:
    """A context in which a backend can be used: for "emulator", a board for that many cells."""
    if name != "emulator":
        yield
        return
    from pynn_eprop.emulator import Board
    with Board(chips=_CHIPS if neurons <= _LARGE else _MANY_CHIPS, real_time=False):
        yield


def _module(name: str) -> str:
    return "spinnaker" if name == "emulator" else name


def installed_backends() -> list[str]:
    """Names of the backends that this version has."""
    return [name for name in BACKENDS if _is_complete(name)]


def _is_complete(name: str) -> bool:
    """Whether the folder of a backend has the modules that a script needs, without importing it."""
    spec = importlib.util.find_spec(f"pynn_eprop.{_module(name)}")
    folders = [] if spec is None else spec.submodule_search_locations or []
    return any((Path(folder) / "control.py").exists() for folder in folders)


def has(sim: ModuleType, capability: Capability) -> bool:
    """Whether a backend module has a capability; one without ``CAPABILITIES`` has all."""
    return capability in getattr(sim, "CAPABILITIES", ALL_CAPABILITIES)


def precisions(backend: str, machine: str | None = None) -> tuple[str, ...]:
    """The number systems of a backend and, of the host, of one of its machines; default first."""
    if machine == "reference":
        return ("float64",)
    return _PRECISIONS_OF.get(str(backend), ("float64",))


def setup_keywords(backend: str, machine: str | None, precision: str, threads: int,
                   out: Path | None = None) -> dict[str, Any]:
    """Arguments of a backend's ``setup()`` beside the task's times and the seed.

    ``out``: the folder of the results.
    """
    if backend == "host":
        return {"machine": machine, "precision": precision, "threads": threads}
    if _module(backend) == "spinnaker":
        given = {} if out is None else {"failure_folder": out / "failure"}
        return {"quiet": True, "virtual_board": "refuse", **given}
    # in training, NEST's deviations in single steps matter little: a warning is enough
    return {"threads": threads, "quirks": "allow"} if backend == "nest" else {}


def free_steps(backend: str) -> int:
    """Steps at the beginning of a trial in which a task should give no input."""
    return _FREE_STEPS.get(str(backend), 0)

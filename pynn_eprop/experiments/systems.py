"""The choice of machine and number system of a backend, and further keywords of its ``setup()``."""

import warnings
from collections.abc import Iterable
from typing import Any

from pynn_eprop.backends import BACKENDS, PRECISIONS, Backend
from pynn_eprop.backends.backend import RUN_KEYWORDS
from pynn_eprop.common.arguments.setup import SHARED_KEYWORDS
from pynn_eprop.errors import TaskError


def choose_system(backend: Backend, machine: str | None, precision: str | None
                  ) -> tuple[str | None, str]:
    """Machine and precision, the first of those that there are for None.

    Raises :class:`TaskError` for what the backend has not.
    """
    machine, precision = _choose_machine(backend, machine, precision)
    known = backend.precisions_of(machine)
    if precision is None:
        precision = known[0]
    if precision not in PRECISIONS:
        raise TaskError(f"precision {precision!r} is unknown; choose one of {list(known)}")
    if precision not in known:
        owner = f"backend {backend.name!r}" if other_machine(backend, machine) is None \
            else f"machine {machine!r}"
        raise TaskError(f"{owner} has no precision {precision!r}; choose one of {list(known)}")
    return machine, precision


def other_machine(backend: Backend, machine: str | None) -> str | None:
    """The machine, or None if it is the backend's first or there is no choice."""
    return None if machine == next(iter(backend.machines), None) else machine


def _choose_machine(backend: Backend, machine: str | None, precision: str | None
                    ) -> tuple[str | None, str | None]:
    if "reference" in backend.machines and precision == "reference" \
            and machine in (None, "reference"):
        warnings.warn("precision 'reference' is deprecated; choose machine 'reference' "
                      "(--machine reference)", FutureWarning, stacklevel=5)
        return "reference", None
    if not backend.machines:
        if machine is not None:
            choice = [each.name for each in BACKENDS.values() if each.machines]
            raise TaskError(f"backend {backend.name!r} has no machine {machine!r}; backends with a "
                            f"choice are {choice}")
        return None, precision
    if machine is None:
        return next(iter(backend.machines)), precision
    if machine not in backend.machines:
        raise TaskError(f"machine {machine!r} is unknown; choose one of {list(backend.machines)}")
    return machine, precision

def check_setup(setup: Iterable[tuple[str, Any]]) -> None:
    """Raise :class:`TaskError` for keywords of ``setup()`` that a run fills in itself.

    Also for one that makes times other than a run's, which are those of trials without pauses.
    """
    for name, value in setup:
        if name == "machine_time" and value:
            raise TaskError(f"setup machine_time={value!r}: a run counts the time of trials alone, "
                            "without the pauses between them; machine time is for scripts")
        if name in (*SHARED_KEYWORDS, *RUN_KEYWORDS, "checkpoint"):
            raise TaskError(f"setup {name}={value!r}: the run gives {name} to setup() itself; "
                            "change it with an option of the command or a parameter of the task")

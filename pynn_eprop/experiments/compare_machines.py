"""Backends for ``pynn-eprop compare`` by name, and the one that each is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pynn_eprop.backends import BACKENDS, FIXED, FLOAT, Backend, Compared
from pynn_eprop.errors import TaskError

#: Largest difference that counts as agreement: for spikes the number of those that only one of the
#: two has, otherwise a fraction of the quantity's largest value. In fixed point every bit counts.
BOUNDS: dict[str, dict[str, float]] = {
    FLOAT: {"spikes": 0.0, "v": 1e-9, "error": 1e-9, "weights": 1e-9},
    FIXED: {"spikes": 0.0, "v": 0.0, "error": 0.0, "weights": 0.0},
}
BASES = {FLOAT: "host", FIXED: "host-fixed"}
"""The backend that all others of an arithmetic are held against."""
STAND_INS = {FLOAT: "reference"}
"""What takes its place if it refuses the task."""


@dataclass(frozen=True)
class ComparedMachine:
    """A backend in one number system."""

    backend: Backend
    row: Compared

    @property
    def name(self) -> str:
        """In lists."""
        return self.row.name

    @property
    def arithmetic(self) -> str:
        """FLOAT or FIXED, which decides what it is held against and how exactly."""
        return self.row.arithmetic

    @property
    def setup(self) -> Mapping[str, Any]:
        """Further keywords of ``setup()``."""
        return self.row.setup

    @property
    def free_steps(self) -> int:
        """Steps at the start of a trial that all of its comparison go without input in."""
        return self.row.free_steps

    @property
    def is_base(self) -> bool:
        """Others are held against it."""
        return self.name in BASES.values()


def machines() -> dict[str, ComparedMachine]:
    """All by name, what others are held against first."""
    found = {row.name: ComparedMachine(backend, row) for backend in BACKENDS.values()
             for row in backend.compared}
    return {name: found[name] for name in dict.fromkeys((*BASES.values(), *found))}


def default_names() -> str:
    """The list that is compared if none is given."""
    return ",".join(name for name, machine in machines().items() if machine.row.by_default)


def find_machine(name: str) -> ComparedMachine:
    """The machine of a name. Raises :class:`TaskError` for an unknown one."""
    known = machines()
    if name not in known:
        raise TaskError(f"backend {name!r} is unknown; choose from {', '.join(known)}")
    return known[name]


def choose_machines(names: str) -> list[ComparedMachine]:
    """The machines of a comma-separated list, each after the one that it is held against.

    Raises :class:`TaskError` for an unknown name, and if nothing would be compared.
    """
    wanted = [find_machine(name.strip()) for name in dict.fromkeys(names.split(","))
              if name.strip()]
    chosen: list[ComparedMachine] = []
    for arithmetic, base in BASES.items():
        found = {machine.name: machine for machine in wanted
                 if machine.arithmetic == arithmetic and not machine.is_base}
        if found:
            chosen += [find_machine(base), *found.values()]
    if not chosen:
        others = [machine.name for machine in machines().values() if not machine.is_base]
        raise TaskError(f"--backends {names}: nothing to compare; name one of "
                        f"{', '.join(others)}")
    return chosen

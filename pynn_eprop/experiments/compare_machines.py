"""Backends for ``pynn-eprop compare`` by name, and the one that each is held against."""

from dataclasses import dataclass, field
from typing import Any

from pynn_eprop.errors import TaskError

FLOAT, FIXED = "float64", "fixed"

#: Largest difference that counts as agreement: for spikes the number of those that only one of the
#: two has, otherwise a fraction of the quantity's largest value. In fixed point every bit counts.
BOUNDS: dict[str, dict[str, float]] = {
    FLOAT: {"spikes": 0.0, "v": 1e-9, "error": 1e-9, "weights": 1e-9},
    FIXED: {"spikes": 0.0, "v": 0.0, "error": 0.0, "weights": 0.0},
}


@dataclass(frozen=True)
class ComparedMachine:
    """A backend in one precision.

    backend: its module's name. arithmetic: FLOAT or FIXED, which decides on the backend that it is
    compared with, and how exactly. setup: further keywords of ``setup()``.
    """

    name: str
    backend: str
    arithmetic: str
    setup: dict[str, Any] = field(default_factory=dict)


BASES = {
    FLOAT: ComparedMachine("host", "host", FLOAT, {"precision": "float64"}),
    FIXED: ComparedMachine("host-fixed", "host", FIXED, {"precision": "fixed"}),
}
MACHINES = {machine.name: machine for machine in (
    BASES[FLOAT],
    BASES[FIXED],
    ComparedMachine("reference", "host", FLOAT, {"machine": "reference"}),
    ComparedMachine("nest", "nest", FLOAT),
    ComparedMachine("brian2", "brian2", FLOAT),
    ComparedMachine("spinnaker", "spinnaker", FIXED, {"virtual_board": "refuse"}),
    ComparedMachine("emulator", "emulator", FIXED),
)}


def choose_machines(names: str) -> list[ComparedMachine]:
    """The machines of a comma-separated list, each after the one that it is held against.

    Raises :class:`TaskError` for an unknown name, and if nothing would be compared.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in MACHINES:
            raise TaskError(f"backend {name!r} is unknown; choose from {', '.join(MACHINES)}")
    chosen: list[ComparedMachine] = []
    for arithmetic, base in BASES.items():
        found = [MACHINES[name] for name in dict.fromkeys(wanted)
                 if MACHINES[name].arithmetic == arithmetic and name != base.name]
        if found:
            chosen += [base, *found]
    if not chosen:
        others = [machine for machine in MACHINES.values() if machine not in BASES.values()]
        raise TaskError(f"--backends {names}: nothing to compare; name one of "
                        f"{', '.join(machine.name for machine in others)}")
    return chosen

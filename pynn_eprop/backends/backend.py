"""A backend as experiments see it: a name, a module to import, and what must be known of it."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pynn_eprop.errors import ParameterError

FLOAT, FIXED = "float64", "fixed"
"""Number systems in which backends are compared."""
PRECISIONS = ("float32", FLOAT, FIXED)
EPROP, BPTT = "eprop", "bptt"
GRADIENTS = (EPROP, BPTT)
"""What learning follows: e-prop, or backpropagation through time."""
Context = Callable[[int], AbstractContextManager[object]]
RUN_KEYWORDS = ("machine", "precision", "gradient", "threads", "failure_folder")
"""Keywords of ``setup()`` that an experiment can fill in."""


@dataclass(frozen=True)
class Compared:
    """A backend in one number system, as ``pynn-eprop compare`` runs it.

    name: there. arithmetic: "float64" or "fixed", which decides what it is held against and how
    exactly. setup: keywords of ``setup()``. free_steps: at the start of a trial, in which input
    acts otherwise than elsewhere; all backends of a comparison go without it. by_default: whether
    it is compared if no list is given.

    Raises :class:`ParameterError` for another arithmetic.
    """

    name: str
    arithmetic: str
    setup: Mapping[str, Any] = field(default_factory=dict)
    free_steps: int = 0
    by_default: bool = False

    def __post_init__(self) -> None:
        if self.arithmetic not in (FLOAT, FIXED):
            raise ParameterError(f"Compared({self.name!r}): arithmetic={self.arithmetic!r} is "
                                 f"unknown; choose {FLOAT!r} or {FIXED!r}")


@dataclass(frozen=True)
class Backend:
    """A PyNN module to run experiments on, and what they must know of it.

    Parameters
    ----------
    name: as the command line writes it
    module: to import; scripts would say ``import module as sim``
    precisions: its number systems, of "float32", "float64" and "fixed", the default first
    machines: what can run its networks, with the number systems of each, the default first; empty
        if there is no choice, and then ``precisions`` counts
    gradients: what learning can follow, of "eprop" and "bptt", the default first
    takes: which of the keywords "machine", "precision", "gradient", "threads" and
        "failure_folder" its ``setup()`` gets from the run
    setup: further keywords of its ``setup()``
    free_steps: at the beginning of a trial, in which a task should give no input
    compared: how ``pynn-eprop compare`` runs it; empty: not at all
    context: called with the number of cells; what it returns is entered as long as the backend is
        in use
    under_conditions: of a backend whose context is a board in software: gives the context with a
        board that is as hard as some conditions, by name, make it; None: it has none
    extra: of ``pip install pynn_eprop[extra]``, for messages

    Raises :class:`ParameterError` if the parts make no backend.
    """

    name: str
    module: str
    precisions: tuple[str, ...] = (FLOAT,)
    machines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gradients: tuple[str, ...] = (EPROP,)
    takes: tuple[str, ...] = ()
    setup: Mapping[str, Any] = field(default_factory=dict)
    free_steps: int = 0
    compared: tuple[Compared, ...] = ()
    context: Context = nullcontext
    under_conditions: Callable[[Mapping[str, Any]], Context] | None = None
    extra: str = ""

    def __post_init__(self) -> None:
        owner = f"Backend({self.name!r})"
        for what, value in (("name", self.name), ("module", self.module)):
            if not isinstance(value, str) or not value or "," in value or value != value.strip():
                raise ParameterError(f"{owner}: {what}={value!r} must be a name")
        for what, values, known in (
                ("takes", self.takes, RUN_KEYWORDS), ("a gradient", self.gradients, GRADIENTS),
                *(("a number system", each, PRECISIONS) for each in self._systems())):
            for value in values:
                if value not in known:
                    raise ParameterError(f"{owner}: {what} cannot be {value!r}; choose from "
                                         f"{list(known)}")
        if not all(self._systems()):
            raise ParameterError(f"{owner} has no number system; choose from {list(PRECISIONS)}")
        if not self.gradients:
            raise ParameterError(f"{owner} has no gradient; choose from {list(GRADIENTS)}")
        choices = {"machine": len(self.machines), "precision": max(map(len, self._systems())),
                   "gradient": len(self.gradients)}
        for keyword, count in choices.items():
            if count > 1 and keyword not in self.takes:
                raise ParameterError(f"{owner} has {count} choices of {keyword}, but its setup() "
                                     f"is not to get it; add {keyword!r} to takes")

    def _systems(self) -> list[tuple[str, ...]]:
        return list(self.machines.values()) or [self.precisions]

    def precisions_of(self, machine: str | None) -> tuple[str, ...]:
        """The number systems of one of its machines, the default first."""
        return self.precisions if machine is None else self.machines[machine]

    def setup_keywords(self, machine: str | None, precision: str, threads: int,
                       out: Path | None = None, gradient: str = EPROP) -> dict[str, Any]:
        """Keywords of ``setup()`` beside the task's times and the seed. out: of the results."""
        run = {"machine": machine, "precision": precision, "gradient": gradient,
               "threads": threads,
               "failure_folder": None if out is None else out / "failure"}
        return {**{name: run[name] for name in self.takes if run[name] is not None}, **self.setup}

    def context_under(self, conditions: Mapping[str, Any]) -> Context:
        """The context of the backend under conditions, by name.

        Raises :class:`ParameterError` if it has no conditions, and EmulatorError for unknown ones
        and for values that they cannot have.
        """
        if not conditions:
            return self.context
        if self.under_conditions is None:
            raise ParameterError(
                f"conditions {', '.join(conditions)}: backend {self.name!r} has none, as they are "
                "of a board in software; choose backend 'emulator'")
        return self.under_conditions(conditions)

"""One seeded network on several backends: where they agree, and where they first differ."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

import pynn_eprop
from pynn_eprop.backends import FIXED
from pynn_eprop.errors import SimulationError, TaskError
from pynn_eprop.experiments.compare_machines import (
    BASES,
    BOUNDS,
    STAND_INS,
    ComparedMachine,
    find_machine,
)
from pynn_eprop.experiments.compare_worker import Want
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.results import versions

Outcome = dict[str, np.ndarray]


@dataclass(frozen=True)
class Quantity:
    """The difference of one quantity of a backend from the base's.

    largest_difference: in the units of :data:`BOUNDS`; infinite if the sizes differ. first_ms,
    first_update: where the bound is first exceeded, None if it is not.
    """

    largest_difference: float
    bound: float
    first_ms: float | None = None
    first_update: int | None = None

    @property
    def agrees(self) -> bool:
        """Whether the difference is within the bound."""
        return self.largest_difference <= self.bound


@dataclass
class Verdict:
    """One backend. problem: why it did not run ("missing", "refused", "failed"), and a message."""

    machine: ComparedMachine
    against: str
    seconds: float | None = None
    quantities: dict[str, Quantity] = field(default_factory=dict)
    problem: tuple[str, str] | None = None

    @property
    def agrees(self) -> bool:
        """Whether it ran, and everything is within its bound."""
        return self.problem is None and all(each.agrees for each in self.quantities.values())

    @property
    def refuses(self) -> bool:
        """Whether it cannot do the task, or there is nothing to hold it against."""
        return self.problem is not None and self.problem[0] == "refused"

    def as_dict(self) -> dict[str, Any]:
        """For comparison.json; an infinite difference is null."""
        return {
            "against": self.against, "arithmetic": self.machine.arithmetic,
            "agrees": self.agrees, "seconds": self.seconds,
            "problem": None if self.problem is None else self.problem[1],
            "quantities": {
                name: {**asdict(each), "agrees": each.agrees,
                       "largest_difference": each.largest_difference
                       if np.isfinite(each.largest_difference) else None}
                for name, each in self.quantities.items()}}


@dataclass(frozen=True)
class FreeSteps:
    """At the start of each trial, without input; because of some machines, by name."""

    count: int
    because_of: tuple[str, ...]

    @classmethod
    def of(cls, machines: list[ComparedMachine]) -> Self:
        """As many as the machine with most needs."""
        return cls(max((machine.free_steps for machine in machines), default=0),
                   tuple(machine.name for machine in machines if machine.free_steps))


@dataclass
class Comparison:
    """A comparison of backends.

    outcomes: arrays of :func:`compare_worker.run`, by machine. refusals: of those that others would
    be held against, by name.
    """

    configuration: Configuration
    free_steps: FreeSteps
    verdicts: list[Verdict] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Whether all backends ran and agree."""
        return all(verdict.agrees for verdict in self.verdicts)

    @property
    def incomplete(self) -> bool:
        """Whether some backend did not run."""
        return any(verdict.problem for verdict in self.verdicts)

    def as_dict(self) -> dict[str, Any]:
        """The contents of comparison.json."""
        configuration = self.configuration.as_dict()
        for name in ("backend", "machine", "precision", "gradient"):
            del configuration[name]
        return {**configuration, "free_steps": self.free_steps.count, "agrees": self.agrees,
                "backends": {verdict.machine.name: verdict.as_dict()
                             for verdict in self.verdicts},
                "versions": versions()}


def compare(configuration: Configuration, machines: list[ComparedMachine],
            report: Callable[[str], object] = lambda line: None) -> Comparison:
    """Run the configuration's task on each machine and compare.

    machines: from :func:`choose_machines`. If what others are held against refuses the task, its
    stand-in takes its place; if there is none that takes the task, they do not run. Raises
    :class:`TaskError` if nothing is left, because the others refuse the task, too; it names the
    machines that take it. Raises :class:`SimulationError` if one that others are held against
    fails.
    """
    comparison = Comparison(configuration, FreeSteps.of(machines))
    free, refusals = comparison.free_steps.count, comparison.refusals
    against = dict(BASES)
    for machine in machines:
        if machine.is_base:
            against[machine.arithmetic] = _run_base(comparison, machine, report)
            continue
        if machine.name == against[machine.arithmetic]:     # it stands in
            continue
        verdict = Verdict(machine, against[machine.arithmetic])
        comparison.verdicts.append(verdict)
        if verdict.against in refusals:
            verdict.problem = ("refused", f"nothing to hold it against, as {verdict.against} "
                               f"refuses the task: {refusals[verdict.against]}")
            continue
        outcome = run_apart(machine, configuration, free)
        if isinstance(outcome, tuple):
            verdict.problem = outcome
            report(f"{machine.name}: did not run")
            continue
        comparison.outcomes[machine.name] = outcome
        verdict.seconds = float(outcome["seconds"])
        verdict.quantities = differences(outcome, comparison.outcomes[verdict.against], machine,
                                         configuration)
        report(f"{machine.name}: {verdict.seconds:.1f} s")
    if all(machine.name in refusals for machine in machines if machine.is_base) \
            and all(verdict.refuses for verdict in comparison.verdicts):
        raise _nothing_to_compare(comparison, [each for each in machines if not each.is_base])
    return comparison


def _run_base(comparison: Comparison, base: ComparedMachine, report: Callable[[str], object]
              ) -> str:
    """Run what others are held against, or its stand-in; the name of what they are held against.

    That of the base if both refuse the task. Raises :class:`SimulationError` if one fails.
    """
    names = [base.name, *filter(None, [STAND_INS.get(base.arithmetic)])]
    for name in names:
        outcome = run_apart(find_machine(name), comparison.configuration,
                            comparison.free_steps.count)
        if not isinstance(outcome, tuple):
            comparison.outcomes[name] = outcome
            report(f"{name}: {float(outcome['seconds']):.1f} s")
            return name
        if outcome[0] != "refused":
            raise SimulationError(f"{name}: {outcome[1]}")
        comparison.refusals[name] = outcome[1]
        report(f"{name}: did not run")
    return base.name


def _nothing_to_compare(comparison: Comparison, others: list[ComparedMachine]) -> TaskError:
    """The error if what others are held against refuses the task, and no two are left."""
    takers = [machine.name for machine in others
              if not isinstance(run_apart(machine, comparison.configuration,
                                          comparison.free_steps.count, Want.NOTHING), tuple)]
    names, refusals = ", ".join(machine.name for machine in others), comparison.refusals
    return TaskError(
        f"nothing to compare: {' and '.join(refusals)}, which others are held against, cannot run "
        f"this; of {names}, "
        + (f"these can: {', '.join(takers)}" if takers else "none can")
        + "".join(f". {name} says: {message}" for name, message in refusals.items()))


def run_apart(machine: ComparedMachine, configuration: Configuration, free_steps: int,
              want: Want = Want.ALL) -> Outcome | tuple[str, str]:
    """The outcome of a process of its own, or ("missing", "refused" or "failed", what it said)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "request.json").write_text(json.dumps({
            "machine": machine.name, "free_steps": free_steps, "want": want.value,
            "configuration": asdict(configuration)}), encoding="utf-8")
        # with the package that runs here, not with sources in the present folder
        here = str(Path(pynn_eprop.__file__).parents[1])
        path = os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), here])
        done = subprocess.run(
            [sys.executable, "-P", "-m", "pynn_eprop.experiments.compare_worker", str(folder)],
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})
        if (folder / "refusal.json").exists():
            refusal = json.loads((folder / "refusal.json").read_text(encoding="utf-8"))
            return refusal["kind"], refusal["message"]
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            return "failed", f"its process failed: {said[-1]}"
        with np.load(folder / "outcome.npz") as arrays:
            return dict(arrays)


def differences(found: Outcome, base: Outcome, machine: ComparedMachine,
                configuration: Configuration) -> dict[str, Quantity]:
    """The difference of each quantity of :data:`BOUNDS` from the base's."""
    trial = configuration.build_plan()
    time_base = TimeBase(trial.timestep, trial.interval_steps * trial.trials_per_update)
    bounds = BOUNDS[machine.arithmetic]
    exact = machine.arithmetic == FIXED
    return {"spikes": _spikes(found["spikes"], base["spikes"], bounds["spikes"], time_base),
            **{name: _signal(found[name], base[name], bounds[name], exact, time_base)
               for name in ("v", "error")},
            "weights": _weights(found["weights"], base["weights"], bounds["weights"], exact)}


@dataclass(frozen=True)
class TimeBase:
    """Steps as ms and as updates. update_steps: from one update to the next."""

    timestep: float
    update_steps: int

    def quantity(self, largest: float, bound: float, step: int | None) -> Quantity:
        """A quantity whose bound is first exceeded at ``step`` (from 1 on)."""
        if step is None:
            return Quantity(largest, bound)
        return Quantity(largest, bound, round(step * self.timestep, 9),
                        (step - 1) // self.update_steps)


def _spikes(found: np.ndarray, base: np.ndarray, bound: float, time_base: TimeBase) -> Quantity:
    one, other = (set(map(tuple, spikes.T.tolist())) for spikes in (found, base))
    only = one ^ other
    return time_base.quantity(float(len(only)), bound, min(only)[0] if only else None)


def _signal(found: np.ndarray, base: np.ndarray, bound: float, exact: bool,
            time_base: TimeBase) -> Quantity:
    """The difference over steps and cells, infinite where only one of the two is NaN."""
    if found.shape != base.shape:
        return time_base.quantity(np.inf, bound, 1)
    apart = _apart(found, base, exact)
    by_step = apart.max(axis=1, initial=0.0)
    over = np.flatnonzero(by_step > bound)
    return time_base.quantity(float(by_step.max(initial=0.0)), bound,
                              int(over[0]) + 1 if len(over) else None)


def _weights(found: np.ndarray, base: np.ndarray, bound: float, exact: bool) -> Quantity:
    """The difference after each update, or after the last if one of the two has no others."""
    count = min(len(found), len(base))
    last = len(base)
    found, base = found[-count:], base[-count:]
    if found.shape != base.shape:
        return Quantity(np.inf, bound, None, 1)
    by_update = _apart(found, base, exact).max(axis=1, initial=0.0)
    over = np.flatnonzero(by_update > bound)
    first = last - count + int(over[0]) + 1 if len(over) else None
    return Quantity(float(by_update.max(initial=0.0)), bound, None, first)


def _apart(found: np.ndarray, base: np.ndarray, exact: bool) -> np.ndarray:
    """Differences, unless ``exact`` as fractions of the base's largest value."""
    missing = np.isnan(base)
    scale = 1.0 if exact else max(float(np.max(np.abs(base[~missing]), initial=0.0)), 1e-300)
    with np.errstate(invalid="ignore"):
        apart = np.where(missing & np.isnan(found), 0.0, np.abs(found - base) / scale)
    return np.where(np.isnan(apart), np.inf, apart)

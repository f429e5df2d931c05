"""One-shot learning on a backend, from what an outer loop has learned to a results folder."""

import hashlib
import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from matplotlib.figure import Figure

from pynn_eprop.backends import Backend, find_backend, has, load_backend
from pynn_eprop.common.script.capabilities import Capability
from pynn_eprop.errors import ResultsError, SimulationError, TaskError, UnsupportedError
from pynn_eprop.experiments.command_line import command_line
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.interrupts import DeferredInterrupts, ExperimentInterrupted
from pynn_eprop.experiments.kept_warnings import keep_warnings
from pynn_eprop.experiments.results import versions
from pynn_eprop.experiments.systems import check_setup, choose_system, other_machine
from pynn_eprop.experiments.work_folder import WorkFolder
from pynn_eprop.families import OneShotTrial
from pynn_eprop.families.trial import OUTPUT
from pynn_eprop.learning_to_learn.draws import ONE_SHOT, random_numbers
from pynn_eprop.learning_to_learn.error_modules import require_network
from pynn_eprop.learning_to_learn.learned import Learned, learned_path, load_learned
from pynn_eprop.learning_to_learn.one_shot import OneShotNetwork
from pynn_eprop.models.answers import ask
from pynn_eprop.models.parameters import as_numbers
from pynn_eprop.plotting import save_figure, styled
from pynn_eprop.tasks.quantities import require_whole

PRODUCTS = ("figure.png", "figure.svg")
MOVEMENT = "movement.gif"      # of families that draw one
TARGETS = 16

Progress = Callable[[int, int, float | None], None]
"""Called with tasks done, tasks in all, and the mean error after an update so far."""


def ignore_progress(done: int, total: int, error: float | None) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class OneShotPlan:
    """All that decides a one-shot run's result, and the number of threads, which does not.

    learned: file or folder of 'pynn-eprop learn'. machine, precision: None for the backend's first.
    targets: fresh tasks. setup: further keywords of the backend's ``setup()``. measures: names of
    numbers in results.json.

    Raises :class:`TaskError` for what is unknown or does not fit, and :class:`ResultsError` for a
    learned file that is not there, is damaged, or is of another family, and
    :class:`UnsupportedError` for an error module that is no network.
    """

    family_name: str
    learned_path: Path
    backend_name: str = "host"
    machine: str | None = None
    precision: str | None = None
    seed: int = 1
    targets: int = TARGETS
    threads: int = 1
    parameters: tuple[tuple[str, Any], ...] = ()
    plugins: tuple[str, ...] = ()
    setup: tuple[tuple[str, Any], ...] = ()
    measures: ClassVar[tuple[str, ...]] = ("mse_before", "mse_after", "targets", "seconds")
    learned: Learned = field(init=False)
    checksum: str = field(init=False)

    def __post_init__(self) -> None:
        machine, precision = choose_system(self.backend, self.machine, self.precision)
        object.__setattr__(self, "machine", machine)
        object.__setattr__(self, "precision", precision)
        check_setup(self.setup)
        require_whole(self.seed, "seed", 0, "run")
        require_whole(self.targets, "targets", 1, "run")
        require_whole(self.threads, "threads", 1, "run")
        learned = load_learned(self.learned_path, dict(self.parameters))
        if learned.family.name != self.family_name:
            raise ResultsError(f"{self.learned_path} was learned for {learned.family.name!r}, not "
                               f"for {self.family_name!r}")
        require_network(learned.module)
        object.__setattr__(self, "learned", learned)
        file = learned_path(self.learned_path)
        object.__setattr__(self, "checksum", hashlib.sha256(file.read_bytes()).hexdigest())

    @property
    def backend(self) -> Backend:
        """The row of the backend."""
        return find_backend(self.backend_name)

    def identity(self) -> dict[str, Any]:
        """All that the result depends on."""
        return {"one_shot": self.family_name, "learned_checksum": self.checksum,
                "backend": self.backend_name, "machine": self.machine,
                "precision": self.precision, "seed": self.seed, "targets": self.targets,
                "parameters": dict(self.parameters),
                **({"setup": dict(self.setup)} if self.setup else {})}

    def command(self, out: str = "DIR") -> str:
        """The command line that makes this result again."""
        options = {
            "learned": self.learned_path, "backend": self.backend_name,
            "machine": other_machine(self.backend, self.machine), "precision": self.precision,
            "seed": self.seed, "targets": self.targets}
        return command_line(["run", self.family_name], options, self.parameters, self.plugins, out,
                            self.setup)


class OneShotRun:
    """A plan in one folder.

    Raises the package's typed errors, before any work is done, if plan or folder do not allow it,
    and :class:`ExperimentInterrupted` after a signal, with all tasks saved that were done.
    """

    def __init__(self, plan: OneShotPlan, out: Path) -> None:
        self.plan = plan
        self.folder = WorkFolder(out, PRODUCTS, (MOVEMENT,))
        self._sim = load_backend(plan.backend_name)
        if not has(self._sim, Capability.PAUSED_LEARNING):
            raise UnsupportedError(f"backend {plan.backend_name!r} cannot run with learning "
                                   "switched off, nor readouts that send what they have, which "
                                   "one-shot learning needs")

    def run(self, resume: bool = False, force: bool = False,
            progress: Progress = ignore_progress) -> dict[str, Any]:
        """Run all tasks and write the folder; return the contents of results.json."""
        self.folder.open(self.plan.identity(), resume, force)
        try:
            if self.folder.finished:
                return self.folder.read_results()
            state = self._state()
            with keep_warnings(state["warnings"]), DeferredInterrupts() as interrupts, \
                    self.plan.backend.context(self._cells()):
                shown = self._run(state, interrupts, progress)
            return self._write(state, shown)
        finally:
            self.folder.close()

    def _state(self) -> dict[str, Any]:
        """What is done already. Raises :class:`ResultsError` for a damaged file."""
        state = self.folder.read_state("tasks.json")
        if state is None:
            return {"before": [], "after": [], "warnings": [], "seconds": 0.0}
        done = [state.get(name) for name in ("before", "after")]
        if not all(isinstance(errors, list) and len(errors) <= self.plan.targets
                   and all(isinstance(error, float) for error in errors) for errors in done) \
                or len(done[0] or ()) != len(done[1] or ()) \
                or not isinstance(state.get("warnings"), list) \
                or not isinstance(state.get("seconds"), float):
            raise ResultsError(f"{self.folder.state / 'tasks.json'} is damaged; use --force to "
                               "start again")
        return state

    def _cells(self) -> int:
        return sum(self.plan.learned.family.parameters[name] for name in ("n_neurons", "n_module"))

    def _tasks(self) -> list[dict[str, np.ndarray]]:
        """The tasks; the first ones are the same however many there are."""
        plan = self.plan
        drawn = (plan.learned.family.tasks(1, random_numbers(plan.seed, ONE_SHOT, number))
                 for number in range(plan.targets))
        return [{name: rows[0] for name, rows in task.items()} for task in drawn]

    def _run(self, state: dict[str, Any], interrupts: DeferredInterrupts, progress: Progress
             ) -> tuple[OneShotTrial, OneShotTrial]:
        """Do the tasks that are left; returns the trials of the first one, for the figure."""
        plan, family, tasks = self.plan, self.plan.learned.family, self._tasks()
        setup = plan.backend.setup_keywords(plan.machine, str(plan.precision), plan.threads,
                                            self.folder.path) | dict(plan.setup)
        progress(len(state["after"]), plan.targets, _mean(state["after"]))
        # the first is done in any case: the figure shows it
        begun = max(1, len(state["after"]))
        order = [0, *range(begun, plan.targets)]
        rest = [number for number in range(plan.targets) if number not in order]
        goals = np.stack([np.asarray(family.goal(tasks[number])) for number in [*order, *rest]])
        network = OneShotNetwork(self._sim, plan.learned, goals, plan.seed, setup, watch=True)
        shown = None
        for number in order:
            begin = time.perf_counter()
            trials = network.learn_next()
            shown = shown or trials
            if number >= len(state["after"]):
                for name, error in zip(("before", "after"), [
                        self._error(trial, tasks[number]) for trial in trials], strict=True):
                    state[name].append(error)
                state["seconds"] += time.perf_counter() - begin
                write_text(self.folder.state / "tasks.json", json.dumps(state))
                progress(len(state["after"]), plan.targets, _mean(state["after"]))
            if interrupts.received is not None and len(state["after"]) < plan.targets:
                raise self._interrupted(interrupts.received, len(state["after"]))
        network.end()
        assert shown is not None
        return shown

    def _error(self, trial: OneShotTrial, task: dict[str, np.ndarray]) -> float:
        """The error of a trial. Raises :class:`SimulationError` if it is not a finite number."""
        family = self.plan.learned.family
        error = as_numbers(ask("", "family", family, "error", trial.y[OUTPUT], task, np))
        if error is None or error.shape or not np.isfinite(error):
            raise SimulationError(f"family {family.name!r}: error() gave {error!r} for a trial; it "
                                  "must give a finite number")
        return float(error)

    def _interrupted(self, number: int, done: int) -> ExperimentInterrupted:
        return ExperimentInterrupted(
            f"{signal.Signals(number).name}: stopped after {done} of {self.plan.targets} tasks; "
            f"they are in {self.folder.path}. To go on:\n"
            f"  {self.plan.command(str(self.folder.path))} --resume", number)

    def _write(self, state: dict[str, Any], shown: tuple[OneShotTrial, OneShotTrial]
               ) -> dict[str, Any]:
        plan, family = self.plan, self.plan.learned.family
        with styled():
            figure = ask("", "family", family, "draw_figure", shown, self._tasks()[0])
            if not isinstance(figure, Figure):
                raise TaskError(f"family {family.name!r}: draw_figure() gave "
                                f"{type(figure).__name__}; it must give a figure of Matplotlib")
        for suffix in (".png", ".svg"):
            write_atomically(self.folder.path / f"figure{suffix}",
                             lambda path: save_figure(figure, path))
        with styled():
            movement = family.draw_movement(shown, self._tasks()[0])
            if movement is not None:
                write_atomically(self.folder.path / MOVEMENT, lambda path: movement.save(
                    path, writer="pillow", dpi=72))
        results = {
            "family": family.name, "backend": plan.backend_name, "machine": plan.machine,
            "precision": plan.precision, "seed": plan.seed, "targets": plan.targets,
            "error_name": family.error_name,
            "mse_before": _mean(state["before"]), "mse_after": _mean(state["after"]),
            "before": state["before"], "after": state["after"],
            "seconds": state["seconds"], "warnings": state["warnings"],
            "learned": {**plan.learned.about, "checksum": plan.checksum},
            "versions": versions(), "command": plan.command(),
        }
        self.folder.write_results(results)
        return results


def one_shot_line(results: dict[str, Any]) -> str:
    """The result in one line."""
    return (f"{results['family']} seed {results['seed']} {results['backend']} "
            f"{results['precision']}: {results['error_name']} {results['mse_before']:.4g} before "
            f"and {results['mse_after']:.4g} after one update ({results['targets']} tasks)")


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None



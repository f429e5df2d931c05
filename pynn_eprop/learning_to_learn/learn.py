"""An outer loop from a plan to a results folder."""

import importlib.util
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.errors import CheckpointError, MissingDependencyError, ResultsError, TaskError
from pynn_eprop.experiments.command_line import command_line
from pynn_eprop.experiments.folder import CHECKPOINT_SECONDS, write_atomically, write_text
from pynn_eprop.experiments.interrupts import DeferredInterrupts, ExperimentInterrupted
from pynn_eprop.experiments.results import versions
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.experiments.work_folder import WorkFolder
from pynn_eprop.families import Family, find_family
from pynn_eprop.learning_to_learn.error_modules import (
    ErrorModule,
    NoModule,
    SpikingModule,
    find_error_module,
    start_of,
)
from pynn_eprop.learning_to_learn.learned import Learned, save_learned
from pynn_eprop.models.rules import EProp
from pynn_eprop.plotting import save_figure, styled
from pynn_eprop.tasks.network_plan import READOUT_ONLY
from pynn_eprop.tasks.quantities import require_whole

PRODUCTS = ("learned.npz", "learning_curve.csv", "figure.png", "figure.svg")
MAIN, NO_UPDATE = "outer loop", "without an update"

Progress = Callable[[str, int, int, float | None], None]
"""Called with what is done, iterations done and in all, and the latest error in a validation."""


def ignore_progress(what: str, done: int, total: int, error: float | None) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class LearnPlan:
    """All that decides what an outer loop learns.

    size: None for the family's first. parameters: changes to it, as (name, value). iterations: None
    for the family's. at_once: tasks side by side, None for all of a batch. Raises
    :class:`TaskError` for what is unknown or does not fit.
    """

    family_name: str
    size: str | None = None
    module_name: str = SpikingModule.name
    rule: str = EProp.name
    iterations: int | None = None
    seed: int = 1
    at_once: int | None = None
    parameters: tuple[tuple[str, Any], ...] = ()
    plugins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_whole(self.seed, "seed", 0, "learn")
        if self.at_once is not None:
            require_whole(self.at_once, "at_once", 1, "learn")
        if not isinstance(self.rule, str):
            raise TaskError(f"learn: rule={self.rule!r} must be a name")
        if self.rule == READOUT_ONLY:
            raise TaskError(f"learn: with rule {self.rule!r} no synapse onto cells is updated; the "
                            "error module 'none' is that baseline")
        rule_named(self.rule)
        start_of(self.module, self.family, np.random.default_rng(0))

    @property
    def family(self) -> Family:
        """The family at its size, with its parameters."""
        changes = dict(self.parameters)
        if self.iterations is not None:
            changes["iterations"] = self.iterations
        return find_family(self.family_name).of(self.size, changes)

    @property
    def module(self) -> ErrorModule:
        """The error module."""
        return find_error_module(self.module_name)

    def identity(self) -> dict[str, Any]:
        """All that the result depends on."""
        return {"learns": self.family_name, "parameters": self.family.parameters,
                "error_module": self.module_name, "rule": self.rule, "seed": self.seed,
                "at_once": self.at_once}

    def command(self, out: str = "DIR") -> str:
        """The command line that makes this result again."""
        options = {"size": self.size, "error-module": self.module_name,
                   "rule": None if self.rule == EProp.name else self.rule,
                   "iterations": self.iterations, "seed": self.seed, "at-once": self.at_once}
        return command_line(["learn", self.family_name], options, self.parameters, self.plugins,
                            out)


class Learning:
    """A plan in one folder.

    Beside the outer loop that was asked for it runs one without weight updates, from the same first
    weights and on the same tasks, as a baseline. Raises the package's typed errors, before any work
    is done, if plan or folder do not allow it, and :class:`ExperimentInterrupted` after a signal,
    with all work saved.
    """

    def __init__(self, plan: LearnPlan, out: Path,
                 checkpoint_seconds: float = CHECKPOINT_SECONDS) -> None:
        _check_installed()
        from pynn_eprop.learning_to_learn.outer_loop import check_traceable
        check_traceable(plan.family, plan.module, rule_named(plan.rule))
        self.plan = plan
        self.folder = WorkFolder(out, PRODUCTS)
        self._checkpoint_seconds = checkpoint_seconds

    def run(self, resume: bool = False, force: bool = False,
            progress: Progress = ignore_progress) -> dict[str, Any]:
        """Learn and write the folder; return the contents of results.json."""
        self.folder.open(self.plan.identity(), resume, force)
        try:
            if self.folder.finished:
                return self.folder.read_results()
            with DeferredInterrupts() as interrupts:
                main = self._loop(self.plan.module, MAIN, interrupts, progress)
                still = main if self.plan.module_name == NoModule.name else \
                    self._loop(NoModule(), NO_UPDATE, interrupts, progress)
            return self._write(main, still)
        finally:
            self.folder.close()

    def _loop(self, module: ErrorModule, what: str, interrupts: DeferredInterrupts,
              progress: Progress) -> Any:
        from pynn_eprop.learning_to_learn.outer_loop import OuterLoop
        plan, family = self.plan, self.plan.family
        loop = OuterLoop(family, module, family.iterations, plan.seed, rule_named(plan.rule),
                         plan.at_once)
        path = self.folder.state / f"{what.replace(' ', '-')}.npz"
        if path.exists():
            try:
                loop.load(path)
            except CheckpointError as error:
                raise ResultsError(f"{error}; use --force to start again") from error

        def show() -> None:
            progress(what, loop.done, loop.iterations,
                     loop.curve.error[-1] if loop.curve.error else None)

        show()
        if loop.done < loop.iterations:
            loop.compile()
        saved = time.monotonic()
        while loop.done < loop.iterations and interrupts.received is None:
            loop.advance()
            show()
            if time.monotonic() - saved >= self._checkpoint_seconds:
                loop.save(path)
                saved = time.monotonic()
        loop.save(path)
        if interrupts.received is not None:
            raise self._interrupted(interrupts.received, what, loop)
        return loop

    def _interrupted(self, number: int, what: str, loop: Any) -> ExperimentInterrupted:
        return ExperimentInterrupted(
            f"{signal.Signals(number).name}: stopped after {loop.done} of {loop.iterations} "
            f"iterations ({what}); everything so far is in {self.folder.path}. To go on:\n"
            f"  {self.plan.command(str(self.folder.path))} --resume", number)

    # --- the result ---

    def _write(self, main: Any, still: Any) -> dict[str, Any]:
        from pynn_eprop.learning_to_learn.figures import draw_learning
        plan, folder = self.plan, self.folder
        weights = {part: {name: np.asarray(array, dtype=float) for name, array in found.items()}
                   for part, found in main.parameters.items()}
        save_learned(folder.path / "learned.npz", Learned(
            plan.family, plan.module, plan.rule, plan.seed, main.done, weights["learner"],
            weights["module"]))
        results = self._results(main, still)
        write_text(folder.path / "learning_curve.csv", "iteration,error,error_before,rate_Hz\n"
                   + "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in zip(
                       *(results["curve"][name] for name in
                         ("iteration", "error", "error_before", "rate")), strict=True)))
        with styled():
            figure = draw_learning(plan.family, results)
        for suffix in (".png", ".svg"):
            write_atomically(folder.path / f"figure{suffix}",
                             lambda path: save_figure(figure, path))
        folder.write_results(results)
        return results

    def _results(self, main: Any, still: Any) -> dict[str, Any]:
        from pynn_eprop.learning_to_learn.outer_loop import TEST_TASKS
        plan, family = self.plan, self.plan.family
        found, without = main.test(), still.test()
        return {
            "family": family.name, "size": plan.size, "error_module": plan.module_name,
            "rule": plan.rule, "seed": plan.seed, "iterations": main.done,
            "error_name": family.error_name,
            "mse_before": found["error_before"], "mse_after": found["error"],
            "mse_no_update": without["error"], "test_tasks": TEST_TASKS,
            "rate": found["rate"],
            "seconds": main.curve.seconds, "seconds_no_update": still.curve.seconds,
            "seconds_per_iteration": main.curve.seconds / max(main.done, 1),
            "loss_curve": main.curve.loss,
            "curve": {name: getattr(main.curve, name)
                      for name in ("iteration", "error", "error_before", "rate")},
            "curve_no_update": {name: getattr(still.curve, name)
                                for name in ("iteration", "error")},
            "parameters": family.parameters, "paper": family.paper_result,
            "versions": {**versions(), **{name: metadata.version(name)
                                          for name in ("jax", "optax")}},
            "command": plan.command(),
        }


def learn_line(results: dict[str, Any]) -> str:
    """The result in one line."""
    return (f"{results['family']} seed {results['seed']} {results['error_module']} error module, "
            f"{results['iterations']} iterations: {results['error_name']} "
            f"{results['mse_before']:.4g} before and {results['mse_after']:.4g} after one update "
            f"({results['test_tasks']} fresh tasks); {results['mse_no_update']:.4g} without any, "
            f"{results['seconds']:.0f} s")


def _check_installed() -> None:
    for name in ("jax", "optax"):
        if importlib.util.find_spec(name) is None:
            raise MissingDependencyError(f"an outer loop needs the package {name!r}; install it "
                                         "with pip install 'pynn_eprop[jax]'")



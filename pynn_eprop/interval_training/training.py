"""The training of a sequence task in one folder."""

import csv
import io
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import CheckpointError, ParameterError, ResultsError, TaskError
from pynn_eprop.experiments.folder import CHECKPOINT_SECONDS, write_atomically, write_text
from pynn_eprop.experiments.interrupts import DeferredInterrupts, ExperimentInterrupted
from pynn_eprop.experiments.results import versions, without_nan
from pynn_eprop.experiments.work_folder import WorkFolder
from pynn_eprop.interval_training.plan import IntervalPlan
from pynn_eprop.interval_training.report import write_report
from pynn_eprop.intervals.machine import COMPILED
from pynn_eprop.models.answers import ask
from pynn_eprop.plotting import save_figure, styled
from pynn_eprop.sequence_tasks.course import Progress
from pynn_eprop.sequence_tasks.task import MINUTES, UPDATES

PRODUCTS = ("weights.npz", "learning_curve.csv", "figure.png", "figure.svg", "report.html")
_SAVING_PART = 0.05
"""Part of the time that saving states may take."""
DIVERGED, COMPLETE = "diverged", "complete"
BEST, FIRST, LAST = "best", "first", "last"
"""Which weights a result has: of a training that diverged before it had a best, the first ones."""

ShowProgress = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Show nothing."""


def work_clock(machine: str, threads: int) -> Callable[[], float]:
    """Seconds of work: of the processor, for each thread, which other work does not lengthen.

    Threads that share a processor count as one. A machine that may compute elsewhere has seconds
    of the wall.
    """
    if machine != COMPILED:
        return time.perf_counter
    at_once = min(threads, os.cpu_count() or 1)
    return lambda: time.process_time() / at_once


class IntervalTraining:
    """A plan in one folder.

    Raises the package's typed errors, before any work is done, if plan, data, machine or folder do
    not allow it, and :class:`ExperimentInterrupted` after a signal, with all work saved. A training
    whose error is not finite ends there, with a result that says so (``diverged``) and the best
    weights before, or the first ones.
    """

    def __init__(self, plan: IntervalPlan, out: Path,
                 checkpoint_seconds: float = CHECKPOINT_SECONDS) -> None:
        self.plan = plan
        plan.check_memory()     # before sequences and first weights take it
        self.course = plan.task.course(plan.rule, plan.seed)
        self.machine = plan.build_machine()
        self.course.clock = work_clock(plan.machine, self.machine.threads)
        self.folder = WorkFolder(out, PRODUCTS)
        self._checkpoint, self._best = (self.folder.state / name
                                        for name in ("checkpoint.npz", "best.npz"))
        self._checkpoint_seconds = checkpoint_seconds

    def run(self, resume: bool = False, force: bool = False,
            progress: ShowProgress = ignore_progress) -> dict[str, Any]:
        """Train and write the folder; return the contents of results.json."""
        self.folder.open(self.plan.identity(self.course.data_checksum), resume, force)
        try:
            if self.folder.finished:
                return self.folder.read_results()
            with DeferredInterrupts() as interrupts:
                self._load()
                ended_by = self._train(interrupts, progress)
            return self._write(ended_by)
        finally:
            self.folder.close()

    def _train(self, interrupts: DeferredInterrupts, progress: ShowProgress) -> str:
        """Work until the end; return what ended it."""
        self._show(progress)
        saved, between = time.monotonic(), self._checkpoint_seconds
        while (ended_by := self._end()) is None and interrupts.received is None:
            better = self.course.advance(self.machine)
            if better:
                write_archive(self._best, self.machine.parameters())
            self._show(progress)
            # with the best weights, as otherwise they could be those of a later state
            if better or time.monotonic() - saved >= between:
                begun = time.monotonic()
                self._save()
                saved = time.monotonic()
                between = max(self._checkpoint_seconds, (saved - begun) / _SAVING_PART)
        self._save()
        if ended_by is None:
            assert interrupts.received is not None
            raise self._interrupted(interrupts.received)
        return ended_by

    def _end(self) -> str | None:
        course, updates, minutes = self.course, self.plan.most_updates, self.plan.minutes
        if course.over:
            return DIVERGED if course.diverged else COMPLETE
        if minutes is not None and course.seconds >= 60.0 * minutes:
            return MINUTES
        if updates is not None and self.machine.updates + course.next_updates > updates:
            return UPDATES
        return None

    def _show(self, progress: ShowProgress) -> None:
        now = self.course.progress()
        progress(Progress(now.done, self.plan.most_updates, now.text) if now.total is None else now)

    def _interrupted(self, number: int) -> ExperimentInterrupted:
        where = self.course.progress()
        return ExperimentInterrupted(
            f"{signal.Signals(number).name}: stopped after {self.machine.updates} updates "
            f"({where.text}); everything so far is in {self.folder.path}. To go on:\n"
            f"  {self.plan.command(str(self.folder.path))} --resume", number)

    # --- the state on disk ---

    def _save(self) -> None:
        """Save all that goes on; the state before stays if this one is not finite.

        Nothing goes on from such a one; from the state before a run comes to it again.
        """
        state = self.machine.state()
        if all(np.isfinite(array).all() for array in state.values() if array.dtype.kind == "f"):
            write_archive(self._checkpoint, state, {"course": self.course.state(),
                                                    "best": self._best.exists()})

    def _load(self) -> None:
        """Go on from a checkpoint, if there is one. Raises :class:`ResultsError` for damage."""
        if not self._checkpoint.exists():
            self._best.unlink(missing_ok=True)
            return
        try:
            arrays, header = read_archive(self._checkpoint)
            self.course.load(header["course"])
            self.machine.load(arrays)
        except (CheckpointError, KeyError, TypeError, ValueError, AttributeError,
                OverflowError) as error:
            raise ResultsError(f"{self._checkpoint} is damaged, or of another version "
                               f"({type(error).__name__}: {error}); use --force to start "
                               "again") from error
        if header.get("best") and not self._best.exists():
            raise ResultsError(f"{self._best} is missing, which has the best weights; use --force "
                               "to start again")

    # --- the result ---

    def _write(self, ended_by: str) -> dict[str, Any]:
        plan, task, folder = self.plan, self.plan.task, self.folder
        found = self.course.results(self.machine)       # before the weights are those of the best
        updates = self.machine.updates
        if self._best.exists():
            self._take_best()
        elif self.course.diverged:
            self.machine.set_parameters(task.first_parameters(plan.seed))
        write_archive(folder.path / "weights.npz", self.machine.parameters())
        shown = task.show(self.course, self.machine, plan.seed)
        results = without_nan({
            "task": task.name, "size": plan.size, "rule": plan.rule_name, "seed": plan.seed,
            "machine": plan.machine, "precision": plan.precision, "threads": self.machine.threads,
            "error_name": task.error_name, **self.course.about, **found,
            **task.further_results(shown),
            "diverged": self.course.diverged, "ended_by": ended_by, "updates": updates,
            "weights": BEST if self._best.exists() else FIRST if self.course.diverged else LAST,
            "seconds": self.course.seconds,
            "updates_per_second": updates / max(self.course.seconds, 1e-9),
            "parameters": task.parameters, "paper": task.paper_result, "versions": versions(),
            "command": plan.command()})
        write_text(folder.path / "learning_curve.csv", self._curve())
        with styled():
            figure = ask("", "sequence task", task, "draw_figure", results, shown)
            if not isinstance(figure, Figure):
                raise TaskError(f"sequence task {task.name!r}: draw_figure() gave "
                                f"{type(figure).__name__}; it must give a figure of Matplotlib")
        for suffix in (".png", ".svg"):
            write_atomically(folder.path / f"figure{suffix}",
                             lambda path: save_figure(figure, path))
        write_atomically(folder.path / "report.html", lambda path: write_report(
            path, task, results, folder.path / "figure.png"))
        folder.write_results(results)
        return dict(json.loads(json.dumps(results)))

    def _take_best(self) -> None:
        try:
            self.machine.set_parameters(read_archive(self._best)[0])
        except (CheckpointError, ParameterError) as error:
            raise ResultsError(f"{error}; use --force to start again") from error

    def _curve(self) -> str:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.course.curve_header)
        for row in self.course.curve():
            writer.writerow(["" if value is None else f"{value:.9g}" for value in row])
        return text.getvalue()


def interval_line(task_text: str, results: dict[str, Any]) -> str:
    """The result in one line. task_text: what the task says of it."""
    lost = ", DIVERGED: an error was not finite" if results["diverged"] else ""
    return (f"{results['task']} seed {results['seed']} {results['rule']} {results['size']} "
            f"{results['machine']} {results['precision']}: {task_text}{lost}, "
            f"{results['updates']} updates, {results['seconds']:.1f} s")

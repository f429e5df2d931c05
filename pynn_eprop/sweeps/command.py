"""``pynn-eprop sweep``: a run for each seed and each point of a grid."""

import argparse
import copy
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.bars import Bar
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.plugins import load_plugins
from pynn_eprop.plotting.style import save_figure
from pynn_eprop.sweeps.figure import draw_sweep
from pynn_eprop.sweeps.grid import Point, grid_points, parse_axis, parse_seeds
from pynn_eprop.sweeps.process import Ended
from pynn_eprop.sweeps.runs import Run, run_all
from pynn_eprop.sweeps.summary import (
    Measures,
    Results,
    choose_measure,
    rows_of,
    runs_table,
    table_text,
)

OPTIONS: dict[str, type] = {
    "backend": str, "machine": str, "precision": str, "feedback": str, "rule": str,
    "gradient": str, "size": str, "neurons": int, "updates": int, "epochs": int, "minutes": float}
"""Options of ``run`` that can be an axis; other names are the task's parameters."""
SETUP = "setup."
FAILED = 1


class Plan(Protocol):
    """A run that is known to be possible."""

    @property
    def measures(self) -> tuple[str, ...] | None:
        """Names of numbers in results.json; None if the task does not say what it adds."""

    def command(self, out: str = "DIR") -> str:
        """The command line that makes its result."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
               add_run_options: Callable[[argparse.ArgumentParser], None],
               build_plan: Callable[[argparse.Namespace], Plan]) -> None:
    """Add the command. build_plan: the plan of ``run`` with such options, or its typed error."""
    parser = commands.add_parser(
        "sweep", help="run a task with many seeds and parameters, on several processes",
        description="Run a task once for each seed and each point of a grid, several at a time. "
                    "What is finished is kept: the same command goes on, and more seeds or values "
                    "can be added. All options of `run` are those of each run.")
    add_run_options(parser)
    parser.set_defaults(command=sweep, build_plan=build_plan)
    parser.add_argument("--seeds", default=None, metavar="LIST", help="seeds, as 1-20 or 1,5,8-10 "
                        "(default: that of --seed)")
    parser.add_argument("--grid", action="append", default=[], metavar="NAME=VALUE,VALUE,...",
                        help="values of a parameter of the task, of an option (one of: "
                             f"{', '.join(OPTIONS)}), or of a keyword of setup(), as "
                             f"{SETUP}NAME (may be repeated: all combinations are run); "
                             "semicolons instead of commas, if values have commas")
    parser.add_argument("--workers", type=int, metavar="N",
                        help="runs side by side on this computer (default: its processors, "
                             "divided by --threads)")
    parser.add_argument("--scheduler", metavar="ADDRESS",
                        help="address of a dask scheduler whose workers do the runs; they must see "
                             "the same folders and have this package")
    parser.add_argument("--measure", metavar="NAME",
                        help="number of results.json to compare by (default: the task's)")


def sweep(options: argparse.Namespace) -> int:
    """Do the runs; write table and figure, print the table; returns the exit status."""
    load_plugins(options.plugin)
    _check(options)
    seeds = (options.seed,) if options.seeds is None else parse_seeds(options.seeds)
    points = list(grid_points([parse_axis(text) for text in options.grid], seeds))
    out = options.out or Path("results", f"sweep-{options.task}")
    commands, said = _check_runs(options, points)
    runs = [Run(command, out / "runs" / point.folder)
            for point, command in zip(points, commands, strict=True)]
    _check_folders(points)
    choose_measure(_finished(runs), options.measure, said)
    workers = options.workers or max(1, (os.cpu_count() or 1) // options.threads)
    failures: list[tuple[Run, Ended]] = []
    bar = Bar("run")

    def progress(run: Run, ended: Ended) -> None:
        if ended.status == 0:
            done[0] += 1
        else:       # by a signal to one run, too; one to all of them is raised
            failures.append((run, ended))
        if not options.quiet:
            bar.show("sweep", done[0], len(runs), run.folder.name)

    done = [len(_finished(runs))]
    if not options.quiet:
        bar.show("sweep", done[0], len(runs))
    more = ["--threads", str(options.threads), "--checkpoint-every", str(options.checkpoint_every)]
    try:
        run_all(runs, workers, options.scheduler, more, progress)
    except ExperimentInterrupted:
        with suppress(TaskError):       # of a measure that there is not
            _report(points, runs, out, options.measure, said)
        raise
    finally:
        bar.close()
    for run, ended in failures:
        print(f"pynn-eprop: error: {run.folder} ended with status {ended.status}: {ended.text}",
              file=sys.stderr)
    print(_report(points, runs, out, options.measure, said))
    if not options.quiet:
        print(f"{out / 'sweep.png'} shows it; each run is in {out / 'runs'}")
    return FAILED if failures else 0


def _check(options: argparse.Namespace) -> None:
    """Raise :class:`TaskError` for options that a sweep cannot have."""
    if options.seeds is not None and options.seed != options.default_of("seed"):
        raise TaskError("sweep: give --seeds or --seed, not both")
    if options.workers is not None and options.workers < 1:
        raise TaskError(f"sweep: workers={options.workers} must be 1 or more")
    if options.workers is not None and options.scheduler is not None:
        raise TaskError("sweep: --workers are processes of this computer; a --scheduler has its "
                        "own")
    if options.threads < 1:
        raise TaskError(f"sweep: threads={options.threads} must be 1 or more")
    if options.force:
        raise TaskError("sweep: --force would throw away runs that are finished; remove the folder "
                        "instead, or give another --out")


def _check_folders(points: Sequence[Point]) -> None:
    names = [point.folder for point in points]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TaskError(f"sweep: two runs would have the folder {twice!r}")


def _check_runs(options: argparse.Namespace, points: Sequence[Point]
                ) -> tuple[list[str], list[Measures]]:
    """The command of each run; with a --measure also the names of numbers in its results.

    Raises the errors of runs that cannot be, before any begins.
    """
    commands, said = [], []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for point in points:
            plan = options.build_plan(_at(options, point))
            commands.append(plan.command())
            if options.measure is not None:
                said.append(plan.measures)
    for text in dict.fromkeys(str(warning.message) for warning in caught):
        print(f"pynn-eprop: warning: {text}", file=sys.stderr)
    return commands, said


def _at(options: argparse.Namespace, point: Point) -> argparse.Namespace:
    """The options of ``run`` at a point."""
    chosen = copy.copy(options)
    chosen.seed, chosen.set, chosen.setup = point.seed, list(options.set), list(options.setup)
    for name, value in point.values:
        if name in OPTIONS:
            setattr(chosen, name, _as(OPTIONS[name], name, value))
        elif name.startswith(SETUP):
            chosen.setup.append((name.removeprefix(SETUP), value))
        else:
            if any(given == name for given, _ in options.set):
                raise TaskError(f"sweep: {name} is in --set and in --grid")
            chosen.set.append((name, value))
    return chosen


def _as(kind: type, name: str, value: Any) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        wanted = {str: "text", int: "a whole number", float: "a number"}[kind]
        raise TaskError(f"grid: {name}={value!r} must be {wanted}")
    return value


def _finished(runs: Sequence[Run]) -> list[Results]:
    """The results of those that are finished."""
    return [found for run in runs if (found := run.results()) is not None]


def _report(points: Sequence[Point], runs: Sequence[Run], out: Path, measure: str | None,
            said: Sequence[Measures]) -> str:
    """Write sweep.txt, runs.csv and the figures of what is finished; the table."""
    found = [run.results() for run in runs]
    there = [results for results in found if results is not None]
    if not there:
        return "no run is finished"
    name = choose_measure(there, measure, said)
    rows = rows_of(points, found, name)
    text = table_text(rows, name)
    by_row = [[results for point, results in zip(points, found, strict=True)
               if results is not None and point.series == row.series] for row in rows]
    write_text(out / "sweep.txt", text + "\n")
    write_text(out / "runs.csv", runs_table(points, found))
    figure = draw_sweep(rows, by_row, name)
    for suffix in ("png", "svg"):
        write_atomically(out / f"sweep.{suffix}", lambda path: save_figure(figure, path))
    return text

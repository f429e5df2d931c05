"""``pynn-eprop run`` of a sequence task."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.bars import Bar
from pynn_eprop.experiments.data_option import data_parameter
from pynn_eprop.interval_training.plan import EPROP_3, IntervalPlan
from pynn_eprop.interval_training.training import (
    BEST,
    IntervalTraining,
    ignore_progress,
    interval_line,
)
from pynn_eprop.intervals import INTERVAL_RULES
from pynn_eprop.intervals.machine import COMPILED
from pynn_eprop.sequence_tasks import SEQUENCE_TASKS
from pynn_eprop.sequence_tasks.course import Progress

OWN_OPTIONS = ("size", "minutes", "epochs")
"""Options of ``run`` that no other kind of task has."""
_NOT_HERE = ("backend", "feedback", "gradient", "recurrent", "keep_training", "learned", "targets",
             "setup", "condition")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``run`` that are for sequence tasks."""
    names = ", ".join(SEQUENCE_TASKS)
    sizes = "; ".join(f"of {kind.name}: {', '.join(kind.sizes)}" for kind in SEQUENCE_TASKS.values()
                      if kind.sizes)
    parser.add_argument("--size", help=f"size of network and batch, for tasks learned in "
                        f"intervals: {names} ({sizes}; default: the first, the paper's)")
    parser.add_argument("--minutes", type=float, metavar="M",
                        help="stop after so many minutes of work (processor time per thread), for "
                             "tasks learned in intervals whose sequences are drawn")
    parser.add_argument("--epochs", type=int, metavar="N",
                        help="passes through the data, for tasks learned in intervals that read a "
                             "text (default: the task's)")


def refuse_own_options(options: argparse.Namespace) -> None:
    """Raise :class:`TaskError` for an option that only sequence tasks have."""
    for name in OWN_OPTIONS:
        if getattr(options, name) is not None:
            raise TaskError(f"run {options.task}: --{name} is for tasks that are learned in "
                            f"intervals, {list(SEQUENCE_TASKS)}")


def build_plan(options: argparse.Namespace, defaults: Callable[[str], Any]) -> IntervalPlan:
    """The plan that the options of ``run`` ask for.

    defaults: gives the default of an option of ``run``. Raises :class:`TaskError` for options that
    are not for sequence tasks, and what :class:`IntervalPlan` raises.
    """
    for name in _NOT_HERE:
        if getattr(options, name) != defaults(name):
            option = {"recurrent": "no-recurrent"}.get(name, name.replace("_", "-"))
            raise TaskError(f"run {options.task}: --{option} is not for tasks that are learned in "
                            "intervals; what they learn by is chosen with --rule, one of "
                            f"{list(INTERVAL_RULES)}")
    units = [] if options.neurons is None else [("n_units", options.neurons)]
    # a default of this text is that of other tasks; the same text from a user is refused
    rule = EPROP_3 if options.rule is defaults("rule") else options.rule
    return IntervalPlan(
        options.task, rule, options.size, options.machine or COMPILED,
        options.precision or "float32", options.seed, options.threads, options.updates,
        options.minutes, options.epochs,
        (*options.set, *units, *data_parameter(options.data)), tuple(options.plugin))


def run(options: argparse.Namespace, defaults: Callable[[str], Any]) -> int:
    """Train, print the result; returns the exit status.

    defaults: gives the default of an option of ``run``.
    """
    plan = build_plan(options, defaults)
    out = options.out or Path("results", f"{options.task}-{plan.rule_name}-seed{options.seed}")
    bar = Bar(plan.task.progress_unit)

    def show(progress: Progress) -> None:
        bar.show(options.task, progress.done, progress.total, progress.text)

    try:
        results = IntervalTraining(plan, out, options.checkpoint_every).run(
            options.resume, options.force, ignore_progress if options.quiet else show)
    finally:
        bar.close()
    if results["diverged"]:
        kept = "best weights before that" if results["weights"] == BEST else \
            "first weights, as nothing better was found,"
        bounded = "" if plan.task.tanh_output else ", --set tanh_output=True"
        print(f"pynn-eprop: warning: the training diverged: an error was not finite after "
              f"{results['updates']} updates; the {kept} are kept. A lower lr{bounded} or "
              f"--set clip=NORM may help", file=sys.stderr)
    print(interval_line(plan.task.result_text(results), results))
    if not options.quiet:
        print(f"open {out / 'report.html'}")
    return 0

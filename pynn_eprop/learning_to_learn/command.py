"""``pynn-eprop learn``, and ``pynn-eprop run`` of a family with what was learned."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.bars import Bar
from pynn_eprop.experiments.folder import CHECKPOINT_SECONDS
from pynn_eprop.experiments.plugins import load_plugins
from pynn_eprop.families import FAMILIES, Family
from pynn_eprop.learning_to_learn import learn as outer
from pynn_eprop.learning_to_learn import one_shot_run as inner
from pynn_eprop.learning_to_learn.error_modules import ERROR_MODULES, SpikingModule
from pynn_eprop.models.rules import RULES, EProp

_NOT_HERE = ("updates", "feedback", "rule", "gradient", "recurrent", "data", "keep_training",
             "condition")
"""Options of ``run`` that choose the training of a task."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
               add_plugin: Callable[[argparse.ArgumentParser], None],
               assignment: Callable[[str], tuple[str, Any]],
               seconds: Callable[[str], float]) -> None:
    """Add the command ``learn``."""
    parser = commands.add_parser(
        "learn", help="learn to learn: train an error module on a family of tasks (e-prop 2)")
    parser.set_defaults(command=learn)
    parser.add_argument("family", metavar="FAMILY",
                        help=f"one of: {', '.join(FAMILIES)}, or a plugin's")
    sizes = "; ".join(f"of {kind.name}: {', '.join(kind.sizes)}" for kind in FAMILIES.values()
                      if kind.sizes)
    parser.add_argument("--size", help=f"size of networks and batches ({sizes}; default: the "
                                       "first, the paper's)")
    parser.add_argument("--error-module", default=SpikingModule.name, metavar="NAME",
                        help=f"one of: {', '.join(ERROR_MODULES)}, or a plugin's (default: "
                             "%(default)s)")
    parser.add_argument("--rule", default=EProp.name, metavar="NAME",
                        help=f"eligibility traces of the update, one of: {', '.join(RULES)}, as of "
                             "`pynn-eprop run` (default: %(default)s)")
    parser.add_argument("--iterations", type=int, help="of the outer loop (default: the family's)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, metavar="N",
                        help="tasks that are computed side by side, the most up to N that divide a "
                             "batch, for less memory and more time (default: all of it)")
    add_plugin(parser)
    parser.add_argument("--set", action="append", default=[], type=assignment,
                        metavar="NAME=VALUE",
                        help="change a parameter of the family (may be repeated)")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="results folder (default: a folder in results/, named after family, "
                             "error module and seed)")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true",
                       help="go on with the work in DIR; begin it if there is none")
    again.add_argument("--force", action="store_true", help="replace what is in DIR")
    parser.add_argument("--checkpoint-every", type=seconds, default=CHECKPOINT_SECONDS,
                        metavar="SECONDS", help="default: %(default)g")
    parser.add_argument("--quiet", action="store_true", help="print the result only")


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``run`` that are for families."""
    parser.add_argument("--learned", type=Path, metavar="DIR",
                        help="folder of `pynn-eprop learn` (or its learned.npz), of families of "
                             f"tasks ({', '.join(FAMILIES)})")
    parser.add_argument("--targets", type=int, metavar="N",
                        help=f"fresh tasks of a family (default: {inner.TARGETS})")


def learn(options: argparse.Namespace) -> int:
    """Run an outer loop, print its result; returns the exit status."""
    load_plugins(options.plugin)
    plan = outer.LearnPlan(
        options.family, options.size, options.error_module, options.rule, options.iterations,
        options.seed, options.at_once, tuple(options.set), tuple(options.plugin))
    out = options.out or Path(
        "results", f"learn-{options.family}-{options.error_module}-seed{options.seed}")
    bar = Bar("iteration")

    def show(what: str, done: int, total: int, error: float | None) -> None:
        bar.show(what, done, total, _error_text(plan.family, error))

    try:
        results = outer.Learning(plan, out, options.checkpoint_every).run(
            options.resume, options.force, outer.ignore_progress if options.quiet else show)
    finally:
        bar.close()
    print(outer.learn_line(results))
    if not options.quiet:
        print(f"{out / 'figure.png'} shows it; to use it:\n  pynn-eprop run {options.family} "
              f"--learned {out}")
    return 0


def build_plan(options: argparse.Namespace, defaults: Callable[[str], Any]) -> inner.OneShotPlan:
    """The plan of one-shot learning that the options of ``run`` ask for.

    defaults: gives the default of an option of ``run``. Raises :class:`TaskError` for options that
    are not for families, and what :class:`OneShotPlan` raises.
    """
    if options.learned is None:
        raise TaskError(f"run {options.task}: --learned is missing; it is a family of tasks, and "
                        f"`pynn-eprop learn {options.task} --out DIR` makes what a run needs")
    for name in _NOT_HERE:
        if getattr(options, name) != defaults(name):
            option = {"recurrent": "no-recurrent"}.get(name, name.replace("_", "-"))
            raise TaskError(f"run {options.task}: --{option} is for tasks that are trained here; "
                            "what a family learns, and how, is chosen in `pynn-eprop learn`")
    neurons = [] if options.neurons is None else [("n_neurons", options.neurons)]
    return inner.OneShotPlan(
        options.task, options.learned, options.backend, options.machine, options.precision,
        options.seed, inner.TARGETS if options.targets is None else options.targets,
        options.threads, (*options.set, *neurons), tuple(options.plugin),
        tuple(options.setup))


def run(options: argparse.Namespace, defaults: Callable[[str], Any]) -> int:
    """Run one-shot learning, print its result; returns the exit status.

    defaults: gives the default of an option of ``run``.
    """
    plan = build_plan(options, defaults)
    out = options.out or Path("results", f"{options.task}-{options.backend}-seed{options.seed}")
    bar = Bar("task")

    def show(done: int, total: int, error: float | None) -> None:
        bar.show("one-shot learning", done, total, _error_text(plan.learned.family, error))

    try:
        results = inner.OneShotRun(plan, out).run(
            options.resume, options.force, inner.ignore_progress if options.quiet else show)
    finally:
        bar.close()
    print(inner.one_shot_line(results))
    if not options.quiet:
        print(f"{out / 'figure.png'} shows the first task")
    return 0


def _error_text(family: Family, error: float | None) -> str:
    return "" if error is None else f"{family.error_name} {error:.4f}"

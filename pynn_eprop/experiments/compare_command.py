"""``pynn-eprop compare``: one seeded network on several backends."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.compare import Comparison, Quantity, Verdict, compare
from pynn_eprop.experiments.compare_machines import (
    BASES,
    STAND_INS,
    choose_machines,
    default_names,
    machines,
)
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.data_option import add_data_option, data_parameter
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.plugins import load_plugins
from pynn_eprop.models.rules import EProp
from pynn_eprop.plotting.comparison import Curve, draw_comparison
from pynn_eprop.plotting.style import save_figure

AGREE, DIFFER, INCOMPLETE = 0, 1, 2
DEFAULT_UPDATES, DEFAULT_NEURONS = 6, 20


def run(options: argparse.Namespace) -> int:
    """Compare, print the table, write figure and comparison.json; returns the exit status.

    0: all agree within their bounds. 1: some do not. 2: some backend did not run.
    """
    load_plugins(options.plugin)
    neurons = options.neurons
    if neurons is None and "n_neurons" not in dict(options.set):
        neurons = DEFAULT_NEURONS
    configuration = Configuration(
        task=options.task, seed=options.seed, updates=options.updates, neurons=neurons,
        feedback=options.feedback, rule=options.rule,
        parameters=(*options.set, *data_parameter(options.data)), plugins=tuple(options.plugin))
    chosen = choose_machines(options.backends)
    out = options.out or Path("results", f"compare-{options.task}-seed{options.seed}")
    if out.exists() and not out.is_dir():
        raise ResultsError(f"{out} is a file; give --out a folder")
    out.mkdir(parents=True, exist_ok=True)
    comparison = compare(configuration, chosen, lambda line: print(line, file=sys.stderr))
    write_text(out / "comparison.json",
               json.dumps(comparison.as_dict(), indent=1, allow_nan=False) + "\n")
    ran = {verdict.machine.name: verdict.against for verdict in comparison.verdicts
           if verdict.problem is None}
    if ran:
        _draw(comparison, ran, out)
    lines = table(comparison)
    write_text(out / "comparison.txt", "\n".join(lines) + "\n")
    print("\n".join(lines))
    if ran:
        print(f"{out / 'comparison.png'} shows it")
    if comparison.incomplete:
        return INCOMPLETE
    return AGREE if comparison.agrees else DIFFER


def _draw(comparison: Comparison, ran: dict[str, str], out: Path) -> None:
    task = comparison.configuration.build_task()
    curves = {name: Curve(**{key: outcome[key] for key in Curve.arrays})
              for name, outcome in comparison.outcomes.items()}
    figure = draw_comparison(task.title, curves, ran, task.timestep)
    write_atomically(out / "comparison.png", lambda path: save_figure(figure, path))


def table(comparison: Comparison) -> list[str]:
    """The comparison as lines of text."""
    configuration = comparison.configuration
    lines = [f"{configuration.task}, seed {configuration.seed}, "
             f"{configuration.build_task().n_neurons} cells, {configuration.n_updates} updates"]
    free = comparison.free_steps
    if free.count:
        lines.append(f"input spikes of the first {free.count} steps of each trial are left out on "
                     f"all backends, because of {', '.join(free.because_of)}")
    lines += [f"{base} refuses the task, so that {STAND_INS[arithmetic]} takes its place: "
              f"{comparison.refusals[base]}" for arithmetic, base in BASES.items()
              if base in comparison.refusals
              and STAND_INS.get(arithmetic, base) not in comparison.refusals]
    width = 1 + max(10, *(len(verdict.machine.name) for verdict in comparison.verdicts))
    lines.append(f"{'backend':<{width}}{'against':<12}{'quantity':<10}{'largest difference':>20}"
                 f"{'bound':>9}  verdict")
    for verdict in comparison.verdicts:
        lines += _rows(verdict, width)
    return lines


def _rows(verdict: Verdict, width: int) -> list[str]:
    name = f"{verdict.machine.name:<{width}}{verdict.against:<12}"
    if verdict.problem is not None:
        return [f"{name}did not run: {verdict.problem[1]}"]
    return [f"{name}{quantity:<10}{each.largest_difference:>20.3g}{each.bound:>9.1g}  "
            + ("agrees" if each.agrees else f"differs from {_where(each)} on")
            for quantity, each in verdict.quantities.items()]


def _where(quantity: Quantity) -> str:
    if quantity.first_ms is None:
        return f"update {quantity.first_update}"
    return f"{quantity.first_ms:g} ms, after {quantity.first_update} updates,"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
               assignment: Callable[[str], Any]) -> None:
    """Add the command; ``assignment`` parses NAME=VALUE."""
    parser = commands.add_parser(
        "compare", help="run a task's network on several backends and show where they differ")
    parser.set_defaults(command=run)
    parser.add_argument("task", metavar="TASK")
    parser.add_argument("--backends", default=default_names(), metavar="LIST",
                        help=f"from: {', '.join(machines())}, or a plugin's (default: "
                        "%(default)s); the host's float64 (the reference, if that refuses the "
                        "task) or fixed point is what the others are held against")
    parser.add_argument("--neurons", type=int,
                        help=f"size of the network (default: {DEFAULT_NEURONS})")
    parser.add_argument("--updates", type=int, default=DEFAULT_UPDATES,
                        help="weight updates (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--feedback", default="random", help="as of `pynn-eprop run`")
    parser.add_argument("--rule", default=EProp.name, help="as of `pynn-eprop run`")
    parser.add_argument("--plugin", action="append", default=[], metavar="MODULE",
                        help="as of `pynn-eprop run`")
    parser.add_argument("--set", action="append", default=[], type=assignment,
                        metavar="NAME=VALUE", help="change a parameter of the task")
    add_data_option(parser)
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="folder for comparison.json, .txt and .png "
                        "(default: results/compare-TASK-seedSEED)")

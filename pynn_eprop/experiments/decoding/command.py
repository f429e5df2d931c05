"""``pynn-eprop decode``: the information in eligibility traces about something in the past."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pynn_eprop.experiments.decoding.experiment import (
    DecodingExperiment,
    DecodingPlan,
    ignore_progress,
)
from pynn_eprop.experiments.plugins import load_plugins


def run(options: argparse.Namespace) -> int:
    """Decode, print a line for each update; returns the exit status."""
    load_plugins(options.plugin)
    plan = DecodingPlan.of(
        options.task, options.updates, options.seed, options.seeds, options.set,
        backend=options.backend, machine=options.machine, precision=options.precision,
        neurons=options.neurons, threads=options.threads, feedback=options.feedback,
        rule=options.rule, gradient=options.gradient, recurrent=options.recurrent,
        setup=tuple(options.setup), conditions=tuple(options.condition),
        plugins=tuple(options.plugin))
    out = options.out or Path("results", f"decode-{options.task}-seed{options.seed}")
    bar = Bar()
    try:
        results = DecodingExperiment(plan, out, options.checkpoint_every).run(
            options.resume, options.force, ignore_progress if options.quiet else bar.show)
    finally:
        bar.close()
    print("\n".join(lines(results)))
    if not options.quiet:
        print(f"{out / 'decoding.png'} shows it")
    return 0


def lines(results: dict[str, Any]) -> list[str]:
    """The result as lines of text: accuracy after each update, at some delays."""
    delays = results["delay_ms"]
    places = [min(range(len(delays)), key=lambda place: abs(delays[place] - wanted))
              for wanted in (0.0, 1000.0, 2000.0, 4000.0) if wanted <= delays[-1] + 500.0]
    seeds = results["seeds"]
    return [f"{results['task']} {results['backend']} {results['precision']} {results['rule']}, "
            f"{len(seeds)} seed{'s' * (len(seeds) > 1)}: accuracy of the {results['label']}",
            *(f"  after {update:>3} updates: " + ", ".join(
                f"{curve[place]:.2f} at {delays[place] / 1000.0:g} s" for place in places)
              for update, curve in results["accuracy"].items())]


class Bar:
    """A bar on standard error for each thing that is done."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None
        self._what = ""

    def show(self, what: str, done: int, total: int) -> None:
        """Move the bar; begin another one for something else."""
        if self._bar is None or what != self._what:
            self.close()
            self._what = what
            self._bar = tqdm(total=total, desc=what, dynamic_ncols=True, file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the line of the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _updates(text: str) -> list[int]:
    try:
        return [int(each) for each in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers such as "
                                         "25,75,200") from None


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
               add_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add the command; ``add_options`` adds those of `pynn-eprop run` that choose a training."""
    parser = commands.add_parser(
        "decode", help="train, and decode from eligibility traces what the network is to remember")
    parser.set_defaults(command=run)
    add_options(parser)
    parser.add_argument("--updates", type=_updates, metavar="LIST",
                        help="weight updates after which traces are decoded, 0 for before the "
                             "training (default: the task's)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N",
                        help="networks, with the seeds from --seed on (default: %(default)s)")

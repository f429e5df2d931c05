"""Task 1.1 with a chip in the loop: what mismatch, coarse weights and few samples cost.

``python -m evidence.chip_in_the_loop`` skips finished runs, resumes interrupted ones, and then
writes docs/evidence/chip_in_the_loop from all results. The chip is a stand-in in software. Beside
the loop, weights that were learned without the chip are tried on it.
"""

import argparse
import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pynn_eprop.brainscales as sim
from evidence.chip_in_the_loop_page import draw, page
from evidence.side_by_side import run_all
from pynn_eprop.errors import EPropError
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.plotting.style import save_figure

Setup = tuple[tuple[str, Any], ...]
Result = Mapping[str, Any]
EXACT: Setup = (("substrate", "model"), ("holds", True))


def _chip(mismatch: float, *more: tuple[str, Any]) -> Setup:
    return (("substrate", "stand-in"), ("mismatch", mismatch), *more)


SERIES: dict[str, Setup | None] = {
    "host": None,
    "reset and held": EXACT,
    "chip": _chip(0.0),
    "chip, 10% mismatch": _chip(0.1),
    "chip, 20% mismatch": _chip(0.2),
    "chip, 10%, v every 6 ms": _chip(0.1, ("sample_period", 6.0)),
    "chip, 10%, spikes only": _chip(0.1, ("voltage", "model")),
    "chip, 20%, spikes only": _chip(0.2, ("voltage", "model")),
    "chip, 10%, trials vary 5%": _chip(0.1, ("trial_variation", 0.05)),
}
"""Keywords of ``setup()`` of the series; None: the host, whose cells subtract the threshold."""
TRANSFERRED = "reset and held"
"""The series whose weights are tried on chips that they did not see."""


@dataclass(frozen=True)
class Plan:
    """Sizes of the runs. intervals: lengths of trials in ms."""

    neurons: int = 100
    updates: int = 1000
    intervals: tuple[float, ...] = (200.0, 1000.0)
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    series: tuple[str, ...] = tuple(SERIES)
    trials: int = 5     # on which weights are tried


SMALL = Plan(neurons=12, updates=3, intervals=(50.0,), seeds=(1, 2), trials=2,
             series=("host", TRANSFERRED, "chip, 10% mismatch", "chip, 20% mismatch"))


@dataclass
class Found:
    """Results by length of trials and series, a run for each seed, and of weights on chips.

    tried: by length of trials and series of the chip, (seeds, 2): nMSE of the weights learned
    without the chip, and of those learned with it.
    """

    runs: dict[float, dict[str, list[Result]]]
    tried: dict[float, dict[str, np.ndarray]]


def configuration(plan: Plan, interval: float, label: str, seed: int) -> Configuration:
    """One run."""
    setup = SERIES[label]
    return Configuration(
        "pattern-generation", "host" if setup is None else "brainscales", precision="float64",
        seed=seed, updates=plan.updates, neurons=plan.neurons,
        parameters=(("interval", interval),), setup=setup or ())


def folder(work: Path, interval: float, label: str, seed: int) -> Path:
    """The results folder of a run."""
    name = "".join(letter if letter.isalnum() else "-" for letter in label)
    return work / f"{name}-{interval:g}ms-seed-{seed}"


def gather(plan: Plan, work: Path, at_once: int) -> Found:
    """Run, or read, all of it."""
    places = [(interval, label, seed) for interval in plan.intervals for seed in plan.seeds
              for label in plan.series]
    results = run_all([(configuration(plan, *place), folder(work, *place)) for place in places],
                      at_once)
    found = Found({interval: {} for interval in plan.intervals}, {})
    for (interval, label, _), result in zip(places, results, strict=True):
        found.runs[interval].setdefault(label, []).append(result)
    for interval in plan.intervals:
        found.tried[interval] = {
            label: np.array([[try_on(plan, work, interval, label, seed, learned)
                              for learned in (TRANSFERRED, label)] for seed in plan.seeds])
            for label in ("chip, 10% mismatch", "chip, 20% mismatch") if label in plan.series}
    return found


def try_on(plan: Plan, work: Path, interval: float, chip: str, seed: int, learned: str) -> float:
    """The nMSE on a chip, without learning, of the weights of a run; kept in the run's folder."""
    place = folder(work, interval, learned, seed)
    kept = place / f"tried-on-{folder(work, interval, chip, seed).name}.json"
    if kept.exists():
        return float(json.loads(kept.read_text())["nMSE"])
    chosen = configuration(plan, interval, chip, seed)
    network = TaskNetwork(sim, chosen.build_plan().without_learning(), seed, dict(chosen.setup))
    task = chosen.build_task()
    trials = task.trials_of_updates(seed, 0, plan.trials)
    network.run(trials)     # with the first weights, which decide what a level is, as in a training
    sim.load_weights(place / "weights.npz")
    network.record(*task.recorded)
    network.run(trials)
    errors = task.training_errors(network.take(), trials, seed)
    sim.end()
    error = float(np.mean(errors))
    write_text(kept, json.dumps({"nMSE": error}))
    return error


def table(found: Found) -> str:
    """Errors of all runs as CSV, a row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["interval_ms", "series", "seed", "updates", "nMSE_last_50",
                     "seconds_training"])
    for interval, runs in found.runs.items():
        for label, results in runs.items():
            for result in results:
                writer.writerow([f"{interval:g}", label, result["seed"], result["updates"],
                                 f"{result['error_last50']:.6f}",
                                 f"{result['seconds_training']:.0f}"])
    return text.getvalue()


def tried_table(found: Found) -> str:
    """Errors of weights on chips as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["interval_ms", "chip", "place_of_seed", "learned_without_it",
                     "learned_with_it"])
    for interval, chips in found.tried.items():
        for label, pairs in chips.items():
            for place, pair in enumerate(pairs):
                writer.writerow([f"{interval:g}", label, place, *(f"{each:.6f}" for each in pair)])
    return text.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all that is missing and write the evidence; 130 or 143 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m evidence.chip_in_the_loop",
                                     description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence/chip_in_the_loop"))
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/chip_in_the_loop"))
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side")
    parser.add_argument("--small", action="store_true", help="a minute, to try the command")
    options = parser.parse_args(arguments)
    try:
        found = gather(SMALL if options.small else Plan(), options.work, options.at_once)
    except ExperimentInterrupted as interrupt:
        print(interrupt, file=sys.stderr)
        return 128 + interrupt.signal_number
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    write_atomically(options.out / "learning.png",
                     lambda path: save_figure(draw(found), path))
    write_text(options.out / "runs.csv", table(found))
    write_text(options.out / "weights_on_chips.csv", tried_table(found))
    write_text(options.out / "README.md", page(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())

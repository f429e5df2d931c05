"""Task 1.3 on made speech: what learns, by how much, and the same on voices never heard.

``python -m evidence.speech`` skips finished runs, resumes interrupted ones, and then writes
docs/evidence/speech.csv and speech.png from all results. All networks have the same size and number
of updates; ``--neurons 800 --updates 2320`` is the paper's size.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pynn_eprop.errors import EPropError
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.experiment import Experiment
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.results import result_line
from pynn_eprop.plotting.style import GRID, SERIES_COLOURS, new_figure, save_figure, styled

SEEDS = (1, 2, 3)
NEURONS, UPDATES = 200, 1160        # ten epochs
SERIES: dict[str, dict[str, Any]] = {
    "readout only": {"rule": "readout-only"},
    "truncated traces": {"rule": "truncated-traces", "feedback": "symmetric"},
    "random feedback": {},
    "symmetric feedback": {"feedback": "symmetric"},
    "backpropagation through time": {"backend": "jax", "gradient": "bptt"},
    "symmetric, features in [0, 1]": {
        "feedback": "symmetric", "parameters": (("scaling", "range"), ("input_width", 3.0))},
}
SETS = ("validation", "test", "held_out")
Results = dict[str, list[dict[str, Any]]]


def gather(work: Path, neurons: int, updates: int, seeds: Sequence[int], threads: int,
           labels: Sequence[str]) -> Results:
    """Run, or read, all series; results by label, in the order of the seeds."""
    results: Results = {}
    for label in labels:
        for seed in seeds:
            configuration = Configuration("speech", seed=seed, neurons=neurons, updates=updates,
                                          threads=threads, keep_training=True, **SERIES[label])
            folder = work / f"speech-{neurons}-{label.replace(' ', '-')}" / f"seed-{seed}"
            result = Experiment(configuration, folder).run(resume=True)
            print(f"{label}: {result_line(result)}", file=sys.stderr, flush=True)
            results.setdefault(label, []).append(result)
    return results


def write_table(results: Results, path: Path) -> None:
    """Accuracies of all runs, a row each."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["series", "seed", "neurons", "updates", "best_update", *SETS,
                         "seconds_of_an_update", "corpus", "corpus_checksum"])
        for label, runs in results.items():
            for run in runs:
                seconds = run["seconds_training"] / run["updates"]
                writer.writerow([
                    label, run["seed"], run["neurons"], run["updates"], run["best_update"],
                    *(f"{run[f'accuracy_{name}']:.4f}" for name in SETS), f"{seconds:.3f}",
                    run["corpus"], run["corpus_checksum"][:16]])


def draw_curves(results: Results) -> Figure:
    """Accuracy of the validation set after each epoch, one line a run."""
    with styled():
        figure = new_figure(7.0, 4.5)
        axes = figure.add_subplot()
        for (label, runs), colour in zip(results.items(), SERIES_COLOURS, strict=False):
            for number, run in enumerate(runs):
                curve = np.array([(each["update"], 1.0 - each["validation_error"])
                                  for each in run["epochs"]])
                axes.plot(*curve.T, color=colour, linewidth=1.2,
                          label=label if number == 0 else None)
        run = next(iter(results.values()))[0]
        axes.set_title(f"{run['corpus']}, {run['neurons']} cells")
        axes.set_xlabel("update")
        axes.set_ylabel("accuracy per frame, validation")
        axes.grid(**GRID)
        axes.legend(loc="lower right")
    return figure


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all that is missing and write the evidence; 130 or 143 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m evidence.speech", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence"))
    parser.add_argument("--out", type=Path, default=Path("docs/evidence"))
    parser.add_argument("--neurons", type=int, default=NEURONS)
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--series", nargs="+", choices=list(SERIES), default=list(SERIES))
    options = parser.parse_args(arguments)
    try:
        results = gather(options.work, options.neurons, options.updates, options.seeds,
                         options.threads, options.series)
    except ExperimentInterrupted as interrupt:
        print(f"{interrupt}\nThe same command goes on with the rest.", file=sys.stderr)
        return 128 + interrupt.signal_number
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    write_table(results, options.out / "speech.csv")
    save_figure(draw_curves(results), options.out / "speech.png")
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

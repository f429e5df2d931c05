"""Task 1.3 on made speech: what learns, by how much, and the same on a voice never heard.

``python -m evidence.speech`` skips finished runs, resumes interrupted ones, and then writes
docs/evidence/speech from all results: page, figure, tables. First it searches each series'
learning rate on the validation set, with a seed and a number of updates of its own; then it runs
each series with the rate found. ``--full`` is the paper's network, ten times as many updates.
"""

import argparse
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.speech_page import draw_curves, page
from pynn_eprop.data.speech import read_speech, save_corpus
from pynn_eprop.errors import EPropError
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.experiment import Experiment
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.results import result_line
from pynn_eprop.plotting.style import save_figure

RANGE = (("scaling", "range"), ("input_width", 3.0))
LSTM = (("cells", "lstm"), ("frame_steps", 1), ("tau_out", 0.1))
SERIES: dict[str, dict[str, Any]] = {
    "readout only": {"rule": "readout-only"},
    "truncated traces": {"rule": "truncated-traces", "feedback": "symmetric"},
    "random feedback": {},
    "symmetric feedback": {"feedback": "symmetric"},
    "BPTT": {"backend": "jax", "gradient": "bptt"},
    "symmetric, features in [0, 1]": {"feedback": "symmetric", "parameters": RANGE},
    "LSTM, BPTT": {"backend": "jax", "gradient": "bptt", "parameters": LSTM},
    "LSTM, e-prop 1 symmetric": {"backend": "jax", "feedback": "symmetric", "parameters": LSTM},
}
"""What is compared, by its name in tables."""
LARGE = ("readout only", "random feedback", "symmetric feedback")
"""Series that are run with the paper's number of cells as well, and tested on recorded speech."""
SETS = ("validation", "test", "held_out")
Run = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """Sizes of the runs. ``neurons`` are the cells of both directions."""

    neurons: int = 200
    updates: int = 580
    seeds: tuple[int, ...] = (1, 2, 3)
    rates: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1)
    search_updates: int = 232
    search_seed: int = 101
    large_neurons: int = 800
    large_updates: int = 580
    large_seeds: tuple[int, ...] = (1,)
    parameters: tuple[tuple[str, Any], ...] = ()


FULL = Plan(neurons=800, updates=5800, large_seeds=())
SMALL = Plan(neurons=16, updates=4, rates=(0.01, 0.03), search_updates=2, large_neurons=24,
             large_updates=4, parameters=(("updates_per_epoch", 2), ("trials_per_update", 4),
                                          ("frames_most", 120)))


@dataclass
class Found:
    """Results: of the search, by series and rate, and of both sizes, by series."""

    search: dict[str, dict[float, Run]]
    runs: dict[str, list[Run]]
    large: dict[str, list[Run]]

    def rate(self, label: str) -> float:
        """The rate with the best accuracy in the validation set; the smaller one of two."""
        tried = self.search[label]
        return max(sorted(tried), key=lambda rate: tried[rate]["accuracy_validation"])


def gather(plan: Plan, work: Path, threads: int, labels: Sequence[str]) -> Found:
    """Run, or read, the search and all series."""
    def run(label: str, neurons: int, updates: int, seed: int, rate: float, *more: Any) -> Run:
        options = dict(SERIES[label])
        parameters = (*options.pop("parameters", ()), *plan.parameters, *more, ("lr", rate))
        configuration = Configuration("speech", seed=seed, neurons=neurons, updates=updates,
                                      threads=threads, keep_training=True, parameters=parameters,
                                      **options)
        name = "".join(letter if letter.isalnum() else "-" for letter in label)
        folder = work / f"{name}-{neurons}-rate-{rate:g}-updates-{updates}" / f"seed-{seed}"
        result = Experiment(configuration, folder).run(resume=True)
        print(f"{label}, rate {rate:g}: {result_line(result)}", file=sys.stderr, flush=True)
        return result

    found = Found({}, {}, {})
    for label in labels:
        found.search[label] = {
            rate: run(label, plan.neurons, plan.search_updates, plan.search_seed, rate)
            for rate in plan.rates}
    for seed in plan.seeds:
        for label in labels:
            found.runs.setdefault(label, []).append(
                run(label, plan.neurons, plan.updates, seed, found.rate(label)))
    for seed in plan.large_seeds:
        for label in (each for each in LARGE if each in labels):
            data = ("data", str(with_recorded(work)))
            found.large.setdefault(label, []).append(
                run(label, plan.large_neurons, plan.large_updates, seed, found.rate(label), data))
    return found


def with_recorded(work: Path) -> Path:
    """A file with the corpus and the set of recorded speech."""
    path = work / "corpus-with-recorded.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_corpus(path, read_speech(recorded=True))
    return path


def table(found: Found) -> str:
    """Accuracies of all runs as CSV, a row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["part", "series", "rate", "seed", "neurons", "updates", "best_update", *SETS,
                     "seconds_training", "threads", "corpus", "corpus_checksum"])

    def row(part: str, label: str, run: Run) -> None:
        writer.writerow([
            part, label, run["parameters"]["lr"], run["seed"], run["neurons"], run["updates"],
            run["best_update"], *(f"{run[f'accuracy_{name}']:.4f}" for name in SETS),
            f"{run['seconds_training']:.0f}", run["threads"], run["corpus"],
            run["corpus_checksum"][:16]])

    for label, tried in found.search.items():
        for run in tried.values():
            row("search", label, run)
    for part, series in (("comparison", found.runs), ("the paper's network", found.large)):
        for label, runs in series.items():
            for run in runs:
                row(part, label, run)
    return text.getvalue()


def curves(found: Found) -> str:
    """Accuracy of the validation set after each epoch as CSV, a column for each run."""
    columns = {f"{label}, {run['neurons']} cells, seed {run['seed']}": run["epochs"]
               for series in (found.runs, found.large)
               for label, runs in series.items() for run in runs}
    updates = sorted({epoch["update"] for epochs in columns.values() for epoch in epochs})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["update", *columns])
    for update in updates:
        at = [[1.0 - each["validation_error"] for each in epochs if each["update"] == update]
              for epochs in columns.values()]
        writer.writerow([update, *(f"{each[0]:.4f}" if each else "" for each in at)])
    return text.getvalue()


def write(found: Found, out: Path) -> None:
    """Write page, figure and tables."""
    out.mkdir(parents=True, exist_ok=True)
    figure = draw_curves(found)
    write_atomically(out / "curves.png", lambda path: save_figure(figure, path))
    write_text(out / "runs.csv", table(found))
    write_text(out / "curves.csv", curves(found))
    write_text(out / "README.md", page(found))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all that is missing and write the evidence; 130 or 143 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m evidence.speech", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence/speech"))
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/speech"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--series", nargs="+", choices=list(SERIES), default=list(SERIES),
                        help="some series only, for instance in another process")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--full", action="store_true",
                       help="the paper's 2 x 400 cells and 50 epochs, for all series and seeds")
    sizes.add_argument("--small", action="store_true", help="tiny networks, to try the command")
    options = parser.parse_args(arguments)
    plan = FULL if options.full else SMALL if options.small else Plan()
    try:
        found = gather(plan, options.work, options.threads, options.series)
    except ExperimentInterrupted as interrupt:
        print(f"{interrupt}\nThe same command goes on with the rest.", file=sys.stderr)
        return 128 + interrupt.signal_number
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write(found, options.out)
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

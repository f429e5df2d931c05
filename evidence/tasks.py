"""The long runs behind the figures and tables of docs/evidence: all seeds, full curves.

``python -m evidence.tasks`` skips finished runs, resumes interrupted ones, and then writes the
tables and figures from all results.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import evidence.literal_traces  # noqa: F401 (registers the rule)
from evidence.figures import draw_learning_curves, draw_solving, draw_variants
from evidence.tables import write_tables
from pynn_eprop.errors import EPropError
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.experiment import Experiment
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.results import result_line
from pynn_eprop.plotting.style import save_figure

PATTERN_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
STORE_SEEDS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
FAILING_SEEDS = (1, 2, 3)
LIF_ONLY = (("n_lif", 20), ("n_alif", 0))


@dataclass(frozen=True)
class Series:
    """Runs that differ in their seeds only, with the paper's result for them.

    updates: None stands for the paper's.
    """

    name: str
    label: str
    options: dict[str, Any]
    seeds: tuple[int, ...]
    paper: float | None = None
    updates: int | None = None

    @property
    def task(self) -> str:
        """Name of the task."""
        return str(self.options["task"])

    def configurations(self, updates: int | None, neurons: int | None) -> list[Configuration]:
        """One configuration per seed; the arguments, if given, shorten the runs."""
        return [Configuration(seed=seed, updates=updates or self.updates, neurons=neurons,
                              **self.options)
                for seed in self.seeds]


def _pattern(name: str, label: str, paper: float | None = None, **options: Any) -> Series:
    return Series(f"pattern-generation-{name}", label, {"task": "pattern-generation"} | options,
                  PATTERN_SEEDS, paper)


def _store(name: str, label: str, seeds: tuple[int, ...], paper: float | None = None,
           updates: int | None = None, **options: Any) -> Series:
    return Series(name, label, {"task": "store-recall", "keep_training": True} | options, seeds,
                  paper, updates)


SERIES = (
    _pattern("float32", "random feedback", 0.011),
    _pattern("float64", "random feedback, float64", 0.011, precision="float64"),
    _pattern("symmetric", "symmetric feedback", feedback="symmetric"),
    _pattern("window-20ms", "new random feedback every 20 ms", feedback="window-20ms"),
    _pattern("window-1ms", "new random feedback every 1 ms", feedback="window-1ms"),
    _pattern("clopath", "Clopath's rule", rule="clopath"),
    _pattern("clopath-swapped", "Clopath's rule, thresholds exchanged",
             rule="clopath:v_plus=0.25,v_minus=0.0"),
    _pattern("clopath-low", "Clopath's rule, thresholds at -v_th",
             rule="clopath:v_plus=-1.0,v_minus=-1.0"),
    _pattern("simplified", "simplified eligibility traces", 0.026, rule="simplified-traces"),
    _pattern("literal", "simplified as printed: h replaced, too", 0.026, backend="jax",
             rule="literal-traces", plugins=("evidence.literal_traces",)),
    _pattern("readout-only", "readout only", rule="readout-only"),
    _pattern("no-recurrent", "no recurrent connections", 0.259, recurrent=False),
    _pattern("global", "global feedback", 0.485, feedback="global"),
    _pattern("bptt", "backpropagation through time", backend="jax", gradient="bptt"),
    _store("store-recall", "e-prop 1", STORE_SEEDS, 50.0),
    _store("store-recall-bptt", "backpropagation through time", STORE_SEEDS, 28.0, 100,
           backend="jax", gradient="bptt"),
    _store("store-recall-bptt-no-rate-term", "backpropagation through time, no firing-rate term",
           STORE_SEEDS, 28.0, 100, backend="jax", gradient="bptt", parameters=(("c_reg", 0.0),)),
    _store("store-recall-truncated", "truncated eligibility traces", FAILING_SEEDS,
           rule="truncated-traces"),
    _store("store-recall-truncated-adaptation", "no trace of the adaptation", FAILING_SEEDS,
           rule="truncated-adaptation"),
    _store("store-recall-lif", "LIF cells only", FAILING_SEEDS, parameters=LIF_ONLY),
    _store("store-recall-lif-bptt", "LIF cells only, backpropagation through time", FAILING_SEEDS,
           backend="jax", gradient="bptt", parameters=LIF_ONLY),
)

PANELS = {
    "Task 1.1: learning signals": (
        "float32", "symmetric", "window-20ms", "window-1ms", "global", "no-recurrent", "bptt"),
    "Task 1.1: eligibility traces": (
        "float32", "clopath", "clopath-swapped", "clopath-low", "simplified", "literal",
        "readout-only", "bptt"),
}
"""Learning curves that are drawn together: names of series less that of the task."""


def gather(work: Path, updates: int | None = None,
           neurons: int | None = None) -> dict[str, list[dict[str, Any]]]:
    """Run, or read, all series; results by name of series, in the order of the seeds.

    Every run has a folder ``work/<series>/seed-<seed>``.
    """
    results: dict[str, list[dict[str, Any]]] = {}
    for series in SERIES:
        for configuration in series.configurations(updates, neurons):
            folder = work / series.name / f"seed-{configuration.seed}"
            result = Experiment(configuration, folder).run(resume=True)
            print(f"{series.name}: {result_line(result)}", file=sys.stderr, flush=True)
            results.setdefault(series.name, []).append(result)
    return results


def write_evidence(results: dict[str, list[dict[str, Any]]], out: Path) -> None:
    """Write tables, figures and README.md from the results of :func:`gather`."""
    out.mkdir(parents=True, exist_ok=True)
    write_tables(SERIES, results, out)
    pattern = {series.label: results[series.name] for series in SERIES
               if series.task == "pattern-generation"}
    papers = {series.label: series.paper for series in SERIES
              if series.task == "pattern-generation"}
    panels = {title: {series.label: results[series.name] for series in SERIES
                      if series.name.removeprefix("pattern-generation-") in names}
              for title, names in PANELS.items()}
    for name, figure in (
        ("pattern_generation_learning", draw_learning_curves(panels)),
        ("pattern_generation_variants", draw_variants(pattern, papers)),
        ("store_recall_learning", draw_solving(
            {series.label: results[series.name] for series in SERIES
             if series.task == "store-recall"})),
    ):
        save_figure(figure, out / f"{name}.png")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all that is missing and write the evidence; 130 or 143 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m evidence.tasks",
                                     description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence"),
                        help="folder for the runs (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("docs/evidence"),
                        help="folder for tables and figures (default: %(default)s)")
    parser.add_argument("--updates", type=int, help="shorter runs, to try the command")
    parser.add_argument("--neurons", type=int, help="smaller networks, to try the command")
    options = parser.parse_args(arguments)
    try:
        write_evidence(gather(options.work, options.updates, options.neurons), options.out)
    except ExperimentInterrupted as interrupt:
        print(f"{interrupt}\nThe same command goes on with the rest.", file=sys.stderr)
        return 128 + interrupt.signal_number
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Tasks 3.1 and 3.2: copy-repeat and word prediction with e-prop 3 and what it is compared with.

``python -m evidence.sequences`` skips finished runs, resumes interrupted ones, and then writes
docs/evidence/sequences from all results: page, figures, tables. Runs that are finished are kept in
``runs.json`` there, also when others are interrupted, so that another machine can go on; without
that file all begin from scratch. Each run has one thread, and two are side by side. Runs of
copy-repeat end after a time of work, so that rules can be compared at equal time and, from the
levels that they solved, at an equal number of batches. ``--full`` has the paper's size of
copy-repeat as well, for a machine with a GPU (``--machine jax``).
"""

import argparse
import csv
import dataclasses
import io
import json
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence.sequences_page import draw_bars, draw_curves, draw_larger, page
from evidence.side_by_side import run_all
from pynn_eprop.errors import EPropError
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.interval_training.plan import IntervalPlan
from pynn_eprop.intervals.machine import COMPILED, MACHINES
from pynn_eprop.plotting.style import save_figure
from pynn_eprop.sequence_tasks import CopyRepeat, WordPrediction
from pynn_eprop.sequence_tasks.word_prediction.corpus import NOVELS
from pynn_eprop.sweeps import Run

KEPT = "runs.json"
NOT_KEPT = "error_curve", "samples"
"""Of a run, too long for the repository; its own ``results.json`` has them."""
Result = Mapping[str, Any]
SHUFFLED = "e-prop 3, shuffled targets"
COPY_SERIES: dict[str, tuple[str, tuple[tuple[str, Any], ...]]] = {
    "truncated BPTT": ("truncated-bptt", ()),
    "+ synthetic gradients": ("truncated-bptt-sg", ()),
    "e-prop 1": ("eprop1", ()),
    "+ eligibility traces": ("traces", ()),
    "e-prop 3": ("eprop3", ()),
    SHUFFLED: ("eprop3", (("shuffled_sg", True),)),
    "full BPTT": ("bptt", ()),
}
"""Rule and parameters of the series of copy-repeat, by their names in tables."""
TRIED_SERIES: dict[str, tuple[str, tuple[tuple[str, Any], ...]]] = {
    "e-prop 3, extra pass": ("eprop3", (("sg_schedule", "extra-pass"),)),
    "e-prop 3, module sees c": ("eprop3", (("sg_sees_state", True),)),
    "e-prop 3, 512 hidden units": ("eprop3", (("sg_hidden", 512),)),
    "e-prop 3, module's lr 3e-4": ("eprop3", (("sg_lr", 3e-4),)),
    "e-prop 3, eta_sg = 1": ("eprop3", (("eta_sg", 1.0),)),
    "e-prop 3, lr 1e-3": ("eprop3", (("lr", 1e-3),)),
    "e-prop 3, dt = 8": ("eprop3", (("interval", 8),)),
    "full BPTT, lr 1e-3": ("bptt", (("lr", 1e-3),)),
}
"""Likewise of what else was tried to bring e-prop 3 past full BPTT."""
WORD_SERIES: dict[str, tuple[str, tuple[tuple[str, Any], ...]]] = {
    "truncated BPTT, dt = 4": ("truncated-bptt", ()),
    "truncated BPTT, dt = 20": ("truncated-bptt", (("interval", 20),)),
    "+ synthetic gradients": ("truncated-bptt-sg", ()),
    "+ eligibility traces": ("traces", ()),
    "e-prop 1": ("eprop1", ()),
    "e-prop 3": ("eprop3", ()),
    "e-prop 3, truncated traces": ("truncated-traces", ()),
}
"""Likewise of word prediction."""


@dataclass(frozen=True)
class Plan:
    """Sizes of the runs. minutes: of work, of each run of copy-repeat."""

    size: str = "small"
    minutes: float = 2.0
    seeds: tuple[int, ...] = (1, 2, 3, 4, 5)
    tried_seeds: tuple[int, ...] = (1, 2, 3)
    large_size: str | None = "medium"
    large_minutes: float = 60.0
    word_size: str = "full"
    epochs: int = 20
    parameters: tuple[tuple[str, Any], ...] = ()
    # as the tutorial's units; with o c a rate of 1 and dt = 20 diverge
    word_parameters: tuple[tuple[str, Any], ...] = (("tanh_output", True),)


FULL = Plan(size="full", minutes=600.0, seeds=(1,), tried_seeds=(), large_size=None)
TINY = Plan(
    minutes=0.02, seeds=(1, 2), tried_seeds=(1,), large_size=None, word_size="tiny", epochs=2,
    parameters=(("n_units", 16), ("threshold", 15.0), ("window", 16)),
    word_parameters=(("fraction", 0.01), ("vocabulary", 50)))


@dataclass
class Found:
    """Results by series: of copy-repeat one a seed, of what else was tried, of the larger size."""

    copied: dict[str, list[Result]] = field(default_factory=dict)
    tried: dict[str, list[Result]] = field(default_factory=dict)
    larger: dict[str, list[Result]] = field(default_factory=dict)
    words: dict[str, list[Result]] = field(default_factory=dict)


def folder(work: Path, *parts: object) -> Path:
    """The results folder of a run."""
    return work / "-".join("".join(letter if letter.isalnum() else "-" for letter in str(part))
                           for part in parts)


def read_kept(path: Path) -> dict[str, Result]:
    """Results of earlier runs by the names of their folders."""
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def is_kept(kept: Mapping[str, Result], plan: IntervalPlan, out: Path) -> bool:
    """Whether the result of the same command is there."""
    return shlex.split(str(kept.get(out.name, {}).get("command", ""))) \
        == shlex.split(plan.command("DIR"))


def run_missing(plans: Sequence[tuple[IntervalPlan, Path]], at_once: int, path: Path
                ) -> list[Result]:
    """The results of all, in order; what ``path`` has of the same command is not run again.

    However it ends, what is finished then is in ``path``.
    """
    kept = read_kept(path)
    missing = [(plan, out) for plan, out in plans if not is_kept(kept, plan, out)]
    try:
        run_all(missing, at_once, "--threads", "1")
    finally:
        for plan, out in missing:
            found = Run(plan.command("DIR"), out).results()
            if found is not None:
                kept[out.name] = {name: value for name, value in found.items()
                                  if name not in NOT_KEPT}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, "{\n" + ",\n".join(
            f"{json.dumps(name)}: {json.dumps(result)}" for name, result in sorted(kept.items()))
            + "\n}\n")
    return [kept[out.name] for _, out in plans]


def gather(plan: Plan, work: Path, machine: str, data: Path | None, at_once: int,
           tasks: Sequence[str], kept: Path) -> Found:
    """Run, or read, all of it; ``kept`` is the file of finished runs.

    tasks: those that are run. Of others there is what is finished, each part if all of it is.
    """
    def copy(label: str, seed: int, size: str, minutes: float) -> tuple[IntervalPlan, Path]:
        rule, parameters = (COPY_SERIES | TRIED_SERIES)[label]
        return IntervalPlan(CopyRepeat.name, rule, size, machine, seed=seed, minutes=minutes,
                            parameters=(*plan.parameters, *parameters)), \
            folder(work, "copy", label, size, f"{minutes:g}-minutes", "seed", seed)

    def words(label: str) -> tuple[IntervalPlan, Path]:
        rule, parameters = WORD_SERIES[label]
        text = () if data is None else (("data", str(data)),)
        return IntervalPlan(WordPrediction.name, rule, plan.word_size, machine, epochs=plan.epochs,
                            parameters=(*plan.word_parameters, *parameters, *text)), \
            folder(work, "words", label, plan.word_size, "novels" if data is None else "treebank")

    parts: dict[str, list[tuple[str, tuple[IntervalPlan, Path]]]] = {
        "copied": [(label, copy(label, seed, plan.size, plan.minutes))
                   for seed in plan.seeds for label in COPY_SERIES],
        "words": [(label, words(label)) for label in WORD_SERIES],
        "tried": [(label, copy(label, seed, plan.size, plan.minutes))
                  for seed in plan.tried_seeds for label in TRIED_SERIES],
        "larger": [] if plan.large_size is None else [
            (label, copy(label, plan.seeds[0], plan.large_size, plan.large_minutes))
            for label in COPY_SERIES]}
    finished = read_kept(kept)
    groups = [(part, label, each) for part, runs in parts.items() for label, each in runs
              if (WordPrediction if part == "words" else CopyRepeat).name in tasks
              or all(is_kept(finished, *other) for _, other in runs)]
    results = run_missing([each for _, _, each in groups], at_once, kept)
    found = Found()
    for (part, label, _), result in zip(groups, results, strict=True):
        getattr(found, part).setdefault(label, []).append(result)
    return found


def levels_table(found: Found) -> str:
    """Each level that a run of copy-repeat solved, as CSV; a run without any has a row, too."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("length", "n_pattern", "n_repetitions", "batches", "updates", "seconds")
    writer.writerow(["series", "size", "seed", *names])
    for runs in (found.copied, found.tried, found.larger):
        for label, results in runs.items():
            for result in results:
                for level in result["length_curve"] or [{"length": 0}]:
                    writer.writerow([label, result["size"], result["seed"], *(
                        f"{value:.1f}" if isinstance(value := level.get(name, ""), float)
                        else value for name in names)])
    return text.getvalue()


def runs_table(found: Found) -> str:
    """Each run of copy-repeat as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("size", "seed", "longest", "batches", "updates", "seconds", "diverged", "ended_by")
    writer.writerow(["series", *names])
    for runs in (found.copied, found.tried, found.larger):
        for label, results in runs.items():
            for result in results:
                writer.writerow([label, *(f"{result[name]:.1f}" if name == "seconds"
                                          else result[name] for name in names)])
    return text.getvalue()


def words_table(found: Found) -> str:
    """Each epoch of word prediction as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("epoch", "rate", "perplexity_training", "perplexity_validation", "perplexity_test",
             "seconds", "words_per_second")
    writer.writerow(["series", "seed", *names])
    for label, results in found.words.items():
        for result in results:
            for epoch in result["curve"]:
                writer.writerow([label, result["seed"], *(f"{epoch[name]:.6g}" for name in names)])
    return text.getvalue()


def copy_figure(run: Path, to: Path) -> None:
    """A run's figure; of one that ran elsewhere, the figure that is there already stays."""
    if (figure := run / "figure.png").exists():
        shutil.copyfile(figure, to)


def write(found: Found, plan: Plan, work: Path, out: Path) -> None:
    """Write page, figures and tables; of the committed sizes with what they say, in words."""
    out.mkdir(parents=True, exist_ok=True)
    figures = {"bars.png": draw_bars(found), "curves.png": draw_curves(found)}
    if found.larger:
        figures["curves_larger.png"] = draw_larger(found)
    for name, figure in figures.items():
        write_atomically(out / name, lambda path, figure=figure: save_figure(figure, path))
    if found.copied:
        best = max(found.copied["e-prop 3"], key=lambda result: result["longest"])
        copy_figure(folder(work, "copy", "e-prop 3", plan.size, f"{plan.minutes:g}-minutes",
                           "seed", best["seed"]), out / "example_trial.png")
        write_text(out / "copy_repeat.csv", runs_table(found))
        write_text(out / "copy_repeat_levels.csv", levels_table(found))
    if found.words:
        text = "novels" if found.words["e-prop 3"][0]["corpus"]["name"] == NOVELS else "treebank"
        copy_figure(folder(work, "words", "e-prop 3", plan.word_size, text),
                    out / "example_sequence.png")
        write_text(out / "words.csv", words_table(found))
    committed = plan == Plan() and all(result["corpus"]["name"] == NOVELS
                                       for results in found.words.values() for result in results)
    write_text(out / "README.md", page(found, committed))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all that is missing and write the evidence; 130 or 143 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m evidence.sequences", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence/sequences"))
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/sequences"))
    parser.add_argument("--tasks", nargs="*", help="those that are run (default: both); none: "
                        "write what is finished", choices=[CopyRepeat.name, WordPrediction.name],
                        default=[CopyRepeat.name, WordPrediction.name])
    parser.add_argument("--machine", choices=list(MACHINES), default=COMPILED)
    parser.add_argument("--data", type=Path, help="folder of Penn Treebank files (default: novels)")
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--full", action="store_true", help="the paper's size and batches")
    parser.add_argument("--minutes", type=float, help="of each run of copy-repeat")
    parser.add_argument("--large-minutes", type=float, help="of each one of the larger size")
    sizes.add_argument("--tiny", action="store_true", help="a second a run, to try the command")
    options = parser.parse_args(arguments)
    plan = FULL if options.full else TINY if options.tiny else Plan()
    given = {name: value for name in ("minutes", "large_minutes")
             if (value := getattr(options, name)) is not None}
    plan = dataclasses.replace(plan, **given)
    try:
        found = gather(plan, options.work, options.machine, options.data, options.at_once,
                       options.tasks, options.out / KEPT)
    except ExperimentInterrupted as interrupt:
        print(f"{interrupt}", file=sys.stderr)
        return 128 + interrupt.signal_number
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write(found, plan, options.work, options.out)
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

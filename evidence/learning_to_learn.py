"""Task 2.1: one-shot learning of arm movements, the outer loop and the inner one on each backend.

``python -m evidence.learning_to_learn`` skips finished runs, resumes interrupted ones, and then
writes docs/evidence/learning_to_learn from all results: page, figures, tables. ``--full`` is the
paper's network with 200 tasks an iteration, for a machine that has hours or a GPU.
"""

import argparse
import csv
import dataclasses
import io
import json
import resource
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import pynn_eprop.host as host
from evidence.learning_to_learn_page import draw_curves, page
from evidence.one_shot_cores import cost
from pynn_eprop.errors import EPropError
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.families import ArmMovement
from pynn_eprop.families.trial import OUTPUT
from pynn_eprop.learning_to_learn import Learned, load_learned, save_learned
from pynn_eprop.learning_to_learn.draws import ONE_SHOT, random_numbers
from pynn_eprop.learning_to_learn.error_modules import SpikingModule
from pynn_eprop.learning_to_learn.learn import Learning, LearnPlan, learn_line
from pynn_eprop.learning_to_learn.one_shot import OneShotNetwork
from pynn_eprop.learning_to_learn.one_shot_run import OneShotPlan, OneShotRun, one_shot_line
from pynn_eprop.models.rules import EProp
from pynn_eprop.plotting.style import save_figure

Result = Mapping[str, Any]
ARM = ArmMovement.name
TRUNCATED = "spiking, traces h z"
SERIES: dict[str, dict[str, str]] = {
    "spiking": {"module_name": "spiking"},
    "linear": {"module_name": "linear"},
    TRUNCATED: {"module_name": "spiking", "rule": "truncated-traces"},
    "e-prop 1, error of the joints": {"module_name": "output-error"},
    "e-prop 1, error of the tip": {"module_name": "goal-error"},
}
"""What is compared at the small size, by its name in tables."""
SEVERAL = ("spiking", "linear")
"""Series with all seeds; the others have the first."""
BACKENDS: tuple[tuple[str, str | None, str], ...] = (
    ("host", "engine", "float64"), ("host", "engine", "float32"), ("host", "engine", "fixed"),
    ("host", "reference", "float64"), ("jax", None, "float64"), ("jax", None, "float32"),
    ("brian2", None, "float64"), ("emulator", None, "fixed"))
"""Backend, machine and precision of the inner loops."""


PERTURBATION = 1e-4


@dataclass(frozen=True)
class Plan:
    """Sizes of the runs. iterations: None for those of the size."""

    size: str = "small"
    iterations: int | None = None
    seeds: tuple[int, ...] = (1, 2, 3)
    medium_iterations: int | None = None
    full_iterations: int = 25
    full_at_once: int = 25
    targets: int = 32
    many_targets: int = 256
    parameters: tuple[tuple[str, Any], ...] = ()


FULL = Plan(size="full", seeds=(1,), medium_iterations=0, full_iterations=0)
SMALL = Plan(iterations=2, seeds=(1, 2), medium_iterations=2, full_iterations=2, full_at_once=2,
             targets=2, many_targets=3,
             parameters=(("n_neurons", 12), ("n_module", 9), ("interval", 100.0), ("batch", 4)))


@dataclass
class Found:
    """Results of outer loops, by series; of the larger ones; and of inner loops, by backend."""

    learned: dict[str, list[Result]] = field(default_factory=dict)
    medium: Result | None = None
    full: Result | None = None
    cores: Result | None = None
    one_shot: dict[str, Result] = field(default_factory=dict)
    rounding: Result | None = None


def gather(plan: Plan, work: Path, labels: Sequence[str]) -> Found:
    """Run, or read, all of it."""
    def learn(label: str, seed: int, size: str, iterations: int | None, **more: Any) -> Result:
        name = "".join(letter if letter.isalnum() else "-" for letter in label)
        chosen = LearnPlan(ARM, size, iterations=iterations, seed=seed,
                           parameters=plan.parameters, **{**SERIES[label], **more})
        result = Learning(chosen, work / f"{name}-{size}-seed-{seed}").run(resume=True)
        print(f"{label}, {size}: {learn_line(result)}", file=sys.stderr, flush=True)
        return result

    found = Found()
    for seed in plan.seeds:
        for label in labels:
            if label in SEVERAL or seed == plan.seeds[0]:
                found.learned.setdefault(label, []).append(
                    learn(label, seed, plan.size, plan.iterations))
    if "spiking" not in labels:
        return found
    for backend, machine, precision in BACKENDS:
        name = machine if machine == "reference" else backend
        chosen = OneShotPlan(ARM, work / f"spiking-{plan.size}-seed-{plan.seeds[0]}", backend,
                             machine, precision, targets=plan.targets)
        result = OneShotRun(chosen, work / f"one-shot-{name}-{precision}").run(resume=True)
        print(one_shot_line(result), file=sys.stderr, flush=True)
        found.one_shot[f"{name}, {precision}"] = result
    found.rounding = _rounding(plan, work)
    if plan.full_iterations:
        found.full = _timed(plan, work)
        found.cores = _on_cores(plan, work)
    if plan.medium_iterations != 0:
        found.medium = learn("spiking", plan.seeds[0], "medium", plan.medium_iterations)
    return found


def _rounding(plan: Plan, work: Path) -> Result:
    """Errors in fixed point and with slightly other weights, beside those in float64.

    The same movements for all; "weights" have relative changes with a standard deviation of
    :data:`PERTURBATION`.
    """
    path = work / "rounding.json"
    if not path.exists():
        learned = load_learned(work / f"spiking-{plan.size}-seed-{plan.seeds[0]}")
        family, rng = learned.family, random_numbers(plan.seeds[0], ONE_SHOT, 10 ** 6)
        tasks = family.tasks(plan.many_targets, rng)

        def moved(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
            return {name: weight * (1.0 + PERTURBATION * rng.normal(size=weight.shape))
                    for name, weight in weights.items()}

        other = dataclasses.replace(learned, learner_weights=moved(learned.learner_weights),
                                    module_weights=moved(learned.module_weights))
        errors = {}
        for name, weights, precision in (("float64", learned, "float64"),
                                         ("fixed", learned, "fixed"),
                                         ("weights", other, "float64")):
            network = OneShotNetwork(host, weights, tasks["goal"], 1, {"precision": precision})
            errors[name] = [float(family.error(
                network.learn_next()[1].y[OUTPUT], {key: rows[number] for key, rows
                                                    in tasks.items()}, np))
                for number in range(plan.many_targets)]
            network.end()
        write_text(path, json.dumps(errors))
    found: Result = json.loads(path.read_text())
    return found


def _timed(plan: Plan, work: Path) -> Result:
    """Some iterations at full size: their loss, seconds each, and the most memory."""
    from pynn_eprop.learning_to_learn.outer_loop import OuterLoop

    path = work / "full-iterations.json"
    if path.exists():
        found: Result = json.loads(path.read_text())
        return found
    family = ArmMovement.of("full", dict(plan.parameters))
    loop = OuterLoop(family, SpikingModule(), family.iterations, plan.seeds[0],
                     at_once=plan.full_at_once, every=10 ** 9)
    begin = time.perf_counter()
    loop.compile()
    compiling, seconds = time.perf_counter() - begin, []
    for _ in range(plan.full_iterations):
        begin = time.perf_counter()
        loop.advance()
        seconds.append(time.perf_counter() - begin)
        print(f"full size, iteration {loop.done}: loss {loop.curve.loss[-1]:.1f}, "
              f"{seconds[-1]:.1f} s", file=sys.stderr, flush=True)
    found = {"loss": loop.curve.loss, "seconds": seconds, "compiling": compiling,
             "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
             "at_once": plan.full_at_once, "batch": family.batch, "neurons": family.n_neurons,
             "module": family.n_module, "iterations": family.iterations}
    weights = {part: {name: np.asarray(array, dtype=float) for name, array in arrays.items()}
               for part, arrays in loop.parameters.items()}
    save_learned(work / "full-iterations.npz", Learned(
        family, SpikingModule(), EProp.name, plan.seeds[0], loop.done, weights["learner"],
        weights["module"]))
    write_text(path, json.dumps(found))
    return found


def _on_cores(plan: Plan, work: Path) -> Result:
    """A movement at full size on emulated cores: what it costs."""
    path = work / "full-on-cores.json"
    if not path.exists():
        learned = load_learned(work / "full-iterations.npz")
        goals = learned.family.tasks(1, random_numbers(plan.seeds[0], ONE_SHOT))["goal"]
        write_text(path, json.dumps(cost(learned, goals)))
    found: Result = json.loads(path.read_text())
    return found


def table(found: Found) -> str:
    """All outer loops as CSV, a row each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("size", "seed", "iterations", "mse_before", "mse_after", "mse_no_update", "rate",
             "seconds", "seconds_no_update")
    writer.writerow(["series", *names])
    larger = [("spiking", [found.medium])] if found.medium else []
    for label, results in [*found.learned.items(), *larger]:
        for result in results:
            writer.writerow([label, *(f"{result[name]:.5g}" if isinstance(result[name], float)
                                      else result[name] for name in names)])
    return text.getvalue()


def curves(found: Found) -> str:
    """The error on fresh tasks during the loops as CSV, a row for each of them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["series", "size", "seed", "iteration", "error", "error_before"])
    larger = [("spiking", [found.medium])] if found.medium else []
    for label, results in [*found.learned.items(), *larger]:
        for result in results:
            for row in zip(*(result["curve"][name] for name in ("iteration", "error",
                                                                "error_before")), strict=True):
                writer.writerow([label, result["size"], result["seed"], row[0],
                                 *(f"{value:.5g}" for value in row[1:])])
    return text.getvalue()


def write(found: Found, work: Path, out: Path) -> None:
    """Write page, figures and tables."""
    out.mkdir(parents=True, exist_ok=True)
    figure = draw_curves(found)
    write_atomically(out / "curves.png", lambda path: save_figure(figure, path))
    if "host, float64" in found.one_shot:
        shown = work / "one-shot-host-float64"
        shutil.copyfile(shown / "figure.png", out / "one_shot.png")
        shutil.copyfile(shown / "movement.gif", out / "movement.gif")
    write_text(out / "runs.csv", table(found))
    write_text(out / "curves.csv", curves(found))
    write_text(out / "README.md", page(found))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all that is missing and write the evidence; 130 or 143 after a signal."""
    parser = argparse.ArgumentParser(prog="python -m evidence.learning_to_learn",
                                     description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence/learning_to_learn"))
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/learning_to_learn"))
    parser.add_argument("--series", nargs="+", choices=list(SERIES), default=list(SERIES),
                        help="some series only, for instance in another process")
    sizes = parser.add_mutually_exclusive_group()
    sizes.add_argument("--full", action="store_true", help="the paper's size and batches")
    sizes.add_argument("--small", action="store_true", help="tiny networks, to try the command")
    options = parser.parse_args(arguments)
    plan = FULL if options.full else SMALL if options.small else Plan()
    try:
        found = gather(plan, options.work, options.series)
    except ExperimentInterrupted as interrupt:
        print(f"{interrupt}\nThe same command goes on with the rest.", file=sys.stderr)
        return 128 + interrupt.signal_number
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write(found, options.work, options.out)
    print(f"evidence is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

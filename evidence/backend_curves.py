"""Learning curves of task 1.1 on the host, NEST and the reference, for docs/evidence.

``python -m evidence.backend_curves`` keeps the curve of each machine in a file, so that it goes on
with the next one after an interruption, and then draws them in one figure.
"""

import argparse
import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from evidence.figures import draw_backends
from pynn_eprop.errors import EPropError, SimulationError
from pynn_eprop.experiments.compare import FreeSteps, run_apart
from pynn_eprop.experiments.compare_machines import find_machine
from pynn_eprop.experiments.compare_worker import Want
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.folder import write_atomically, write_text
from pynn_eprop.plotting.style import save_figure
from pynn_eprop.tasks import LossTask

TASK = "pattern-generation"
ON = ("host", "nest", "reference")
CONSTANT = (("lr_every", 1_000_000),)
# a small network to the end, with the task's schedule and, for NEST, with a constant learning rate;
# and the paper's as far as the reference's traces of 374,000 synapses allow
RUNS = (
    (Configuration(TASK, neurons=100, updates=1000), ON),
    (Configuration(TASK, neurons=100, updates=1000, parameters=CONSTANT), ("host", "nest")),
    (Configuration(TASK, neurons=600, updates=100), ON),
)


def network_name(configuration: Configuration) -> str:
    """The name of a network in the names of files."""
    rate = "-constant-rate" if configuration.parameters == CONSTANT else ""
    return f"{configuration.neurons}-cells{rate}"


def free_steps() -> int:
    """Steps at the start of a trial without input, on all machines."""
    return FreeSteps.of([find_machine(name) for name in ON]).count


def curve(name: str, configuration: Configuration, work: Path) -> tuple[np.ndarray, float]:
    """The error of each update on a machine, and the seconds it took; from a file if it is there.

    Raises :class:`SimulationError` if the machine does not run the task.
    """
    kept = work / (f"{name}-{network_name(configuration)}-{configuration.n_updates}-updates-"
                   f"seed{configuration.seed}.npz")
    if not kept.exists():
        outcome = run_apart(find_machine(name), configuration, free_steps(), Want.LOSS)
        if isinstance(outcome, tuple):
            raise SimulationError(f"{name}: {outcome[1]}")
        work.mkdir(parents=True, exist_ok=True)
        write_atomically(kept, lambda path: np.savez(
            path, loss=outcome["loss"], seconds=outcome["seconds"]))
    with np.load(kept) as arrays:
        task = configuration.build_task()
        assert isinstance(task, LossTask)
        return task.error_of_loss(arrays["loss"], configuration.seed), float(arrays["seconds"])


def write_table(curves: Mapping[str, np.ndarray], path: Path, every: int = 10) -> None:
    """The mean error of each ``every`` updates, a column for each machine."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["last_update", *curves])
    length = min(map(len, curves.values()))
    for start in range(0, length, every):
        stop = min(start + every, length)
        writer.writerow([stop, *(f"{np.mean(each[start:stop]):.6g}" for each in curves.values())])
    write_text(path, text.getvalue())


def rows(curves: Mapping[str, np.ndarray], seconds: Mapping[str, float],
         configuration: Configuration) -> list[str]:
    """Lines of the page's table."""
    base, lines = curves[ON[0]], []
    for name, error in curves.items():
        apart = np.flatnonzero(np.abs(error - base) > 1e-6 * base)
        first = "never" if not len(apart) else f"from update {int(apart[0]) + 1} on"
        rate = "constant" if configuration.parameters else "x0.7 every 100"
        lines.append(f"| {configuration.neurons} | {rate} | {configuration.n_updates} | {name} | "
                     f"{np.mean(error[-50:]):.4f} | {'' if name == ON[0] else first} | "
                     f"{seconds[name]:.0f} |")
    return lines


def page(table: Sequence[str], networks: Sequence[str]) -> str:
    """The page with the figures and the table."""
    return "\n".join([
        "# One task on several backends",
        "",
        "Written by `python -m evidence.backend_curves` (part of `make evidence`):",
        "task 1.1, seed 1, the same script on the host engine (float64), NEST and the reference.",
        "Adam has its epsilon where NEST has it, and the inputs leave the first "
        f"{free_steps()} steps of each",
        "trial free, for NEST. Errors are apart where they differ by more than a millionth.",
        "",
        "With the task's schedule NEST parts from the host, by little at first, where a cell was",
        "silent in a whole update around a change of the learning rate: its synapses catch up",
        "with another rate ([docs/nest.md](../../nest.md)). With a constant rate they stay",
        "together until rounding lets one spike fall differently, if ever.",
        "",
        "| cells | learning rate | updates | backend | nMSE, last 50 | apart from the host | "
        "seconds |",
        "|---|---|---|---|---|---|---|",
        *table,
        *(line for name in networks
          for line in ("", f"![Learning curves, {name}](learning-{name}.png)")),
        ""])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is missing and write figures, tables and page."""
    parser = argparse.ArgumentParser(prog="python -m evidence.backend_curves",
                                     description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("results/evidence/backends"))
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/backends"))
    parser.add_argument("--neurons", type=int, help="one small network, to try the command")
    parser.add_argument("--updates", type=int, default=10, help="with --neurons")
    options = parser.parse_args(arguments)
    runs = RUNS if options.neurons is None else (
        (Configuration(TASK, neurons=options.neurons, updates=options.updates), ON),)
    options.out.mkdir(parents=True, exist_ok=True)
    table: list[str] = []
    try:
        for configuration, names in runs:
            table += draw(configuration, names, options.work, options.out)
    except EPropError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    write_text(options.out / "README.md", page(table, [network_name(each) for each, _ in runs]))
    return 0


def draw(configuration: Configuration, names: Sequence[str], work: Path,
         out: Path) -> list[str]:
    """Run, or read, the curves of one network; write figure and table; return the page's lines."""
    curves, seconds = {}, {}
    for name in names:
        curves[name], seconds[name] = curve(name, configuration, work)
        print(f"{name}, {network_name(configuration)}: nMSE {np.mean(curves[name][-50:]):.4f}",
              file=sys.stderr, flush=True)
    stem = f"learning-{network_name(configuration)}"
    write_table(curves, out / f"{stem}.csv")
    figure = draw_backends(curves, network_name(configuration).replace("-", " "))
    write_atomically(out / f"{stem}.png", lambda path: save_figure(figure, path))
    return rows(curves, seconds, configuration)


if __name__ == "__main__":
    sys.exit(main())

"""NEST against the engine in float64: many random networks, and NEST's own examples for longer.

``python -m evidence.nest_networks`` takes a few minutes. The networks are those of
``shared/nest_plans.py`` with seeds from 1 on; the tests have 24 of them. Losses of the examples
are kept in a work folder, so that an interrupted run goes on.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

import pynn_eprop.host as host
from evidence.nest_curves import draw_curves
from evidence.shared import nest_process
from evidence.shared.agreement import BOUNDS, differences
from evidence.shared.full_task import UPDATES, play_task
from evidence.shared.nest_plans import Plan, play, random_plan
from pynn_eprop.plotting.style import save_figure

OUT = Path("docs/evidence/nest")
EXAMPLES = {
    "nest_regression": {"n_updates": 200},
    "nest_classification": {"n_updates": 60, "n_trials": 8},
}


def row(seed: int, pool: Any) -> tuple[str, bool]:
    """A line of the table, and whether the two agree."""
    plan = random_plan(seed)
    expected = play(host, plan)
    found = differences(pool.submit(nest_process.play_on_nest, plan).result(), expected)
    agrees = all(entry.agrees for entry in found)
    spikes = [entry.agrees for entry in found if entry.name.endswith("/spikes")]
    count = sum(len(train) for name, trains in expected.items()
                if name.endswith("/spikes") and not name.startswith("inputs") for train in trains)

    def worst(*variables: str) -> str:
        return f"{max(e.size for e in found if e.name.rpartition('/')[2] in variables):.1e}"

    print(f"seed {seed}: {'agrees' if agrees else 'DIFFERS'}", file=sys.stderr, flush=True)
    return (f"| {seed} | {describe(plan)} | {plan.updates} x {plan.trials} | {count} | "
            f"{'the same' if all(spikes) else 'differ'} | {worst('v', 'y', 'a')} | "
            f"{worst('learning_signal', 'error')} | {worst('weights')} |"), agrees


def describe(plan: Plan) -> str:
    """A network in a few words."""
    return ", ".join([
        "+".join(plan.cells), plan.loss, plan.optimizer, f"dt {plan.timestep:g} ms",
        f"refractory {plan.refractory}", plan.shape,
        "targets late" if plan.window else "targets always",
        *(["rate term"] if plan.c_reg else []), *(["static"] if plan.static else []),
        *(["bounds"] if plan.bounds else []), *(["sparse"] if plan.p_connect < 1 else []),
        *(["2 readout populations"] if plan.readout_populations > 1 else [])])


def full_size_lines(pool: Any) -> tuple[list[str], bool]:
    """Task 1.1 on both, and whether they agree."""
    expected = play_task(host)
    found = differences(pool.submit(nest_process.task_on_nest).result(), expected)
    spikes = sum(map(len, expected["cells/spikes"]))
    return [
        "## Task 1.1 at its full size",
        "",
        f"600 cells, {UPDATES} updates, {spikes} spikes, seed 1, Adam with eps where NEST has it:",
        "",
        "| quantity | largest difference | bound |",
        "|---|---|---|",
        *(f"| {e.name} | {e.size:.1e} | {e.bound:g} |" for e in found), "",
    ], all(entry.agrees for entry in found)


def networks_page(count: int, pool: Any) -> tuple[str, bool]:
    """The page of the random networks and of task 1.1, and whether all agree."""
    lines, whole = full_size_lines(pool)
    rows, agree = zip(*(row(seed, pool) for seed in range(1, count + 1)), strict=True)
    return "\n".join([
        "# NEST beside the host engine",
        "",
        "Written by `python -m evidence.nest_networks` (part of `make evidence`). Random networks",
        "run as one PyNN script on `pynn_eprop.host` (float64) and on `pynn_eprop.nest` (NEST",
        "3.10's own e-prop models). Differences are the largest of a network, as fractions of the",
        "largest value of each recorded variable and each projection's final weights.",
        "",
        f"**{sum(agree)} of {count} agree:** spikes at the same times, v, y and a to "
        f"{BOUNDS['v']:g}, weights to {BOUNDS['weights']:g}.",
        "",
        *lines,
        "## Random networks",
        "",
        "| seed | network | updates x batch | spikes | spike times | v, y, a | L, errors | "
        "weights |",
        "|---|---|---|---|---|---|---|---|",
        *rows, ""]), all(agree) and whole


def curves(work: Path, pool: Any) -> dict[str, dict[str, list[float]]]:
    """Losses of NEST's examples by example and backend, run or read."""
    found: dict[str, dict[str, list[float]]] = {}
    for name, options in EXAMPLES.items():
        found[name] = {}
        script = Path("examples", f"{name}.py").absolute()
        for backend in ("nest", "host"):
            kept = work / f"{name}-{backend}.json"
            if not kept.exists():
                loss = nest_process.load(script).main("host", **options) if backend == "host" \
                    else pool.submit(nest_process.example, script, **options).result()
                kept.write_text(json.dumps({"options": options, "loss": np.asarray(loss).tolist()}))
            content = json.loads(kept.read_text())
            if content["options"] != options:
                raise SystemExit(f"{kept} belongs to another run; remove it")
            found[name][backend] = content["loss"]
    return found


def main() -> int:
    """Write the pages; 1 if a network does not agree."""
    parser = argparse.ArgumentParser(prog="python -m evidence.nest_networks", description=__doc__)
    parser.add_argument("--networks", type=int, default=200)
    parser.add_argument("--work", type=Path, default=Path("results/evidence/nest"))
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    options.work.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        page, agree = networks_page(options.networks, pool)
        (OUT / "random_networks.md").write_text(page, encoding="utf-8")
        losses = curves(options.work, pool)
    figure, page = draw_curves(losses)
    save_figure(figure, OUT / "examples.png")
    (OUT / "examples.md").write_text(page, encoding="utf-8")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())

"""Both tasks of the paper in fixed point and in float32, side by side, over the same seeds.

Run: python -m evidence.fixed_tasks [RESULTS]. It trains what is not yet in RESULTS (default:
results/fixed) and writes docs/evidence/fixed/tasks.md.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop import cli

PAGE = Path(__file__).parents[1] / "docs/evidence/fixed/tasks.md"
SEEDS = {"pattern-generation": range(1, 6), "store-recall": range(1, 11)}
PRECISIONS = ("float32", "fixed")


def trained(results: Path, task: str, precision: str, seed: int) -> dict[str, Any]:
    """The results of a run, with its largest weight; the run is made if it is missing."""
    folder = results / f"{task}-{precision}-seed{seed}"
    if not (folder / "results.json").exists():
        cli.main(["run", task, "--precision", precision, "--seed", str(seed), "--out", str(folder),
                  "--resume", "--quiet"])
    found: dict[str, Any] = json.loads((folder / "results.json").read_text())
    with np.load(folder / "weights.npz") as weights:
        found["largest"] = max(float(np.max(np.abs(weights[name]))) for name in weights.files
                               if weights[name].dtype.kind == "f" and "feedback" not in name)
    return found


def pattern_rows(results: Path) -> list[str]:
    """nMSE and largest weight of task 1.1."""
    lines = ["| seed | nMSE float32 | nMSE fixed | largest weight float32 | fixed | ratio |",
             "|---|---|---|---|---|---|"]
    errors: dict[str, list[float]] = {precision: [] for precision in PRECISIONS}
    for seed in SEEDS["pattern-generation"]:
        runs = [trained(results, "pattern-generation", precision, seed)
                for precision in PRECISIONS]
        for precision, run in zip(PRECISIONS, runs, strict=True):
            errors[precision].append(run["error_last50"])
        exact, fixed = runs
        lines.append(f"| {seed} | {exact['error_last50']:.4f} | {fixed['error_last50']:.4f} | "
                     f"{exact['largest']:.3f} | {fixed['largest']:.3f} | "
                     f"{fixed['largest'] / exact['largest']:.2f} |")
    means = [f"{np.mean(errors[precision]):.4f}" for precision in PRECISIONS]
    return [*lines, "", f"Mean nMSE: {means[0]} in float32, {means[1]} in fixed point "
                        "(mean of the last 50 of 1000 updates)."]


def recall_rows(results: Path) -> list[str]:
    """Updates until task 1.2 is solved."""
    lines = ["| seed | float32: solved after | fixed: solved after |", "|---|---|---|"]
    solved: dict[str, list[int]] = {precision: [] for precision in PRECISIONS}
    for seed in SEEDS["store-recall"]:
        runs = [trained(results, "store-recall", precision, seed) for precision in PRECISIONS]
        for precision, run in zip(PRECISIONS, runs, strict=True):
            if run["solved_after"] is not None:
                solved[precision].append(run["solved_after"])
        after = [run["solved_after"] or "not in 200" for run in runs]
        lines.append(f"| {seed} | {after[0]} | {after[1]} |")
    counts = [f"{len(solved[precision])} of {len(SEEDS['store-recall'])} in {precision}, after "
              f"{np.mean(solved[precision]):.0f} updates on average" for precision in PRECISIONS]
    return [*lines, "", "Solved: " + "; ".join(counts) + "."]


def main(results: Path) -> None:
    """Train what is missing, and write the page."""
    lines = ["# The paper's tasks in fixed point", "",
             "Written by `python -m evidence.fixed_tasks`. Same seeds, networks and inputs;",
             "only the arithmetic differs, and training is chaotic: single seeds differ by chance.",
             "", "## Task 1.1, pattern generation", "", *pattern_rows(results), "",
             "## Task 1.2, store-recall", "", *recall_rows(results), ""]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(lines))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/fixed"))

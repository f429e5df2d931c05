"""Tables of docs/evidence: learning curves, results per seed, and the page that shows them."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pynn_eprop.experiments.folder import write_text

BLOCK = 10
# 97.5% quantiles of Student's t for 1, 2, ... degrees of freedom
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


DEVIATIONS = (
    "Beside the paper's figures 1d and 1e:",
    "",
    "- Random feedback, simplified traces and the network without recurrent connections are within",
    "  the noise of seeds of the paper's numbers. Global feedback is worse here, its seeds (0.41",
    "  to 0.78) on both sides of the paper's 0.485.",
    "- Simplified traces are those with h kept. Replaced as it is printed",
    "  (`evidence/literal_traces.py`), the error is four times the paper's.",
    "- Clopath's rule had little impact in the paper, which gives no number. With its thresholds",
    "  as printed (0 for v, v_th / 4 for its filtered value) the error is three times that of",
    "  e-prop here. The reason was measured ([rule_gradients.md](rule_gradients.md)): most of the",
    "  factor's sum stands at v > 2 v_th, where h is 0, and about a third of that of h where the",
    "  factor is 0, so that the two are not correlated, and the gradient has a cosine of 0.02 to",
    "  0.27 to that of BPTT, where h has 0.81 to 0.87. With the two thresholds exchanged (in the",
    "  rule's own publication that of v is the higher) the error is 0.028, with both at -v_th,",
    "  which weights high potentials less, 0.019 (cosines of 0.36 to 0.76). Over seeds 1 to 5,",
    "  where 0.045 is the mean with the printed thresholds, these were tried too: the factor also",
    "  while a cell is refractory 0.086, learning rates of 0.001 and 0.0005 0.057 and 0.082, a",
    "  firing-rate term of 0.01, 0.05 and 0.1 0.115, 0.042 and 0.043, 3,000 updates 0.038.",
    "- BPTT is better than e-prop 1, as in the paper.",
    "- New random feedback every 1 or 20 ms is worse than fixed feedback, as in the paper. Its",
    '  discussion says that feedback which is "fixed, or rarely changed" is best; here the mean',
    "  error with 20 ms is the larger of the two, though the intervals overlap. The gradient of",
    "  the recurrent weights stays at right angles to that of BPTT, whereas output weights come to",
    "  agree with fixed feedback (cosine 0.38 after 100 updates). What is learned are the output",
    "  weights, and the rest disturbs them: `readout only` is better than either.",
    "- With the output weights alone 600 random cells do well in this task (0.017), better than",
    "  with Clopath's rule or simplified traces as well. The paper has no such row.",
)


class SeriesLike(Protocol):
    """The attributes of a series of runs that the tables need."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def task(self) -> str: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def paper(self) -> float | None: ...  # noqa: D102


Results = Mapping[str, Sequence[Mapping[str, Any]]]


def mean_and_interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half-width of its 95% interval (Student's t)."""
    n = len(values)
    if n < 2:
        return float(values[0]), float("nan")
    quantile = STUDENT[n - 2] if n - 2 < len(STUDENT) else 1.96
    return float(np.mean(values)), quantile * float(np.std(values, ddof=1)) / n**0.5


def write_tables(series: Sequence[SeriesLike], results: Results, out: Path) -> None:
    """Write runs.json, the learning curves as CSV, and README.md."""
    write_text(out / "runs.json", json.dumps(
        {name: [_without_curves(run) for run in runs] for name, runs in results.items()},
        indent=1) + "\n")
    for task, block in (("pattern-generation", BLOCK), ("store-recall", 1)):
        runs = {entry.name: results[entry.name] for entry in series if entry.task == task}
        write_text(out / f"{task.replace('-', '_')}.csv", _curves(runs, block))
    write_text(out / "README.md", _page(series, results))


def _without_curves(run: Mapping[str, Any]) -> dict[str, Any]:
    dropped = ("error_curve", "loss_curve", "training_error_curve", "parameters", "configuration")
    return {name: value for name, value in run.items() if name not in dropped}


def _curves(results: Results, block: int) -> str:
    """One column per run; each row is the mean error of ``block`` updates, if there were any."""
    columns: dict[str, Sequence[float | None]] = {}
    length = max(len(run["error_curve"]) for runs in results.values() for run in runs)
    columns["last_update"] = [min(start + block, length) for start in range(0, length, block)]
    for name, runs in results.items():
        for run in runs:
            error = run["error_curve"]
            columns[f"{name}-seed{run['seed']}"] = [
                float(np.mean(error[start:start + block])) if start < len(error) else None
                for start in range(0, length, block)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([row[0], *("" if value is None else f"{value:.5g}" for value in row[1:])])
    return text.getvalue()


def _page(series: Sequence[SeriesLike], results: Results) -> str:
    first = next(iter(results.values()))[0]
    lines = [
        "# Evidence",
        "",
        "Written by `make evidence` (`python -m evidence.tasks`), which can be",
        "interrupted and repeated. A mean is given with its 95% interval (Student's t over seeds).",
        "",
        f"## Task 1.1, pattern generation: {first['updates']} updates, {first['neurons']} cells",
        "",
        "nMSE = mse / variance of the target, mean of the last 50 updates of a run. The paper",
        "prints mse, and for its example a normalized one of 0.01, without saying by what; its",
        "numbers are taken to be normalised likewise (the variance is 2.4 to 4.0 here).",
        "",
        "| network | nMSE | seed by seed | the paper | ms per update |",
        "|---|---|---|---|---|",
    ]
    for entry in series:
        if entry.task == "pattern-generation":
            lines.append(_pattern_row(entry, results[entry.name]))
    lines += [
        "",
        "![Learning curves of task 1.1](pattern_generation_learning.png)",
        "",
        "![Variants of task 1.1](pattern_generation_variants.png)",
        "",
        *DEVIATIONS,
        "",
        *_store_section([(entry, results[entry.name]) for entry in series
                         if entry.task == "store-recall"]),
        "",
        "## Choices",
        "",
        "How the settings that are not the paper's were chosen ([paper.md](../paper.md) has them",
        "all): the firing-rate term of task",
        "1.1 by sweeps over seeds 1 to 12 and 101 to 128 (float32; 0.02 gave 0.0121 and 0.0132",
        "there), so the seeds of the table took part in the choice. The initial widths and the",
        "firing-rate term of task 1.2 were chosen on seeds 1 to 10 of the table; on seeds 11 to",
        "20, which had no part in it, all ten were solved too, after 35 to 84 updates (54 on",
        "average).",
        "",
        "BPTT has e-prop's settings, as in the paper. In task 1.2 it does not come to the",
        "paper's 28 updates with them, nor without the firing-rate term, which the paper does not",
        "name for this task. Tried on single seeds, solved after: seed 2 (92 with e-prop's",
        "settings, 32 without the term) 54 and 42 with a pseudo-derivative of height 0.6 and 1 in",
        "the place of 0.3, not within 70 with twice the learning rate; seed 5 (not within 100, and",
        "98) 69 with output weights five times as wide, 82 with height 0.6 as well, 89 without the",
        "term as well, not within 100 with all weights N(0, 1) / sqrt(n) and without the term.",
        "It is hardly the gradient through the recurrent network: e-prop with symmetric feedback",
        "(`--feedback symmetric`, host) is alike, solved within 100 updates for 7 of 10 seeds",
        "(after 41, 56, 50, 54, -, 56, 54, 50, -, -). Both get their learning signals through the",
        "output weights; those of random feedback have the paper's width from the start.",
        "",
        "## Commands",
        "",
        "Each run can be repeated on its own. With the seeds of the tables:",
        "",
        "```",
        *[results[entry.name][0]["command"].replace("--seed 1 ", "--seed SEED ")
          for entry in series],
        "```",
        "",
        "Versions: " + ", ".join(f"{name} {number}" for name, number in first["versions"].items())
        + ". One thread.",
        "",
        "Files: `runs.json` (every run), `pattern_generation.csv` (means of ten updates), "
        "`store_recall.csv` (every update).",
    ]
    return "\n".join(lines) + "\n"


def _pattern_row(entry: SeriesLike, runs: Sequence[Mapping[str, Any]]) -> str:
    errors = [run["error_last50"] for run in runs]
    mean, half = mean_and_interval(errors)
    speed = np.median([1000 * run["seconds_training"] / run["updates"] for run in runs])
    return (f"| {entry.label} | {mean:.4f} ± {half:.4f} | "
            f"{', '.join(f'{error:.4f}' for error in errors)} | "
            f"{'' if entry.paper is None else entry.paper} | {speed:.2f} |")


Runs = Sequence[Mapping[str, Any]]


def _store_section(entries: Sequence[tuple[SeriesLike, Runs]]) -> list[str]:
    first = entries[0][1][0]
    lines = [
        f"## Task 1.2, store-recall: {first['neurons']} cells, batches of 128 trials",
        "",
        "A run counts as solved after an update when the error of a small validation (128 trials)",
        "is below 5% and so is that of a large one, on fresh trials with at least 1,000 recalls.",
        "",
        "| network | solved | after updates | seed by seed | the paper | updates | last 50 |",
        "|---|---|---|---|---|---|---|",
        *[_store_row(entry, runs) for entry, runs in entries],
        "",
        *_shorter_runs(entries),
        "Of truncated traces, and of networks of LIF cells only, the paper says that they fail; it",
        "has no networks without the adaptation's trace alone.",
        "",
        "![Learning curves of task 1.2](store_recall_learning.png)",
        "",
        f"{entries[0][0].label}, seed by seed:",
        "",
        "| seed | solved after | large validation | error, last 50 updates | ms per update |",
        "|---|---|---|---|---|",
    ]
    for run in entries[0][1]:
        sure = run["confirmations"][-1] if run["confirmations"] else None
        checked = (f"{sure['wrong']} of {sure['answers']:,} wrong "
                   f"({sure['wrong'] / sure['answers']:.1%})" if sure else "")
        lines.append(
            f"| {run['seed']} | {run['solved_after'] or 'not solved'} | {checked} | "
            f"{run['error_last50']:.2%} | {1000 * run['seconds_training'] / run['updates']:.0f} |")
    return lines


def _shorter_runs(entries: Sequence[tuple[SeriesLike, Runs]]) -> list[str]:
    """What the first series has in the updates that are the last 50 of runs with fewer."""
    (first, longest), *others = entries
    lines = []
    for last in sorted({run["updates"] for _, runs in others for run in runs
                        if run["updates"] < longest[0]["updates"]}):
        error = np.mean([run["error_curve"][max(0, last - 50):last] for run in longest])
        lines += [f"Of runs with {last} updates \"last 50\" are the updates up to {last}, in which",
                  f"{first.label} has {error:.1%}.", ""]
    return lines


def _store_row(entry: SeriesLike, runs: Runs) -> str:
    solved = [run["solved_after"] for run in runs if run["solved_after"] is not None]
    after = ""
    if len(solved) == len(runs) > 1:
        mean, half = mean_and_interval(solved)
        after = f"{mean:.0f} ± {half:.0f}"
    elif solved:
        after = f"{np.mean(solved):.0f} of those solved"
    each = ", ".join(str(run["solved_after"] or "-") for run in runs)
    paper = "" if entry.paper is None else f"{entry.paper:.0f}"
    return (f"| {entry.label} | {len(solved)} of {len(runs)} | {after} | {each} | {paper} | "
            f"{runs[0]['updates']} | {np.mean([run['error_last50'] for run in runs]):.1%} |")

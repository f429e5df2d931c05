"""The page and the figure of task 1.1 with a chip in the loop, from the results of its runs."""

import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    new_figure,
    styled,
)

if TYPE_CHECKING:
    from evidence.chip_in_the_loop import Found

Result = Mapping[str, Any]
COLOURS = {"host": INK, "reset and held": GREY, "chip": SKY, "chip, 10% mismatch": BLUE,
           "chip, 20% mismatch": PURPLE, "chip, 10%, v every 6 ms": GREEN,
           "chip, 10%, spikes only": ORANGE, "chip, 20%, spikes only": RED,
           "chip, 10%, trials vary 5%": "#7A6A00"}
MEANINGS = {
    "host": "no chip: the host's cells, which subtract the threshold at a spike",
    "reset and held": "no chip: cells that are set to rest by a spike and held there, exact "
                      "weights, v of each step",
    "chip": "the stand-in: 63 levels for weights of each sign, v every 2 ms with 8 bits (45 digits "
            "to the threshold) and noise of 2 digits",
    "chip, 10% mismatch": "and membrane time constant, threshold and gain of each cell with a "
                          "standard deviation of 10%",
    "chip, 20% mismatch": "likewise 20%",
    "chip, 10%, v every 6 ms": "10%, with a third of the samples",
    "chip, 10%, spikes only": "10%, with potentials of a model that replays the measured spikes",
    "chip, 20%, spikes only": "likewise 20%",
    "chip, 10%, trials vary 5%": "10%, and threshold and gain vary by 5% from trial to trial",
}
WHAT_IT_SAYS = [
    "Neither 6 bits, nor mismatch of 10 or 20%, nor samples every 6 ms, nor trials that differ, "
    "nor having spikes alone change the error by more than seeds do: medians are 0.077 to 0.089 "
    "with trials of 200 ms and 0.20 to 0.23 with those of 1000 ms.",
    "What costs is the reset. Cells that are set to rest and held there, without a chip and with "
    "exact weights, end at 0.076 and 0.184, where cells that subtract the threshold end at 0.053 "
    "and 0.060. They forget at each spike, and what they forget they needed in the longer trials. "
    "The task's settings were chosen for cells that subtract it; no others were tried.",
    "The loop is worth it: weights that were learned without the chip are 1.4 to 3.2 times worse "
    "on it than those learned with it (medians), in every seed, and the more so the longer the "
    "trials and, with short ones, the larger the mismatch.",
    "Spikes alone, with h from a model that replays them, do as well as samples here: the model's "
    "parameters are the script's, and a mismatch of 20% leaves h near enough.",
]
"""What the numbers say, for the page."""
_SMOOTHED = 20


def _range(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def page(found: "Found") -> str:
    """The page in Markdown."""
    first = next(iter(next(iter(found.runs.values())).values()))
    lines = [
        "# Task 1.1 with a chip in the loop", "",
        "Made by `python -m evidence.chip_in_the_loop`, in `make evidence`: pattern generation on "
        "a stand-in for an analog chip ([what it is](../../brainscales.md)). "
        f"{first[0]['neurons']} cells, {first[0]['updates']} updates, {len(first)} seeds, of which "
        "each has a network, a target and a chip of its own. The paper's network has 600 cells, "
        "more than a chip has room for; nothing here has met hardware. Errors are nMSE, the median "
        "over seeds and the range, of the mean of the last 50 updates.", ""]
    if WHAT_IT_SAYS:
        lines += ["## What it says", "", *(f"- {sentence}" for sentence in WHAT_IT_SAYS), ""]
    lines += ["![learning curves](learning.png)", "", "## Learning in the loop", ""]
    lines += ["| series | " + " | ".join(f"trials of {interval:g} ms" for interval in found.runs)
              + " | what |", "|---|" + "---|" * (len(found.runs) + 1)]
    for label in next(iter(found.runs.values())):
        errors = [_range([result["error_last50"] for result in runs[label]])
                  for runs in found.runs.values()]
        lines.append(f"| {label} | " + " | ".join(errors) + f" | {MEANINGS[label]} |")
    lines += ["", "## Weights that were learned without the chip", "",
              "On each chip, with learning off, mean of a few trials: weights of the series 'reset "
              "and held', rounded to the chip's levels, beside those that were learned with it.",
              "", "| chip | trials | learned without it | learned with it | better with it |",
              "|---|---|---|---|---|"]
    for interval, chips in found.tried.items():
        for label, pairs in chips.items():
            lines.append(f"| {label} | {interval:g} ms | {_range(pairs[:, 0].tolist())} | "
                         f"{_range(pairs[:, 1].tolist())} | "
                         f"{int(np.sum(pairs[:, 1] < pairs[:, 0]))} of {len(pairs)} seeds |")
    lines += ["", "All runs: [runs.csv](runs.csv), [weights_on_chips.csv](weights_on_chips.csv).",
              ""]
    return "\n".join(lines)


def draw(found: "Found") -> Figure:
    """Learning curves, a panel for each length of trials: medians over seeds."""
    with styled():
        figure = new_figure(5.2 * len(found.runs), 4.6)
        for place, (interval, runs) in enumerate(found.runs.items()):
            axes = figure.add_subplot(1, len(found.runs), place + 1)
            _panel(axes, runs)
            axes.set_title(f"Trials of {interval:g} ms")
            axes.set_ylabel("nMSE" if not place else "")
        axes.legend(loc="upper right")
    return figure


def _panel(axes: Axes, runs: Mapping[str, Sequence[Result]]) -> None:
    for label, results in runs.items():
        curves = np.array([result["error_curve"] for result in results])
        width = max(1, min(_SMOOTHED, curves.shape[1] // 4))
        smooth = np.apply_along_axis(np.convolve, 1, curves, np.ones(width) / width, "valid")
        updates = np.arange(smooth.shape[1]) + (width + 1) / 2.0
        axes.plot(updates, np.median(smooth, axis=0), color=COLOURS[label], label=label,
                  linestyle="--" if "only" in label or label == "host" else "-")
    axes.set_yscale("log")
    axes.set_xlabel("updates")
    axes.grid(**GRID)

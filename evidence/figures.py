"""Figures over many seeds or backends: learning curves, variants, solving task 1.2."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.plotting.comparison import FLOOR, line_styles
from pynn_eprop.plotting.style import (
    BLUE,
    GRID,
    RED,
    SERIES_COLOURS,
    new_figure,
    running_mean,
    styled,
)

Runs = Sequence[Mapping[str, Any]]


def _lines(count: int) -> list[tuple[str, str]]:
    """Colour and style of so many curves."""
    every = [(colour, line) for line in ("-", "--", ":") for colour in SERIES_COLOURS]
    return every[:count]


def draw_learning_curves(panels: Mapping[str, Mapping[str, Runs]]) -> Figure:
    """Learning curves: geometric mean over seeds, with the middle half of the seeds shaded.

    panels: series side by side, by title.
    """
    with styled():
        figure = new_figure(11.0, 5.8)
        axes_of = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, series) in zip(axes_of, panels.items(), strict=True):
            for (label, runs), (colour, line) in zip(series.items(), _lines(len(series)),
                                                     strict=True):
                _draw_curves(axes, label, runs, colour, line)
            axes.set_xlabel("update (1 s of activity each)")
            axes.grid(**GRID)
            axes.set_title(f"{title}, {len(runs)} seeds")
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, fontsize=8.5)
        axes_of[0].set_ylabel("nMSE (mean of the latest 20)")
        return figure


def _draw_curves(axes: Axes, label: str, runs: Runs, colour: str, line: str) -> None:
    length = min(len(run["error_curve"]) for run in runs)
    curves = np.array([running_mean(np.asarray(run["error_curve"][:length]), 20) for run in runs])
    updates = np.arange(1, length + 1)
    axes.fill_between(updates, *np.quantile(curves, (0.25, 0.75), axis=0), color=colour, alpha=0.15,
                      linewidth=0)
    axes.semilogy(updates, np.exp(np.log(curves).mean(axis=0)), color=colour, linewidth=1.6,
                  label=label, linestyle=line)
    axes.set_xlim(0, length)


def draw_variants(series: Mapping[str, Runs], papers: Mapping[str, float | None]) -> Figure:
    """The error at the end for each variant: a bar for the mean, a dot for each seed."""
    with styled():
        figure = new_figure(8.0, 0.55 * len(series) + 1.3)
        axes = figure.subplots()
        for row, (label, runs) in enumerate(series.items()):
            errors = [run["error_last50"] for run in runs]
            axes.barh(row, np.mean(errors), color=BLUE, alpha=0.35, height=0.62)
            axes.plot(errors, np.full(len(errors), row), "o", color=BLUE, markersize=3.5)
            paper = papers[label]
            if paper is not None:
                axes.plot([paper, paper], [row - 0.36, row + 0.36], color=RED, linewidth=1.8,
                          label="the paper" if row == 0 else None)
            axes.text(1.12 * max(*errors, paper or 0.0), row, f"{np.mean(errors):.3f}",
                      va="center", fontsize=8.5)
        axes.set_xscale("log")
        axes.set_xlim(right=1.7 * axes.get_xlim()[1])
        axes.set_yticks(range(len(series)), list(series))
        axes.invert_yaxis()
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("nMSE, mean of the last 50 updates (dots: seeds)")
        axes.set_title("Task 1.1: variants after training")
        axes.legend(loc="upper right")
        return figure


def draw_solving(series: Mapping[str, Runs]) -> Figure:
    """Validation errors: a thin line for each seed, a thick one for the mean of each series.

    A mark is the update at which a run counts as solved.
    """
    with styled():
        figure = new_figure(11.0, 4.2)
        axes = figure.subplots()
        length = 0
        for (label, runs), (colour, line) in zip(series.items(), _lines(len(series)), strict=True):
            for run in runs:
                error = np.asarray(run["error_curve"])
                length = max(length, len(error))
                axes.plot(np.arange(1, len(error) + 1), error, color=colour, linewidth=0.6,
                          alpha=0.25)
                solved = run["solved_after"]
                if solved is not None:
                    axes.plot(solved, error[solved - 1], "o", color=colour, markersize=5, zorder=3,
                              markeredgecolor="white")
            shortest = min(len(run["error_curve"]) for run in runs)
            mean = np.mean([run["error_curve"][:shortest] for run in runs], axis=0)
            axes.plot(np.arange(1, shortest + 1), mean, color=colour, linewidth=2.0,
                      linestyle=line, label=f"{label} ({len(runs)} seeds)")
        axes.plot([], [], "o", color="0.4", label="solved (below 5% on at least 1,000 recalls)")
        axes.axhline(0.05, color=RED, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.text(1.0, 0.05, "5% ", color=RED, va="bottom", ha="right", fontsize=8,
                  transform=axes.get_yaxis_transform())
        axes.set_xlabel("update (128 trials of 2.4 s each)")
        axes.set_ylabel("misclassification rate, validation")
        axes.set_xlim(0, length)
        axes.set_ylim(0.0, 0.6)
        axes.grid(**GRID)
        axes.set_title("Task 1.2: learning")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return figure


def draw_backends(curves: Mapping[str, np.ndarray], what: str, width: int = 20) -> Figure:
    """Errors of updates, by backend: running means over ``width`` of them, and differences.

    what: the network, for the title.
    """
    with styled():
        figure = new_figure(8.0, 5.4)
        errors, apart = figure.subplots(2, 1, sharex=True, height_ratios=(2.0, 1.0))
        base = next(iter(curves))
        lines = line_styles(dict.fromkeys(curves, base))
        for name, error in curves.items():
            updates = np.arange(1, len(error) + 1)
            errors.semilogy(updates, running_mean(error, width), label=name, **lines[name])
            if name != base:
                difference = np.abs(error - curves[base]) / curves[base]
                apart.semilogy(updates, np.maximum(difference, FLOOR), color=lines[name]["color"],
                               linewidth=0.8)
        errors.set_ylabel(f"nMSE (mean of the latest {width})")
        errors.set_title(f"Task 1.1 on several backends, {what}")
        errors.legend(loc="upper right")
        apart.set_ylabel(f"difference from {base}")
        apart.set_xlabel("update (1 s of activity each)")
        return figure

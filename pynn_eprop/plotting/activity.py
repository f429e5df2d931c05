"""A figure for any network that learns: its activity in one trial, and the learning curve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pynn_eprop.plotting.style import (
    BLUE,
    GREEN,
    GREY,
    GRID,
    INK,
    READOUT_COLOURS,
    RED,
    bare_time_axis,
    draw_raster,
    new_figure,
    running_mean,
)

MOST_CELLS = 60     # that a raster shows


@dataclass(frozen=True)
class Raster:
    """Spikes of a population of ``size`` cells. times: ms."""

    label: str
    times: np.ndarray
    cells: np.ndarray
    size: int
    is_input: bool = False


@dataclass(frozen=True)
class Outputs:
    """Outputs and their targets (NaN for none), both of shape (steps, outputs)."""

    label: str
    y: np.ndarray
    target: np.ndarray


@dataclass(frozen=True)
class LearningCurve:
    """The error of each update.

    training: that of the training trials, if ``error`` is of others. levels: errors to mark, by
    their names. solved_after: updates.
    """

    name: str
    error: np.ndarray
    training: np.ndarray | None = None
    levels: Mapping[str, float] = field(default_factory=dict)
    solved_after: int | None = None


def draw_activity(title: str, times: np.ndarray, rasters: Sequence[Raster],
                  outputs: Sequence[Outputs], curve: LearningCurve) -> Figure:
    """A panel for each population of spiking cells and of outputs, the learning curve below.

    times: of the steps of the trial, ms.
    """
    heights = [0.7 if raster.is_input else 1.1 for raster in rasters] + [0.9] * len(outputs)
    figure = new_figure(10.0, 1.6 * sum(heights) + 3.2)
    grid = figure.add_gridspec(len(heights) + 2, 1, height_ratios=[*heights, 0.2, 1.5])
    panels = [figure.add_subplot(grid[row]) for row in range(len(heights))]
    for axes, raster in zip(panels, rasters, strict=False):
        _draw_spikes(axes, raster)
    for axes, each in zip(panels[len(rasters):], outputs, strict=True):
        _draw_outputs(axes, times, each)
    for axes in panels:
        axes.set_xlim(0.0, times[-1])
    for axes in panels[:-1]:
        bare_time_axis(axes)
    panels[0].set_title(title)
    panels[-1].set_xlabel("time (ms)")
    figure.align_ylabels(panels)
    draw_learning_curve(figure.add_subplot(grid[-1]), curve)
    return figure


def _draw_spikes(axes: Axes, raster: Raster) -> None:
    shown = np.unique(np.linspace(0, raster.size - 1, min(raster.size, MOST_CELLS)).round())
    rows = np.searchsorted(shown, raster.cells)
    mine = np.isin(raster.cells, shown)
    draw_raster(axes, raster.times[mine], rows[mine], len(shown),
                GREY if raster.is_input else INK)
    axes.set_yticks([])
    axes.set_ylabel(raster.label if len(shown) == raster.size
                    else f"{len(shown)} of {raster.size}\n{raster.label}")


def _draw_outputs(axes: Axes, times: np.ndarray, outputs: Outputs) -> None:
    for k, (y, target) in enumerate(zip(outputs.y.T, outputs.target.T, strict=True)):
        colour = READOUT_COLOURS[k % len(READOUT_COLOURS)]
        axes.plot(times, y, color=colour, linewidth=1.5, alpha=0.9)
        axes.plot(times, target, color=colour, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.set_ylabel(f"{outputs.label}\n(dashed: target)")


def draw_learning_curve(axes: Axes, curve: LearningCurve) -> None:
    """The error over updates, with its running mean, or beside that of the training trials."""
    updates = np.arange(1, len(curve.error) + 1)
    if curve.training is not None:
        axes.plot(updates, curve.training, color=GREY, linewidth=0.8, label="training trials")
        axes.plot(updates, curve.error, color=BLUE, linewidth=1.6, label="validation")
    else:
        axes.plot(updates, curve.error, color=BLUE, linewidth=0.6, alpha=0.4, label="each update")
        axes.plot(updates, running_mean(curve.error, 50), color=BLUE, linewidth=1.8,
                  label="mean of the latest 50")
    for name, level in curve.levels.items():
        axes.axhline(level, color=RED, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.text(1.0, level, f" {name}", color=RED, va="center", fontsize=8,
                  transform=axes.get_yaxis_transform())
    if curve.solved_after is not None:
        axes.axvline(curve.solved_after, color=GREEN, linewidth=1.2)
    axes.set_title("Learning" if curve.solved_after is None
                   else f"Learning: solved after {curve.solved_after} updates")
    axes.set_xlabel("update")
    axes.set_ylabel(curve.name)
    axes.set_xlim(0, len(curve.error))
    axes.set_ylim(bottom=0.0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(**GRID)
    axes.legend(loc="upper right")

"""Training and test trial of a one-shot network side by side, as the paper's figure 3d."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.families.trial import INPUT, LEARNER, OUTPUT, OneShotTrial
from pynn_eprop.plotting.style import (
    BLUE,
    GREY,
    GRID,
    INK,
    READOUT_COLOURS,
    bare_time_axis,
    draw_raster,
    new_figure,
)

if TYPE_CHECKING:
    from pynn_eprop.families.family import Family, Tasks

N_CELLS, N_SIGNALS = 20, 5
TITLES = "Training trial", "Test trial, after one update"

Row = tuple[str, float, Callable[[Axes, OneShotTrial], None]]
"""A row of panels: its label, its height, and what draws it for a trial."""


def draw_one_shot(family: "Family", trials: tuple[OneShotTrial, OneShotTrial], task: "Tasks",
                  further: Sequence[Row] = ()) -> Figure:
    """Spikes, learning signals and readouts of both trials; error above each.

    further: rows below, which have no time axis of these.
    """
    target = family.output_target(task)
    rows = [*_rows(family, trials[0], target), *further]
    figure = new_figure(9.0, 0.6 + sum(height for _, height, _ in rows))
    grid = figure.add_gridspec(len(rows), 2, height_ratios=[height for _, height, _ in rows])
    timed = len(rows) - len(further)
    for column, (title, trial) in enumerate(zip(TITLES, trials, strict=True)):
        for number, (label, _, draw) in enumerate(rows):
            axes = figure.add_subplot(grid[number, column])
            draw(axes, trial)
            if number == 0:
                error = float(family.error(trial.y[OUTPUT], task, np))
                axes.set_title(f"{title}\n{family.error_name} {error:.3g}")
            if column == 0:
                axes.set_ylabel(label)
            if number < timed:
                axes.set_xlim(0.0, family.interval)
                if number < timed - 1:
                    bare_time_axis(axes)
                else:
                    axes.set_xlabel("time (ms)")
    for number in range(len(rows)):       # the same scale left and right
        left, right = figure.axes[number], figure.axes[len(rows) + number]
        low, high = zip(left.get_ylim(), right.get_ylim(), strict=True)
        for axes in (left, right):
            axes.set_ylim(min(low), max(high))
    return figure


def _rows(family: "Family", trial: OneShotTrial, target: np.ndarray | None) -> list[Row]:
    modules = [label for label in trial.spikes if label not in (INPUT, LEARNER)]
    sending = [label for label in trial.y if label != OUTPUT]
    rows: list[Row] = [("clock\ninput", 0.6, _raster(INPUT, family.n_inputs, GREY)),
                       (f"learner,\n{N_CELLS} cells", 1.1, _raster(LEARNER, N_CELLS, INK))]
    rows += [(f"error {label},\n{N_CELLS} cells" if label == "module" else label, 1.1,
              _raster(label, N_CELLS, INK)) for label in modules]
    if sending:
        rows.append((f"learning signals\nof {N_SIGNALS} cells", 1.1, _signals(family, sending)))
    names = family.output_names or [f"output {number + 1}" for number in range(family.n_outputs)]
    rows += [(names[number], 0.9, _output(family, number, target))
             for number in range(family.n_outputs)]
    return rows


def _raster(label: str, count: int, colour: str) -> Callable[[Axes, OneShotTrial], None]:
    def draw(axes: Axes, trial: OneShotTrial) -> None:
        times, cells = trial.spikes[label]
        shown = cells < count
        draw_raster(axes, times[shown], cells[shown], count, colour)
        axes.set_yticks([])

    return draw


def _times(family: "Family") -> np.ndarray:
    return family.timestep * np.arange(1, family.steps + 1)


def _signals(family: "Family", labels: Sequence[str]) -> Callable[[Axes, OneShotTrial], None]:
    def draw(axes: Axes, trial: OneShotTrial) -> None:
        signals = np.sum([trial.y[label] for label in labels], axis=0)
        for cell in range(min(N_SIGNALS, signals.shape[1])):
            axes.plot(_times(family), signals[:, cell], linewidth=0.9,
                      color=READOUT_COLOURS[cell % len(READOUT_COLOURS)])
        axes.grid(**GRID)

    return draw


def _output(family: "Family", number: int, target: np.ndarray | None
            ) -> Callable[[Axes, OneShotTrial], None]:
    def draw(axes: Axes, trial: OneShotTrial) -> None:
        if target is not None:
            axes.plot(_times(family), target[:, number], color=GREY, linestyle="--",
                      label="target")
        axes.plot(_times(family), trial.y[OUTPUT][:, number], color=BLUE, label="network")
        axes.grid(**GRID)
        if number == 0:
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.92), ncols=2,
                        borderaxespad=0.0, handlelength=1.6)

    return draw

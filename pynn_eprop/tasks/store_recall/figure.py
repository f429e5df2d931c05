"""Figure of task 1.2, as the paper's figure 2a with the learning curve below."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

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
    ORANGE,
    PURPLE,
    RED,
    bare_time_axis,
    draw_raster,
    new_figure,
)
from pynn_eprop.tasks.store_recall.commands import RECALL, STORE, StoreRecallTrials
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import INPUTS, READOUT

if TYPE_CHECKING:
    from pynn_eprop.tasks.store_recall.task import StoreRecall

VALUE_COLOURS = (BLUE, RED)
COMMAND_COLOURS = {STORE: GREEN, RECALL: PURPLE}
COMMAND_NAMES = {STORE: "STORE", RECALL: "RECALL"}


def draw_store_recall(task: "StoreRecall", trials: StoreRecallTrials, record: TrialRecord,
                      results: Mapping[str, Any]) -> Figure:
    """Inputs, commands, spikes, thresholds and outputs of one trial; the learning curve below."""
    figure = new_figure(10.0, 9.0)
    grid = figure.add_gridspec(7, 1, height_ratios=[1.0, 1.0, 1.2, 1.0, 1.1, 0.2, 1.5])
    values, commands, cells, threshold, output = (
        figure.add_subplot(grid[row]) for row in range(5))
    _draw_inputs(values, commands, task, trials, record)
    _draw_cells(cells, task, record)
    _draw_thresholds(threshold, task, record)
    _draw_outputs(output, task, trials, record)
    panels = (values, commands, cells, threshold, output)
    for axes in panels:
        axes.set_xlim(0.0, task.interval)
        _shade_commands(axes, task, trials)
    for axes in panels[:-1]:
        bare_time_axis(axes)
    output.set_xlabel("time (ms)")
    figure.align_ylabels(panels)
    draw_misclassification(figure.add_subplot(grid[6]), results, task)
    return figure


def _shade_commands(axes: Axes, task: "StoreRecall", trials: StoreRecallTrials) -> None:
    for period, command in enumerate(trials.command[0]):
        if command in COMMAND_COLOURS:
            axes.axvspan(period * task.period, (period + 1) * task.period, linewidth=0,
                         color=COMMAND_COLOURS[command], alpha=0.10, zorder=0)


def _draw_inputs(values: Axes, commands: Axes, task: "StoreRecall", trials: StoreRecallTrials,
                 record: TrialRecord) -> None:
    times, cells = record.spikes[INPUTS]
    size = task.group_size
    colours = (*VALUE_COLOURS, *COMMAND_COLOURS.values())
    for group, colour in enumerate(colours):
        mine = cells // size == group
        draw_raster(values if group < 2 else commands, times[mine], cells[mine] % size, size,
                    colour, offset=(group % 2) * size)
    for axes, names, title in ((values, ("value 0", "value 1"), "input:\nvalues"),
                               (commands, ("STORE", "RECALL"), "input:\ncommands")):
        axes.set_yticks([size / 2, 1.5 * size], names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylabel(title)
    for period, bit in enumerate(trials.bit[0]):
        values.text((period + 0.5) * task.period, 2 * size + 1, str(bit), ha="center",
                    va="bottom", color=VALUE_COLOURS[bit], fontsize=9)
    for period, command in enumerate(trials.command[0]):
        if command in COMMAND_NAMES:
            remembered = trials.stored[0, period]
            commands.text((period + 0.5) * task.period, 2 * size + 1,
                          f"{COMMAND_NAMES[command]} {remembered}", ha="center", va="bottom",
                          color=COMMAND_COLOURS[command], fontsize=8)


def _draw_cells(axes: Axes, task: "StoreRecall", record: TrialRecord) -> None:
    offset, names = 0, {}
    for label, colour, n_cells, kind in (("lif", INK, task.n_lif, "LIF"),
                                         ("alif", ORANGE, task.n_alif, "adaptive")):
        if label in record.spikes:
            draw_raster(axes, *record.spikes[label], n_cells, colour, offset)
            names[offset + n_cells / 2 - 0.5] = f"{n_cells} {kind}"
            offset += n_cells
    axes.set_yticks(list(names), list(names.values()))
    axes.tick_params(axis="y", length=0)
    axes.set_ylabel("cells")


def _draw_thresholds(axes: Axes, task: "StoreRecall", record: TrialRecord) -> None:
    if ("alif", "a") in record.states:
        axes.plot(record.times, task.v_thresh + task.beta * record.states["alif", "a"],
                  color=ORANGE, linewidth=0.9, alpha=0.8)
    axes.axhline(task.v_thresh, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_ylabel("thresholds A\n(adaptive cells)")


def _draw_outputs(axes: Axes, task: "StoreRecall", trials: StoreRecallTrials,
                  record: TrialRecord) -> None:
    y = record.states[READOUT, "y"]
    shifted = np.exp(y - y.max(axis=1, keepdims=True))
    probability = shifted[:, 1] / shifted.sum(axis=1)
    axes.plot(record.times, probability, color=GREY, linewidth=0.9)
    mean = y.reshape(task.n_periods, task.period_steps, 2).mean(axis=1)
    for period, command in enumerate(trials.command[0]):
        if command != RECALL:
            continue
        within = slice(period * task.period_steps, (period + 1) * task.period_steps)
        stored = int(trials.stored[0, period])
        answer = int(mean[period, 1] > mean[period, 0])
        axes.plot(record.times[within], np.full(task.period_steps, stored), color=INK,
                  linewidth=1.2, linestyle=(0, (4, 2)))
        axes.plot(record.times[within], probability[within], color=VALUE_COLOURS[stored],
                  linewidth=2.0)
        axes.text((period + 0.5) * task.period, 0.12 if stored else 0.88,
                  "right" if answer == stored else "wrong", ha="center", va="center",
                  fontsize=8, color=INK)
    axes.set_ylim(-0.08, 1.08)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_ylabel("output:\nP(stored = 1)")


def draw_misclassification(axes: Axes, results: Mapping[str, Any], task: "StoreRecall") -> None:
    """The validation error after every update, with the update at which the task is solved."""
    solved_below = task.solved_below
    error = np.asarray(results["error_curve"])
    updates = np.arange(1, len(error) + 1)
    if results["training_error_curve"]:
        axes.plot(updates, results["training_error_curve"], color=GREY, linewidth=0.8,
                  label="training trials")
    axes.plot(updates, error, color=BLUE, linewidth=1.6, label="validation")
    axes.axhline(solved_below, color=RED, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.text(0.0, solved_below, f" {solved_below:.0%}", color=RED, va="bottom", fontsize=8,
              transform=axes.get_yaxis_transform())
    solved = results["solved_after"]
    if solved is not None:
        axes.axvline(solved, color=GREEN, linewidth=1.2)
        sure = results["confirmations"][-1]
        axes.set_title(f"Learning: solved after {solved} updates "
                       f"({sure['wrong']} of {sure['answers']:,} recalls wrong)")
    else:
        axes.set_title(f"Learning: not solved in {len(error)} updates")
    axes.set_xlabel(f"update ({task.trials_per_update} trials of {task.interval / 1000:g} s each)")
    axes.set_ylabel("misclassification")
    axes.set_xlim(0, len(error))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(0.0, max(0.6, float(error.max()) * 1.05))
    axes.grid(**GRID)
    axes.legend(loc="upper right")

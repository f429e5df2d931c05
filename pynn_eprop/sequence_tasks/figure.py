"""An example of a curriculum task and the progress of its training, as figures 4c and 4g."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from pynn_eprop.intervals.network import BINARY, SOFTMAX
from pynn_eprop.plotting.style import BLUE, GREY, GRID, new_figure

if TYPE_CHECKING:
    from pynn_eprop.sequence_tasks.curriculum import CurriculumTask, Level, Sequences

N_UNITS = 40
_MOST = 1e300    # twice as much has to be a number for a colour scale


def draw_curriculum(task: "CurriculumTask", results: Mapping[str, Any], level: "Level",
                    found: "Sequences", y: np.ndarray, h: np.ndarray) -> Figure:
    """The first sequence of a batch: input, target, output, units; and the lengths solved.

    y: (steps, batch, outputs). h: (steps, batch, units).
    """
    figure = new_figure(7.0, 7.6)
    upper, lower = np.asarray(figure.subfigures(2, 1, height_ratios=[2.6, 1.0]))
    units = min(N_UNITS, h.shape[2])
    axes = upper.subplots(4, 1, sharex=True, height_ratios=[1.0, 1.0, 1.0, 1.3])
    target = np.asarray(found.targets)[:, 0]
    if task.loss == SOFTMAX:
        target = np.eye(task.n_outputs)[target]
    shown = np.where(found.active[:, np.newaxis], target, np.nan)
    _channels(axes[0], found.inputs[:, 0], "input", task.input_names)
    _channels(axes[1], shown, "target\n(grey: none)", task.output_names)
    image = _channels(axes[2], _probabilities(y[:, 0], task.loss), "output", task.output_names)
    upper.colorbar(image, ax=axes[:3], aspect=40.0, ticks=[0.0, 0.5, 1.0],
                   label="value, or probability")
    finite = np.abs(h[:, 0][np.isfinite(h[:, 0])])
    most = min(float(finite.max(initial=0.0)), _MOST) or 1.0
    image = axes[3].imshow(h[:, 0, :units].T, aspect="auto", cmap="RdBu_r", vmin=-most, vmax=most,
                           interpolation="nearest", origin="lower",
                           extent=(0.5, len(h) + 0.5, -0.5, units - 0.5))
    upper.colorbar(image, ax=axes[3], label="h")
    axes[3].xaxis.set_major_locator(MaxNLocator(integer=True))
    of_all = f"\nof {h.shape[2]}" if units < h.shape[2] else ""
    axes[3].set(ylabel=f"{units} units{of_all}", yticks=[], xlabel="time step")
    words = ", ".join(f"{name} {value}" for name, value in level.items())
    solved = "" if results["length_curve"] else ", not solved"
    axes[0].set_title(f"{task.title}: {len(found.active)} steps ({words}){solved}")
    _progress(lower.subplots(), results)
    return figure


def _probabilities(y: np.ndarray, loss: str) -> np.ndarray:
    if loss == BINARY:
        return 0.5 * (1.0 + np.tanh(0.5 * y))       # the sigmoid, without overflow
    up = np.exp(y - y.max(axis=-1, keepdims=True))
    return up / up.sum(axis=-1, keepdims=True)


def _channels(axes: Axes, values: np.ndarray, label: str, names: Mapping[int, str]) -> AxesImage:
    """Channels as rows, from 0 (white) to 1; steps without a value are grey."""
    axes.set_facecolor("#EEEEEE")
    steps, count = values.shape
    image = axes.imshow(np.ma.masked_invalid(values.T), aspect="auto", cmap="Blues", vmin=0.0,
                        vmax=1.0, interpolation="nearest",
                        extent=(0.5, steps + 0.5, count - 0.5, -0.5))
    axes.set_ylabel(label)
    axes.set_yticks(list(names), list(names.values()))
    return image


def _progress(axes: Axes, results: Mapping[str, Any]) -> None:
    curve = results["length_curve"]
    updates = [0, *(each["updates"] for each in curve), results["updates"]]
    lengths = [0, *(each["length"] for each in curve)]
    axes.step(updates, [*lengths, lengths[-1]], where="post", color=BLUE)
    axes.plot(updates[1:-1], lengths[1:], color=BLUE, marker="o", markersize=3.0, linestyle="")
    if results["diverged"]:
        axes.axvline(results["updates"], color=GREY, linestyle=":")
        axes.annotate("diverged", (results["updates"], 0.0), ha="right", va="bottom", color=GREY)
    axes.grid(**GRID)
    axes.set(xlabel="updates of the weights", ylabel="longest sequence\nsolved (steps)",
             title=f"{results['rule']}, seed {results['seed']}")
    axes.set_xlim(left=0)
    axes.set_ylim(0.0, 1.1 * max(5.0, *lengths))

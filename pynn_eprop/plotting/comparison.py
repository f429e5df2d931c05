"""The figure of a comparison of backends: their activity, and their differences over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pynn_eprop.plotting.style import (
    BACKEND_COLOURS,
    GREEN,
    GREY,
    RED,
    bare_time_axis,
    draw_raster,
    new_figure,
    styled,
)

FLOOR = 1e-18      # what "no difference" is drawn as
_MOST_SPIKES = 20_000


@dataclass(frozen=True)
class Curve:
    """The activity of one backend.

    spikes: (2, number) steps and cells. v, error: (steps, cells or readouts). loss: (trials,).
    weights: (updates, synapses).
    """

    spikes: np.ndarray
    v: np.ndarray
    error: np.ndarray
    loss: np.ndarray
    weights: np.ndarray
    arrays: ClassVar[tuple[str, ...]] = ("spikes", "v", "error", "loss", "weights")


def draw_comparison(title: str, curves: Mapping[str, Curve], against: Mapping[str, str],
                    timestep: float) -> Figure:
    """Spikes of the base with those that only one backend has, differences over time, losses.

    against: by backend, the name of the one it is held against. timestep: ms.
    """
    with styled():
        figure = new_figure(8.0, 8.0)
        raster, v, error, loss = figure.subplots(4, 1, height_ratios=(1.6, 1.0, 1.0, 1.0))
        _draw_spikes(raster, curves, against, timestep)
        raster.set_title(title)
        for axes, name in ((v, "v"), (error, "error")):
            _draw_differences(axes, curves, against, name, timestep)
            axes.sharex(raster)
        bare_time_axis(raster)
        bare_time_axis(v)
        error.set_xlabel("time (ms)")
        _draw_weights(loss, curves, against)
        v.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=min(len(against), 3),
                 borderaxespad=0.1)
        return figure


def line_styles(against: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """A look for each backend; later ones are thinner, so that equal curves are all seen."""
    return {name: {"color": BACKEND_COLOURS[number % len(BACKEND_COLOURS)],
                   "linewidth": max(0.7, 1.2 * (len(against) - number))}
            for number, name in enumerate(against)}


def _draw_spikes(axes: Axes, curves: Mapping[str, Curve], against: Mapping[str, str],
                 timestep: float) -> None:
    base = next(iter(curves.values()))
    steps, cells = base.spikes[:, :_MOST_SPIKES]
    draw_raster(axes, steps * timestep, cells, base.v.shape[1], GREY)
    different = 0
    for name, other in against.items():
        one, two = (set(map(tuple, curves[key].spikes.T.tolist())) for key in (name, other))
        only = np.array(sorted(one ^ two)[:_MOST_SPIKES]).reshape(-1, 2)
        different += len(only)
        axes.plot(only[:, 0] * timestep, only[:, 1], "x", color=RED, markersize=4)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("cell")
    axes.set_xlim(0.0, len(base.v) * timestep)
    axes.text(1.0, 1.02, f"{different} spikes differ (red)" if different else "all spikes agree",
              transform=axes.transAxes, ha="right", color=RED if different else GREEN)


def _draw_differences(axes: Axes, curves: Mapping[str, Curve], against: Mapping[str, str],
                      name: str, timestep: float) -> None:
    for backend, line in line_styles(against).items():
        found, base = (getattr(curves[key], name) for key in (backend, against[backend]))
        if found.shape != base.shape:
            continue
        apart = np.nan_to_num(np.abs(found - base)).max(axis=1, initial=0.0)
        axes.semilogy((np.arange(len(apart)) + 1) * timestep, np.maximum(apart, FLOOR), **line,
                      label=f"{backend} against {against[backend]}")
    _name_floor(axes)
    axes.set_ylabel(f"largest |Δ {name}|")


def _name_floor(axes: Axes) -> None:
    """Say in the figure what lies at FLOOR."""
    axes.set_ylim(FLOOR / 3)
    axes.annotate("equal", (0.0, FLOOR), (4, 5), axes.get_yaxis_transform(), "offset points",
                  color=GREY, fontsize="small")


def _draw_weights(axes: Axes, curves: Mapping[str, Curve], against: Mapping[str, str]) -> None:
    for backend, line in line_styles(against).items():
        found, base = (curves[key].weights for key in (backend, against[backend]))
        count = min(len(found), len(base))
        apart = np.nanmax(np.abs(found[-count:] - base[-count:]), axis=1, initial=0.0)
        updates = np.arange(len(base) - count, len(base)) + 1
        axes.semilogy(updates, np.maximum(apart, FLOOR), "o-", **line,
                      markersize=2 + 2 * line["linewidth"])
    _name_floor(axes)
    axes.set_ylabel("largest |Δ weight|")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("update")

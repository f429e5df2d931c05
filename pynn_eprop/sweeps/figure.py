"""The figure of a sweep: the measure over the grid, and learning curves, over seeds."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.plotting.style import BLUE, GREY, GRID, SERIES_COLOURS, new_figure, styled
from pynn_eprop.sweeps.summary import Row

Results = Mapping[str, Any]
CURVE = "error_curve"


def draw_sweep(rows: Sequence[Row], found: Sequence[Sequence[Results]], measure: str) -> Figure:
    """Medians with a dot for each seed; beside them, if results have them, learning curves.

    found: results by row. As many curves are drawn as there are colours, of the first rows.
    """
    curves = [(row.series or "all", [np.asarray(each[CURVE], float) for each in results
                                     if isinstance(each.get(CURVE), list) and each[CURVE]])
              for row, results in zip(rows, found, strict=True)]
    curves = [(name, each) for name, each in curves if each][:len(SERIES_COLOURS)]
    with styled():
        figure = new_figure(10.0 if curves else 6.0, 4.2)
        axes = figure.subplots(1, 2 if curves else 1, squeeze=False)[0]
        _draw_measure(axes[0], rows, measure)
        if curves:
            names = {str(each.get("error_name", "error")) for results in found for each in results}
            _draw_curves(axes[1], curves, names.pop() if len(names) == 1 else "error")
    return figure


def _draw_measure(axes: Axes, rows: Sequence[Row], measure: str) -> None:
    number = _numbers(rows)
    places = np.arange(len(rows), dtype=float) if number is None else np.array(number[1])
    spread = 0.12 if number is None else 0.0
    for place, row in zip(places, rows, strict=True):
        dots = sorted(row.finite)
        axes.plot(place + spread * np.linspace(-1.0, 1.0, len(dots) + 2)[1:-1], dots, color=GREY,
                  marker="o", markersize=3.0, linestyle="")
    known = [(place, statistics.median(row.finite))
             for place, row in zip(places, rows, strict=True) if row.finite]
    axes.plot([place for place, _ in known], [value for _, value in known], color=BLUE, marker="_",
              markersize=16.0, markeredgewidth=2.0, linestyle="" if number is None else "-",
              linewidth=1.0)
    if number is None:
        axes.set_xticks(places, [row.series or "all" for row in rows],
                        rotation=0 if len(rows) < 4 else 35, ha="center" if len(rows) < 4
                        else "right")
        axes.set_xlim(-0.6, len(rows) - 0.4)
    else:
        axes.set_xlabel(number[0])
        if min(places) > 0.0 and max(places) >= 20.0 * min(places):
            axes.set_xscale("log")
    axes.set(ylabel=measure, title="Median and each seed")
    axes.grid(**GRID)
    axes.set_axisbelow(True)


def _numbers(rows: Sequence[Row]) -> tuple[str, list[float]] | None:
    """The name and the values of the only axis, if they are numbers."""
    if len(rows) < 2 or any(len(row.values) != 1 for row in rows):
        return None
    values = [row.values[0][1] for row in rows]
    if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in values):
        return None
    return rows[0].values[0][0], [float(value) for value in values]


def _draw_curves(axes: Axes, curves: Sequence[tuple[str, Sequence[np.ndarray]]], error: str
                 ) -> None:
    for colour, (name, runs) in zip(SERIES_COLOURS, curves, strict=False):
        count = min(len(run) for run in runs)
        values = np.array([run[:count] for run in runs])
        updates = np.arange(1, count + 1)
        axes.plot(updates, np.median(values, axis=0), color=colour, label=name)
        axes.fill_between(updates, values.min(axis=0), values.max(axis=0), color=colour,
                          alpha=0.12, linewidth=0)
    axes.set(xlabel="updates", ylabel=error, title="Learning: median and range over seeds")
    axes.grid(**GRID)
    if len(curves) > 1:
        axes.legend()

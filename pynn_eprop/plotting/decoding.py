"""The figure of what is decoded from eligibility traces: accuracy over time."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.plotting.style import GREY, GRID, INK, RED, SERIES_COLOURS, new_figure

GOAL = 0.9      # the level at which the paper reads its figure
_SMOOTHED = 5   # windows, so that curves can be told apart
_COLOURS = SERIES_COLOURS[:6]


def draw_decoding(title: str, label: str, origin: str, results: Mapping[str, Any]) -> Figure:
    """Accuracy over the time since ``origin``, running means over some windows.

    Left: of all synapses, a curve for each number of updates, with the range of the seeds. Right:
    of parts of the synapses, after the last update. results: the contents of decoding.json.
    """
    figure = new_figure(10.0, 5.2)
    seconds = (np.asarray(results["delay_ms"]) + results["decoding"]["window"] / 2) / 1000.0
    left, right = figure.subplots(1, 2, sharey=True)
    last = results["updates"][-1]
    for update, colour in zip(results["updates"], _shades(len(results["updates"])), strict=True):
        curves = np.array([_smooth(by_update[str(update)]["all"])
                           for by_update in results["by_seed"].values()])
        left.plot(seconds, curves.mean(axis=0), color=colour, linewidth=1.8,
                  label=f"{update} updates" if update else "before training")
        if len(curves) > 1:
            left.fill_between(seconds, curves.min(axis=0), curves.max(axis=0), color=colour,
                              alpha=0.10, linewidth=0)
    left.set_title(title)
    left.set_ylabel(f"accuracy of the {label}, mean of {_SMOOTHED} windows")
    for number, (name, curves) in enumerate(results["groups"].items()):
        colour = INK if not number else _COLOURS[(number - 1) % len(_COLOURS)]
        right.plot(seconds, _smooth(curves[str(last)]), color=colour,
                   label=f"{name} ({results['synapses'][name]})",
                   linestyle="-" if number <= len(_COLOURS) else (0, (4, 2)))
    right.set_title(f"Parts of the synapses, after {last} updates")
    for axes in (left, right):
        _levels(axes, results["chance_level"])
        axes.set_xlim(0.0, seconds[-1])
        axes.set_xlabel(f"time since {origin} (s)")
        axes.grid(**GRID)
        axes.legend(loc="upper left", bbox_to_anchor=(0.0, -0.14), ncols=2, fontsize=7.5,
                    borderaxespad=0.0)
    left.set_ylim(0.35, 1.02)
    return figure


def _shades(number: int) -> list[Any]:
    """Colours of numbers of updates, in order; the first is grey, for before the training."""
    return [GREY, *SERIES_COLOURS[2:], *SERIES_COLOURS[:2]][:number] if number <= 8 \
        else [str(shade) for shade in np.linspace(0.8, 0.0, number)]


def _smooth(values: Any) -> np.ndarray:
    """A running mean; of fewer windows at the ends."""
    numbers = np.asarray(values, dtype=float)
    weights = np.ones(min(_SMOOTHED, len(numbers)))
    return np.asarray(np.convolve(numbers, weights, "same")
                      / np.convolve(np.ones(len(numbers)), weights, "same"))


def _levels(axes: Axes, chance: float) -> None:
    """Lines at chance, and at the level that the paper names."""
    for level, colour, name in ((chance, GREY, "chance"), (GOAL, RED, f"{GOAL:.0%}")):
        axes.axhline(level, color=colour, linewidth=1.0, linestyle=(0, (4, 2)))
        axes.text(1.0, level, f"{name} ", color=colour, va="bottom", ha="right", fontsize=8,
                  zorder=5, transform=axes.get_yaxis_transform())

"""The look that all figures share."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

# after Okabe and Ito, distinguishable with every kind of colour vision; two are darker for text
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072B2", "#E69F00", "#008F66", "#D55E00", "#A8447F"
INK, GREY = "#222222", "#8A8A8A"
READOUT_COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE)
BACKEND_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, INK)
SKY = "#56B4E9"
SERIES_COLOURS = (BLUE, GREY, GREEN, ORANGE, PURPLE, RED, INK, SKY)      # of curves over many runs
GRID: dict[str, Any] = {"axis": "y", "color": "#E5E5E5", "linewidth": 0.6}
"""Lines that values can be read from, for ``axes.grid()``."""

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "lines.linewidth": 1.3,
    "savefig.dpi": 150.0,
    "savefig.facecolor": "white",
    "svg.hashsalt": "pynn_eprop",
    "svg.fonttype": "none",
}


def styled() -> Any:
    """Context in which figures get the shared look."""
    return rc_context(STYLE)  # type: ignore[arg-type]


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure in the format of the suffix. The same figure gives the same bytes."""
    metadata = {"Date": None} if path.suffix == ".svg" else {}
    with styled():
        figure.savefig(path, metadata=metadata)


class PlainNumbers(LogFormatterSciNotation):
    """Numbers as they are read, 0.02 and not 2 x 10^-2, on a logarithmic axis."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of a tick, "" if the axis has enough of them."""
        return f"{x:g}" if super().__call__(x, pos) else ""


def log_scale(axes: Axes) -> None:
    """Values on a logarithmic scale, with plain numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(PlainNumbers())
    axes.yaxis.set_minor_formatter(PlainNumbers(minor_thresholds=(1.0, 0.4)))


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) that needs no display."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def draw_raster(axes: Axes, times: np.ndarray, rows: np.ndarray, n_rows: int,
                colour: str = INK, offset: int = 0) -> None:
    """Spikes as short vertical strokes, one row per cell."""
    axes.vlines(times, rows + offset - 0.4, rows + offset + 0.4, color=colour, linewidth=0.7)
    axes.set_ylim(-0.7 if offset == 0 else axes.get_ylim()[0], offset + n_rows - 0.3)


def bare_time_axis(axes: Axes) -> None:
    """Hide the time axis of a panel that stands above another one."""
    axes.tick_params(labelbottom=False, bottom=False)
    axes.spines["bottom"].set_visible(False)


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of the latest ``width`` values (fewer at the start), same length."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - width)
    return (sums[ends] - sums[starts]) / (ends - starts)

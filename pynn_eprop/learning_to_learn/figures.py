"""The curve of an outer loop, as the paper's figure 3e."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from pynn_eprop.families import Family
from pynn_eprop.plotting.style import BLUE, GREY, GRID, INK, log_scale, new_figure


def draw_learning(family: Family, results: Mapping[str, Any]) -> Figure:
    """Error on fresh tasks over the iterations: before and after the update, and without any."""
    figure = new_figure(6.0, 3.6)
    axes = figure.subplots()
    curve, without = results["curve"], results["curve_no_update"]
    axes.plot(curve["iteration"], curve["error_before"], color=GREY,
              label="the same network before its update")
    axes.plot(without["iteration"], without["error"], color=INK, linestyle=":",
              label="learned without updates")
    axes.plot(curve["iteration"], curve["error"], color=BLUE,
              label=f"after one update, {results['error_module']} error module")
    log_scale(axes)
    axes.grid(**{**GRID, "which": "both"})
    axes.set(xlabel="iteration of the outer loop", ylabel=f"{family.error_name}, fresh tasks",
             title=f"{family.title}, seed {results['seed']}")
    axes.set_xlim(left=0)
    axes.legend()
    return figure

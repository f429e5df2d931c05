"""The table of a sweep: a row for each point of the grid, over its seeds."""

import csv
import io
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.literals import value_text
from pynn_eprop.sweeps.grid import Point

MEASURES = ("accuracy_test", "perplexity_test", "longest", "mse_after", "error_last50")
"""Entries of results.json that a sweep compares by; the first that the results have."""
_NOT_MEASURES = ("seed", "threads", "updates")

Results = Mapping[str, Any]
Measures = tuple[str, ...] | None


@dataclass(frozen=True)
class Row:
    """A series: its values, and the measure of each seed that is finished, in order."""

    series: str
    values: tuple[tuple[str, Any], ...]
    seeds: tuple[int, ...]
    measures: tuple[float, ...]
    n_runs: int

    @property
    def finite(self) -> list[float]:
        """The measures that are numbers."""
        return [each for each in self.measures if math.isfinite(each)]


def measures_of(results: Results) -> list[str]:
    """The names of all numbers in results that may be compared."""
    return [name for name, value in results.items() if name not in _NOT_MEASURES
            and isinstance(value, (int, float)) and not isinstance(value, bool)]


def choose_measure(found: Sequence[Results], wanted: str | None, said: Sequence[Measures] = ()
                   ) -> str:
    """The measure to compare by.

    found: of runs that are finished. said: names that other results will have, as far as tasks say.

    Raises :class:`TaskError` for a measure that no result has or will have. Null, as of a run that
    diverged, may be any.
    """
    known = list(dict.fromkeys(name for results in found for name in measures_of(results)))
    if wanted is None:
        return next((name for name in MEASURES if name in known),
                    known[0] if known else MEASURES[-1])
    names = list(dict.fromkeys([*(name for each in said for name in each or ()), *known]))
    unknown_yet = not found and None in said
    if wanted in names or unknown_yet or any(results.get(wanted, 0) is None for results in found):
        return wanted
    raise TaskError(f"measure {wanted!r} is not a number in results.json; choose one of {names}")


def rows_of(points: Sequence[Point], found: Sequence[Results | None], measure: str) -> list[Row]:
    """A row for each set of values, in the order of the points."""
    groups: dict[str, list[tuple[Point, Results | None]]] = {}
    for point, results in zip(points, found, strict=True):
        groups.setdefault(point.series, []).append((point, results))
    rows = []
    for series, members in groups.items():
        done = [(point.seed, _number(results.get(measure)))
                for point, results in members if results is not None]
        rows.append(Row(series, members[0][0].values, tuple(seed for seed, _ in done),
                        tuple(value for _, value in done), len(members)))
    return rows


def _number(value: Any) -> float:
    """A number; what is missing, as of a run that diverged, is not one."""
    return float(value) if isinstance(value, (int, float)) else math.nan


def table_text(rows: Sequence[Row], measure: str) -> str:
    """The table for a terminal and for sweep.txt."""
    titles = ["series", "runs", f"{measure}: median", "least", "largest", "not a number"]
    lines = [[row.series or "all", f"{len(row.measures)} of {row.n_runs}",
              *(_text(function, row.finite) for function in (statistics.median, min, max)),
              str(len(row.measures) - len(row.finite) or "")] for row in rows]
    if not any(line[-1] for line in lines):
        titles, lines = titles[:-1], [line[:-1] for line in lines]
    widths = [max(len(line[column]) for line in (titles, *lines))
              for column in range(len(titles))]
    return "\n".join("  ".join([line[0].ljust(widths[0]), *(
        part.rjust(width) for part, width in zip(line[1:], widths[1:], strict=True))]).rstrip()
        for line in (titles, *lines))


def _text(function: Any, values: Sequence[float]) -> str:
    return f"{function(values):.5g}" if values else "-"


def runs_table(points: Sequence[Point], found: Sequence[Results | None]) -> str:
    """Each run as CSV: its values, its seed, and every number of its results."""
    text = io.StringIO()
    axes = [name for name, _ in points[0].values]
    numbers = list(dict.fromkeys(name for results in found if results is not None
                                 for name in measures_of(results)))
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*axes, "seed", "finished", *numbers, "folder"])
    for point, results in zip(points, found, strict=True):
        writer.writerow([*(value_text(value) for _, value in point.values), point.seed,
                         results is not None,
                         *("" if results is None else results.get(name) for name in numbers),
                         point.folder])
    return text.getvalue()

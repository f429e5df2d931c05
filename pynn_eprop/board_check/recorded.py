"""Recordings and weights of a network, and where two of them differ first."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

AT_THE_END = float("inf")
"""Time of values that are read when the network has run."""


@dataclass(frozen=True)
class Difference:
    """One value that is not as expected.

    name: of the quantity. time: in ms, AT_THE_END of weights and the like. where: in words.
    """

    name: str
    time: float
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True)
class Spikes:
    """Spike times of cells, in ms; a row for each cell, ascending."""

    trains: tuple[tuple[float, ...], ...]

    @property
    def size(self) -> int:
        """Number of spikes."""
        return sum(map(len, self.trains))

    def first_difference(self, name: str, found: Self) -> Difference | None:
        """The earliest spike that only one of the two has."""
        if len(found.trains) != len(self.trains):
            return _sizes(name, f"{len(self.trains)} cells", f"{len(found.trains)} cells")
        either = [(time, cell, time in set(ours)) for cell, (ours, theirs)
                  in enumerate(zip(self.trains, found.trains, strict=True))
                  for time in set(ours) ^ set(theirs)]
        if not either:
            return None
        time, cell, expected = min(either)
        words = ("a spike", "none") if expected else ("none", "a spike")
        return Difference(name, time, f"{name} of cell {cell} at {time:g} ms", *words)


@dataclass(frozen=True)
class Samples:
    """A variable over time: times in ms, (samples,), and values, (samples, cells)."""

    times: np.ndarray
    values: np.ndarray

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.values.size)

    def first_difference(self, name: str, found: Self) -> Difference | None:
        """The earliest value that differs; NaN equals NaN."""
        if found.values.shape != self.values.shape or not np.array_equal(found.times, self.times):
            return _sizes(name, _shape(self), _shape(found))
        differ = np.argwhere(_differ(self.values, found.values))
        if not len(differ):
            return None
        row, cell = (int(each) for each in differ[0])
        time = float(self.times[row])
        return Difference(name, time, f"{name} of cell {cell} at {time:g} ms",
                          repr(float(self.values[row, cell])), repr(float(found.values[row, cell])))


@dataclass(frozen=True)
class Learned:
    """Values when the network has run: names of cells or synapses, and a value for each."""

    names: tuple[str, ...]
    values: np.ndarray

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self.values.size)

    def first_difference(self, name: str, found: Self) -> Difference | None:
        """The first value that differs; NaN equals NaN."""
        if found.names != self.names:
            return _sizes(name, f"{len(self.names)} values", f"{len(found.names)}, or of others")
        differ = np.flatnonzero(_differ(self.values, found.values))
        if not len(differ):
            return None
        place = int(differ[0])
        return Difference(name, AT_THE_END, f"{name} {self.names[place]} at the end",
                          repr(float(self.values[place])), repr(float(found.values[place])))


Quantity = Spikes | Samples | Learned
Recorded = Mapping[str, Quantity]
"""Everything that a network recorded and learned, by name."""


def _differ(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return ~((one == other) | (np.isnan(one) & np.isnan(other)))


def _sizes(name: str, expected: str, found: str) -> Difference:
    return Difference(name, -1.0, name, expected, found)


def _shape(samples: Samples) -> str:
    rows, cells = samples.values.shape
    until = f" up to {float(samples.times[-1]):g} ms" if rows else ""
    return f"{rows} samples of {cells} cells{until}"


def differences(expected: Recorded, found: Recorded) -> list[Difference]:
    """The first difference of each quantity that differs, the earliest in time first."""
    every = []
    for name in sorted({*expected, *found}):
        ours, theirs = expected.get(name), found.get(name)
        if ours is None or theirs is None or type(ours) is not type(theirs):
            every.append(_sizes(name, _kind(ours), _kind(theirs)))
        else:
            # of one type, as was just asked
            difference = ours.first_difference(name, theirs)  # type: ignore[arg-type]
            every += [difference] if difference is not None else []
    return sorted(every, key=lambda each: each.time)


def _kind(quantity: Quantity | None) -> str:
    return "nothing" if quantity is None else type(quantity).__name__.lower()


def read(*parts: Any, prefix: str = "") -> dict[str, Quantity]:
    """Read what populations recorded since the last reset, and what projections learned.

    Biases of readouts are read, too. prefix: of all names, for scripts that read several times.
    """
    found: dict[str, Quantity] = {}
    for part in parts:
        name = f"{prefix}{part.label}"
        if hasattr(part, "synapse_type"):
            found.update(_learned(name, part))
        else:
            found.update(_recorded(name, part))
    return found


def _recorded(name: str, population: Any) -> dict[str, Quantity]:
    segment = population.get_data().segments[-1]
    found: dict[str, Quantity] = {}
    if segment.spiketrains:
        found[f"{name} spikes"] = Spikes(tuple(
            tuple(np.asarray(train.rescale("ms").magnitude).tolist())
            for train in segment.spiketrains))
    for signal in segment.analogsignals:
        found[f"{name} {signal.name}"] = Samples(
            np.round(np.asarray(signal.times.rescale("ms").magnitude, dtype=float), 9),
            np.asarray(signal.magnitude, dtype=float))
    if "bias" in population.celltype.get_parameter_names():
        bias = np.broadcast_to(np.asarray(population.get("bias"), dtype=float), population.size)
        found[f"{name} bias"] = Learned(tuple(map(str, range(population.size))), bias)
    return found


def _learned(name: str, projection: Any) -> dict[str, Quantity]:
    learns = projection.synapse_type.optimizer is not None
    attributes = ["weight", "gradient"] if learns else ["weight"]
    rows = projection.get(attributes, format="list")
    names = tuple(f"{int(row[0])} -> {int(row[1])}" for row in rows)
    return {f"{name} {attribute}": Learned(names, np.array([row[2 + place] for row in rows]))
            for place, attribute in enumerate(attributes)}


def without_pauses(recorded: Recorded, interval: float, pause: float) -> dict[str, Quantity]:
    """What was recorded in machine time, with the times that a script without pauses has.

    Samples that were taken in pauses are left out. A spike in a pause, which no cell that learns
    may have, gets a time that no step has.
    """
    def at(time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Times of the script, and whether they are in an interval; its end belongs to it."""
        number = np.maximum(np.ceil(time / (interval + pause)) - 1, 0)
        within = time - number * (interval + pause)
        return number * interval + np.minimum(within, interval + 0.5), within <= interval

    found: dict[str, Quantity] = {}
    for name, quantity in recorded.items():
        if isinstance(quantity, Spikes):
            quantity = Spikes(tuple(tuple(at(np.array(train))[0].tolist())
                                    for train in quantity.trains))
        elif isinstance(quantity, Samples):
            times, inside = at(quantity.times)
            quantity = replace(quantity, times=times[inside], values=quantity.values[inside])
        found[name] = quantity
    return found

"""Recorded data in script time, as arrays: a run appends to them, Neo objects are made from them.

A recorder has one log per variable. Steps are global steps; data of several runs follow on.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.models.network import Recording


@dataclass
class SampledLog:
    """Samples of a continuous variable: blocks of shape (samples, cells).

    cells: sorted indices into the population. The first sample belongs to step ``first``, the
    others follow every ``every`` steps. forgotten: whether samples before it were dropped.
    """

    variable: str
    cells: np.ndarray
    every: int
    first: int
    blocks: list[np.ndarray] = field(default_factory=list)
    forgotten: bool = False

    def begins(self, step: int) -> bool:
        """Whether the recording begins with the sample of ``step``, the present one.

        After samples were dropped it goes on with the next that comes, of this step or, from a
        machine that is late, of an earlier one.
        """
        return self.first == step and not self.forgotten and not len(self.values())

    def request(self, population: int) -> Recording:
        """The request for a machine."""
        return Recording(population, self.variable, self.cells, self.every)

    def append(self, block: np.ndarray) -> None:
        """Add the samples of a stretch of a run, (samples, cells)."""
        if len(block):
            self.blocks.append(block)

    def append_given(self, rows: np.ndarray, first: int) -> None:
        """Add values of sources, (steps, cells of the population), from step ``first`` on.

        That of the first may have been taken before, and have been set since.
        """
        values, steps = self.values(), first + np.arange(len(rows))
        if len(values) and self.first + (len(values) - 1) * self.every == first:
            values[-1] = rows[0][self.cells]
        taken = (steps > first) & (steps % self.every == 0)
        self.append(np.asarray(rows)[taken][:, self.cells])

    def values(self) -> np.ndarray:
        """All samples, (samples, cells)."""
        if len(self.blocks) != 1:
            joined = np.concatenate([np.zeros((0, len(self.cells))), *self.blocks])
            self.blocks = [joined]
        return self.blocks[0]

    def add_cells(self, cells: np.ndarray) -> None:
        """Record further cells from now on; their earlier samples are NaN."""
        old = self.values()
        merged = np.union1d(self.cells, cells)
        new = np.full((len(old), len(merged)), np.nan)
        new[:, np.searchsorted(merged, self.cells)] = old
        self.cells, self.blocks = merged, [new]

    def forget(self, step: int) -> None:
        """Drop all samples but that of ``step``, if there is one."""
        last = self.first + (len(self.values()) - 1) * self.every
        self.forgotten |= bool(len(self.values()))
        if len(self.values()) and last == step:
            self.blocks, self.first = [self.values()[-1:].copy()], step
        else:
            self.blocks, self.first = [], last + self.every

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for a checkpoint."""
        return {"cells": self.cells, "every": np.array(self.every),
                "first": np.array(self.first), "values": self.values()}

    @classmethod
    def restored(cls, variable: str, arrays: dict[str, np.ndarray]) -> "SampledLog":
        """From :meth:`arrays`."""
        return cls(variable, arrays["cells"], int(arrays["every"]), int(arrays["first"]),
                   [arrays["values"]])


@dataclass
class SpikeLog:
    """Spikes as (global steps, cells), each sorted by step. cells: the recorded indices.

    forgotten: which cells' spikes of step ``forgotten_at`` were dropped when that was the present
    one; those of sources are given once more by the run that begins with it.
    """

    cells: np.ndarray
    steps: list[np.ndarray] = field(default_factory=list)
    sources: list[np.ndarray] = field(default_factory=list)
    variable: str = "spikes"
    forgotten: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    forgotten_at: int = -1

    def request(self, population: int) -> Recording:
        """The request for a machine."""
        return Recording(population, self.variable, self.cells)

    def append(self, block: tuple[np.ndarray, np.ndarray]) -> None:
        """Add the spikes of a stretch of a run."""
        if len(block[0]):
            self.steps.append(np.asarray(block[0]))
            self.sources.append(np.asarray(block[1]))

    def append_given(self, block: tuple[np.ndarray, np.ndarray], first: int) -> None:
        """Add spikes of sources from step ``first`` on, which may have been given before."""
        steps, _ = self.spikes()
        if len(steps) and steps[-1] >= first:
            keep = np.searchsorted(steps, first)
            self.steps, self.sources = [steps[:keep]], [self.sources[0][:keep]]
        wanted = np.isin(block[1], self.cells)
        for cell in self.forgotten if first == self.forgotten_at else ():
            again = np.flatnonzero(wanted & (block[0] == first) & (block[1] == cell))
            wanted[again[:1]] = False
        self.append((block[0][wanted], block[1][wanted]))

    def spikes(self) -> tuple[np.ndarray, np.ndarray]:
        """All spikes: (steps, cells)."""
        if len(self.steps) != 1:
            self.steps = [np.concatenate([np.zeros(0, np.int64), *self.steps])]
            self.sources = [np.concatenate([np.zeros(0, np.int64), *self.sources])]
        return self.steps[0], self.sources[0]

    def by_cell(self) -> list[np.ndarray]:
        """The steps at which each recorded cell spiked, in the order of ``cells``."""
        steps, sources = self.spikes()
        order = np.argsort(sources, kind="stable")
        bounds = np.searchsorted(sources[order], self.cells)
        ends = np.searchsorted(sources[order], self.cells, side="right")
        ordered = steps[order]
        return [ordered[low:high] for low, high in zip(bounds, ends, strict=True)]

    def counts(self) -> np.ndarray:
        """Number of spikes of each recorded cell."""
        total = np.bincount(self.spikes()[1], minlength=int(self.cells.max(initial=-1)) + 1)
        return total[self.cells]

    def add_cells(self, cells: np.ndarray) -> None:
        """Record further cells from now on."""
        self.cells = np.union1d(self.cells, cells)

    def forget(self, step: int) -> None:
        """Drop all spikes. ``step``: the present one."""
        if step != self.forgotten_at:
            steps, sources = self.spikes()
            self.forgotten, self.forgotten_at = sources[steps == step], step
        self.steps, self.sources = [], []

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for a checkpoint."""
        steps, sources = self.spikes()
        return {"cells": self.cells, "steps": steps, "sources": sources,
                "forgotten": self.forgotten, "forgotten_at": np.array(self.forgotten_at)}

    @classmethod
    def restored(cls, variable: str, arrays: dict[str, np.ndarray]) -> "SpikeLog":
        """From :meth:`arrays`."""
        return cls(arrays["cells"], [arrays["steps"]], [arrays["sources"]], variable,
                   arrays["forgotten"], int(arrays["forgotten_at"]))


@dataclass
class LossLog:
    """The loss of each finished interval; the first of them ended at step ``first``.

    interval_steps: from one end of an interval to the next.
    """

    interval_steps: int
    first: int
    blocks: list[np.ndarray] = field(default_factory=list)
    variable: str = "loss"
    cells: np.ndarray = field(default_factory=lambda: np.zeros(1, dtype=np.int64))

    @property
    def every(self) -> int:
        """Steps between two values."""
        return self.interval_steps

    def request(self, population: int) -> Recording:
        """The request for a machine."""
        return Recording(population, self.variable, self.cells)

    def append(self, block: np.ndarray) -> None:
        """Add the losses of a stretch of a run, (intervals,)."""
        if len(block):
            self.blocks.append(np.asarray(block, dtype=float))

    def values(self) -> np.ndarray:
        """All losses, (intervals, 1)."""
        return np.concatenate([np.zeros(0), *self.blocks])[:, np.newaxis]

    def add_cells(self, cells: np.ndarray) -> None:
        """Nothing to do: the loss is that of the whole population."""

    def forget(self, step: int) -> None:
        """Drop all losses."""
        self.first += sum(map(len, self.blocks)) * self.interval_steps
        self.blocks = []

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for a checkpoint."""
        return {"interval_steps": np.array(self.interval_steps), "first": np.array(self.first),
                "values": self.values()[:, 0]}

    @classmethod
    def restored(cls, variable: str, arrays: dict[str, np.ndarray]) -> "LossLog":
        """From :meth:`arrays`."""
        return cls(int(arrays["interval_steps"]), int(arrays["first"]), [arrays["values"]])


Log = SampledLog | SpikeLog | LossLog


@dataclass
class FinishedSegment:
    """The data of a run that reset() ended. start, stop: steps."""

    name: str
    logs: dict[str, Log]
    start: int
    stop: int
    annotations: dict[str, Any] = field(default_factory=dict)


def restored_log(variable: str, arrays: dict[str, np.ndarray]) -> Log:
    """The log of a variable from a checkpoint."""
    kinds: dict[str, Any] = {"spikes": SpikeLog, "loss": LossLog}
    log: Log = kinds.get(variable, SampledLog).restored(variable, arrays)
    return log

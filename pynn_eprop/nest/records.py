"""Records of NEST's devices, one device for each variable that is recorded.

Events of a device are moved into a log, in script time, and the device is cleared. Events of
steps after the present one wait: NEST may be a few steps ahead of the script.
"""

from typing import Any

import nest
import numpy as np
from numpy.typing import ArrayLike

from pynn_eprop.common.records.logs import Log, LossLog, SampledLog, SpikeLog
from pynn_eprop.models.losses import Loss
from pynn_eprop.nest.kernel_time import LAG, STOCK_LAG, KernelTime
from pynn_eprop.nest.standardmodels.cells import LEARNING_CELLS
from pynn_eprop.nest.translation import RECORDABLES


class _DeviceRecords:
    """A device, and those of its events that have to wait: (steps, cells, values)."""

    def __init__(self, log: Log, population: Any, kernel: KernelTime) -> None:
        self.log = log
        self._population = population
        self._kernel = kernel
        self.lag = self._lag()
        self._first_id = int(population.all_cells[0])
        self._connected = np.zeros(0, dtype=int)
        self._waiting = (np.zeros(0, int), np.zeros(0, int), np.zeros(0))
        self.device = self._make()
        self.connect()

    def _lag(self) -> int:
        """Kernel steps after which NEST stamps a value of a script step."""
        return LAG[self.log.variable]

    def _make(self) -> Any:
        raise NotImplementedError

    def _wanted_cells(self) -> np.ndarray:
        return np.asarray(self.log.cells)

    def _link(self, nodes: Any) -> None:
        raise NotImplementedError

    def connect(self) -> None:
        """Connect the cells that the log needs and the device does not have yet."""
        new = np.setdiff1d(self._wanted_cells(), self._connected)
        if len(new):
            self._link(self._population.node_collection[new])
            self._connected = np.union1d(self._connected, new)

    def _events(self, last: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Events up to script step ``last``, sorted by step and cell."""
        events = self.device.events
        steps = np.rint(np.asarray(events["times"]) / self._kernel.timestep).astype(int) - self.lag
        cells = np.asarray(events["senders"], dtype=int) - self._first_id
        values = self._values(events, len(steps))
        self.device.n_events = 0
        steps, cells, values = (np.concatenate(pair) for pair in zip(
            self._waiting, (steps, cells, values), strict=True))
        due = steps <= last
        self._waiting = steps[~due], cells[~due], values[~due]
        steps, cells, values = steps[due], cells[due], values[due]
        order = np.lexsort((cells, steps))
        return steps[order], cells[order], values[order]

    def _values(self, events: dict[str, Any], count: int) -> np.ndarray:
        return np.zeros(count)


class SpikeRecords(_DeviceRecords):
    """Spikes of cells that learn."""

    log: SpikeLog

    def _make(self) -> Any:
        return nest.Create("spike_recorder")

    def _link(self, nodes: Any) -> None:
        nest.Connect(nodes, self.device, "all_to_all", {"delay": self._kernel.timestep})

    def collect(self, last: int) -> None:
        """Move all spikes up to script step ``last`` into the log."""
        steps, cells, _ = self._events(last)
        self.log.append((steps, cells))


class _MeterRecords(_DeviceRecords):
    """Samples of a variable."""

    every = 1

    def _recordable(self) -> str:
        """NEST's name of the variable."""
        return RECORDABLES[self.log.variable]

    def _make(self) -> Any:
        return nest.Create("multimeter", params={
            "record_from": [self._recordable()],
            "interval": self._kernel.ms(self.every),
            "offset": self._kernel.ms(self._first_stamp())})

    def _first_stamp(self) -> int:
        """The kernel step of the first sample."""
        return self.lag

    def _link(self, nodes: Any) -> None:
        nest.Connect(self.device, nodes, "all_to_all", {"delay": self._kernel.timestep})

    def _values(self, events: dict[str, Any], count: int) -> np.ndarray:
        return np.asarray(events[self._recordable()], dtype=float)

    def _block(self, first: int, last: int, cells: np.ndarray) -> np.ndarray:
        """Samples from ``first`` to ``last``, (samples, cells); NaN for those that NEST lacks."""
        block = np.full(((last - first) // self.every + 1, len(cells)), np.nan)
        steps, found, values = self._events(last)
        wanted = (steps >= first) & np.isin(found, cells)
        block[(steps[wanted] - first) // self.every,
              np.searchsorted(cells, found[wanted])] = values[wanted]
        return block


class SampleRecords(_MeterRecords):
    """Samples of a state variable."""

    log: SampledLog

    def __init__(self, log: SampledLog, population: Any, kernel: KernelTime) -> None:
        self.every = log.every
        super().__init__(log, population, kernel)

    def collect(self, last: int) -> None:
        """Move all samples up to script step ``last`` into the log."""
        log = self.log
        next_step = log.first + len(log.values()) * log.every
        if next_step > last:
            return
        block = self._block(next_step, last, log.cells)
        if log.variable == "target":
            steps = np.arange(next_step, last + 1, log.every)
            block[np.isnan(self._population.target_at(steps)[:, log.cells])] = np.nan
        elif next_step == 0:
            block[0] = self._initial()
        log.append(block)

    def _initial(self) -> ArrayLike:
        """Values at script step 0, which are 0 for cells that learn."""
        return 0.0


class StockRecords(SampleRecords):
    """Samples of a state variable of cells that do not learn."""

    def _lag(self) -> int:
        return STOCK_LAG

    def _first_stamp(self) -> int:
        # of the first sample after script time 0: a cell that stood still until then gives none at
        # 0, and NEST would go on looking for that and miss the next
        return self.lag + self.every

    def _recordable(self) -> str:
        return str(self._population.recorder.recordable(self.log.variable)[0])

    def _values(self, events: dict[str, Any], count: int) -> np.ndarray:
        scale = self._population.recorder.recordable(self.log.variable)[1]
        return super()._values(events, count) * scale

    def _initial(self) -> ArrayLike:
        return np.asarray(self._population.recorder.initial(self.log.variable, self.log.cells))


class LossRecords(_MeterRecords):
    """The loss of each interval, from NEST's y."""

    log: LossLog

    def __init__(self, log: LossLog, population: Any, kernel: KernelTime) -> None:
        self._next = log.first - log.interval_steps + 1
        super().__init__(log, population, kernel)

    def _wanted_cells(self) -> np.ndarray:
        return np.arange(self._population.size)

    def collect(self, last: int) -> None:
        """Move the losses of all intervals that ended by script step ``last`` into the log."""
        length = self.log.interval_steps
        intervals = max(0, (last - self._next + 1) // length)
        if not intervals:
            return
        end = self._next + intervals * length - 1
        y = self._block(self._next, end, np.arange(self._population.size))
        target = self._population.target_at(np.arange(self._next, end + 1))
        loss = step_losses(self._population.celltype.loss, y, target)
        self.log.append(loss.reshape(intervals, length).sum(axis=1))
        self._next = end + 1


def step_losses(loss: Loss | None, y: np.ndarray, target: np.ndarray) -> np.ndarray:
    """E of each step, (steps,), for y and targets (steps, readouts); 0 without a target."""
    if loss is None:
        return np.zeros(len(y))
    return loss.value(y, np.where(np.isnan(y), np.nan, target))     # without a y no target either


Records = SpikeRecords | SampleRecords | LossRecords


def make_records(log: Log, population: Any, kernel: KernelTime) -> Records:
    """The device for a log of a population."""
    if isinstance(log, SpikeLog):
        return SpikeRecords(log, population, kernel)
    if isinstance(log, LossLog):
        return LossRecords(log, population, kernel)
    if not isinstance(population.celltype, LEARNING_CELLS):
        return StockRecords(log, population, kernel)
    return SampleRecords(log, population, kernel)

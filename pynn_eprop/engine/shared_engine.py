"""The compiled engine in several processes, which share the trials of updates."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.engine.host_engine import HostEngine
from pynn_eprop.engine.shared_update import Chain, sum_gradients
from pynn_eprop.engine.succession import POSITION
from pynn_eprop.engine.variables import check
from pynn_eprop.models.checks import check_inputs, check_recordings
from pynn_eprop.models.network import Boundary, Inputs, Network, Recorded, Recording


class Sharing(Chain, Protocol):
    """The processes that share updates."""

    def meet(self, what: str, about: int = 0) -> Any:
        """Wait for all; raise unless all do the same with the same."""
        ...

    def join(self, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Each array with the parts of all processes, by rank, along the first axis."""
        ...

    def spread(self, value: Any, root: int) -> Any:
        """The value of one process."""
        ...

    def or_end(self) -> AbstractContextManager[None]:
        """A context in which an error ends all processes."""
        ...


class SharedEngine(HostEngine):
    """An engine in each of several processes, all with the same network and the same calls.

    Trials are shared if a run has all those of an update, or if they teach nothing; others are run
    by each process for itself. After a run all processes hold the same state and the same records:
    those of one process alone, bit for bit.

    Parameters: as of :class:`HostEngine`, in floating point; processes: two or more.
    """

    def __init__(self, network: Network, precision: str, processes: Sharing) -> None:
        super().__init__(network, precision)
        self._processes = processes
        self._mark = _checksum_of(self.state(), 0)
        for part in (*network.populations, *network.learning_signals):
            self._mark = _checksum_of(vars(part), self._mark)

    # --- agreement ---

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace the weights; see the Machine interface."""
        super().set_weights(projection, weight)
        self._mark = _checksum_of({f"weight {projection}": np.asarray(weight)}, self._mark)

    def set_population(self, index: int, network: Network) -> None:
        """Take new parameters for one population; see the Machine interface."""
        super().set_population(index, network)
        self._mark = _checksum_of(vars(network.populations[index]), self._mark)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a state; see the Machine interface."""
        super().restore(state)
        self._mark = _checksum_of(state, self._mark)

    def _checksum(self, inputs: Inputs, *settings: object) -> int:
        """Of what a run does it with: inputs, and what the network was given since it was built."""
        arrays = {f"{kind} {index} {number}": array
                  for kind in ("spikes", "values", "currents")
                  for index, given in getattr(inputs, kind).items()
                  for number, array in enumerate(given if isinstance(given, tuple) else (given,))}
        return _checksum_of({**arrays, "lengths": inputs.lengths, "settings": repr(settings)},
                            self._mark)

    # --- running ---

    def run(self, steps: int, inputs: Inputs, recordings: Sequence[Recording] = (),
            learning: bool = True, update: bool = True) -> Recorded:
        """Advance by ``steps``; see the Machine interface."""
        start = self.step
        check_inputs(inputs, self.network, start, steps)
        check_recordings(recordings, self.network)
        self._processes.meet(f"run of {steps} steps from step {start} on",
                             self._checksum(inputs, learning, update, recordings))
        before = self.state() if self._own_steps else {}
        entries = []
        for first, last, trials in self._stretches(start, start + steps, learning):
            part = _cut(inputs, start, first, last, self._interval)
            if trials:
                with self._processes.or_end():
                    entries.append(self._share(first, last, part, recordings, learning))
                if learning and update:
                    try:
                        super().apply_gradients()
                    except Exception:
                        self.restore(before)
                        raise
            else:
                entries.append(super().run(last - first, part, recordings, learning,
                                           update).entries)
        return Recorded(tuple(_joined(rows) for rows in zip(*entries, strict=True)) if entries
                        else super().run(0, inputs, recordings, learning, update).entries)

    @property
    def update_began(self) -> int:
        """The step at which the first trial of the update in progress began, or the next begins."""
        position = self._position()
        return int(position["step"] - position["s"] - position["pending"] * self._interval)

    @property
    def _interval(self) -> int:
        return self.network.settings.interval_steps or 1

    def _stretches(self, start: int, end: int, learning: bool) -> Iterator[tuple[int, int, int]]:
        """First and last step of each part of a run, and its trials if they are shared, else 0."""
        T, B = self._interval, self.network.settings.trials_per_update
        if not self._can_share:
            yield start, end, 0
            return
        first = min(-(-start // T) * T, end)        # the rest of an interval
        if first > start:
            yield start, first, 0
        pending = int(self._position()["pending"])
        if learning and pending:                    # the rest of an update
            last = min(first + (B - pending) * T, end)
            if last > first:
                yield first, last, 0
            first = last
        whole = (end - first) // T
        if learning:
            for _ in range(whole // B):
                yield first, first + B * T, B
                first += B * T
        elif not pending and whole >= self._processes.size:
            yield first, first + whole * T, whole
            first += whole * T
        if end > first:
            yield first, end, 0

    @property
    def _can_share(self) -> bool:
        settings = self.network.settings
        return settings.interval_steps is not None and settings.boundary is Boundary.RESET \
            and settings.trials_per_update >= self._processes.size \
            and all(population.resets for population in self.network.populations)

    def _share(self, first: int, last: int, inputs: Inputs, recordings: Sequence[Recording],
               learning: bool) -> tuple[Any, ...]:
        """Run the trials of this process; then sum gradients, and take over what others have."""
        T, processes = self._interval, self._processes
        trials = (last - first) // T
        begin, end = (first + trials * rank // processes.size * T
                      for rank in (processes.rank, processes.rank + 1))
        position = self._position()
        self._move(position, step=begin)
        recorded = super().run(end - begin, _cut(inputs, first, begin, end, T), recordings,
                               learning)
        if learning:
            steps = T * trials if inputs.lengths is None else int(np.sum(inputs.lengths))
            whole = steps == T * trials
            sum_gradients(self._engine, self.network, self._plastic_blocks(), processes,
                          T if whole else steps, trials if whole else 1)
        held = int(self._position()["last"])
        end_state = processes.spread(self._of_slot(held), processes.size - 1)
        self._take_slot(end_state, trials - 1 if learning else held, last)
        joined = iter(processes.join([array for entry in recorded.entries for array in
                                      (entry if isinstance(entry, tuple) else (entry,))]))
        return tuple((next(joined), next(joined)) if isinstance(entry, tuple) else next(joined)
                     for entry in recorded.entries)

    def _plastic_blocks(self) -> list[tuple[int, int, int]]:
        """(number, presynaptic population, synapses) of each block that learns."""
        return [(self._first_block[index] + number, projection.pre, block.size)
                for index, projection in enumerate(self.network.projections)
                if projection.optimizer is not None
                for number, block in enumerate(self._blocks[index])]

    # --- the engine's place in time ---

    def _position(self) -> np.ndarray:
        """A copy of the entry "position" of the state."""
        position = np.zeros(POSITION.itemsize, dtype=np.uint8)
        next(self._state_entries())
        check(lib.eprop_state_read(self._engine, 0, ffi.from_buffer(position)))
        return position.view(POSITION)[0]

    def _move(self, position: np.ndarray, **changed: int) -> None:
        for name, value in changed.items():
            position[name] = value
        self._write("position", np.frombuffer(position.tobytes(), np.uint8))

    def _write(self, name: str, data: np.ndarray) -> None:
        check(lib.eprop_state_write(self._engine, name.encode(), data.size, ffi.from_buffer(data)))

    def _of_slot(self, slot: int) -> dict[str, np.ndarray]:
        """The state at the end of the trial in a slot, by names without the slot."""
        prefix, found = f"slot.{slot}.", {}
        for number, (name, size) in enumerate(self._state_entries()):
            if name.startswith(prefix):
                data = found[name.removeprefix(prefix)] = np.zeros(size, dtype=np.uint8)
                check(lib.eprop_state_read(self._engine, number, ffi.from_buffer(data)))
        return found

    def _take_slot(self, entries: Mapping[str, np.ndarray], slot: int, step: int) -> None:
        """Be at a step, with a trial that ended there in a slot."""
        self._move(self._position(), step=step, last=slot, started=1)
        for name, data in entries.items():
            self._write(f"slot.{slot}.{name}", data)


def _checksum_of(values: Mapping[str, Any], mark: int) -> int:
    """The checksum of arrays, numbers and texts; it goes on from ``mark``."""
    for name, value in values.items():
        mark = zlib.crc32(name.encode(), mark)
        value = getattr(value, "weight", value)     # of feedback
        if isinstance(value, np.ndarray) and value.dtype != object:
            mark = zlib.crc32(np.ascontiguousarray(value).data, mark)
        elif isinstance(value, str | int | float):
            mark = zlib.crc32(repr(value).encode(), mark)
    return mark


def _cut(inputs: Inputs, start: int, first: int, last: int, interval: int) -> Inputs:
    """The inputs of steps ``first`` to ``last`` of a stretch that begins at step ``start``."""
    def spikes(steps: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.searchsorted(steps, [first, last + 1])
        return steps[low:high], cells[low:high]

    def begun(step: int) -> int:
        return -(-step // interval) - -(-start // interval)

    return replace(
        inputs,
        spikes={index: spikes(*given) for index, given in inputs.spikes.items()},
        values={index: given[first - start:last - start + 1]
                for index, given in inputs.values.items()},
        currents={index: given[first - start:last - start]
                  for index, given in inputs.currents.items()},
        lengths=None if inputs.lengths is None else inputs.lengths[begun(first):begun(last)])


def _joined(parts: Sequence[Any]) -> Any:
    """What was recorded in stretches one after the other."""
    if isinstance(parts[0], tuple):
        return tuple(np.concatenate(each) for each in zip(*parts, strict=True))
    return np.concatenate(parts)

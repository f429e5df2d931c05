"""Region VALUES: the values of analog sources that a core gets for a stretch of a run."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pynn_eprop.engine.fixed_constants import to_fixed
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.models.network import Network
from pynn_eprop.spinnaker.memory.lanes import round_up
from pynn_eprop.spinnaker.memory.layout import VALUE_SOURCE

_LARGEST = 2 ** 15 - 1
Values = Callable[[int, int, int], np.ndarray]
"""Values of a population at the steps first ... last, (steps, cells)."""


def row_bytes(size: int) -> int:
    """Bytes of the values of a step."""
    return round_up(4 + 2 * size, 8)


def region_bytes(network: Network, sources: Sequence[int], steps: int) -> int:
    """Size of the region for so many steps."""
    return len(sources) * VALUE_SOURCE.dtype.itemsize + steps * sum(
        row_bytes(network.populations[index].size) for index in sources)


def log_bytes(network: Network, sources: Sequence[int]) -> int:
    """Bytes that values take in a slot of the log."""
    steps = network.settings.interval_steps or 0
    return steps * sum(row_bytes(network.populations[index].size) for index in sources)


def values_bytes(network: Network, formats: Formats, sources: Sequence[int], first: int,
                 rows: Mapping[int, np.ndarray]) -> bytes:
    """The region.

    rows: values of each source, (steps, cells), from the script's step ``first`` on.
    """
    table = np.zeros(len(sources), VALUE_SOURCE.dtype)
    parts, offset, logged = [], table.nbytes, 0
    for entry, index in zip(table, sources, strict=True):
        size = network.populations[index].size
        entry["n"], entry["row_bytes"] = size, row_bytes(size)
        entry["values"], entry["log"] = offset, logged
        parts.append(_rows(rows[index], first, formats.signal_bits[index]))
        offset += len(parts[-1])
        logged += (network.settings.interval_steps or 0) * row_bytes(size)
    return table.tobytes() + b"".join(parts)


def _rows(values: np.ndarray, first: int, bits: int) -> bytes:
    steps, size = values.shape
    held = np.clip(to_fixed(values, bits), -_LARGEST, _LARGEST).astype("<i2")
    begins = np.ones(steps, dtype=bool)
    begins[1:] = np.any(held[1:] != held[:-1], axis=1)
    rows = np.zeros((steps, row_bytes(size)), np.uint8)
    # steps of the script: rows of an interval that a stop cuts come from the regions of two runs
    frame = (first + np.maximum.accumulate(np.where(begins, np.arange(steps), 0))).astype("<u4")
    rows[:, :4] = frame[:, np.newaxis].view(np.uint8)
    rows[:, 4:4 + 2 * size] = held.view(np.uint8).reshape(steps, 2 * size)
    return rows.tobytes()

"""Files of weights: one entry per projection, under its label.

An entry is a matrix (pre, post) if all cells are connected once, self-connections aside (0 there);
otherwise a structured array with the fields pre, post and weight. Biases that learn have an entry
"<population label>.bias".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.files.archives import check_writable, read_archive, write_archive
from pynn_eprop.common.script.populations import CellArrays
from pynn_eprop.common.script.projections import SynapseArrays
from pynn_eprop.common.standardmodels import LearningSignal
from pynn_eprop.errors import CheckpointError, NetworkError
from pynn_eprop.models.parameters import as_numbers

_FIELDS = np.dtype([("pre", np.int32), ("post", np.int32), ("weight", np.float64)])


def has_weights(projection: Any) -> bool:
    """Whether a projection has weights of its own that can be saved.

    Weights of a parent backend's projections are not saved.
    """
    synapse = projection.synapse_type
    return isinstance(projection, SynapseArrays) and not (
        isinstance(synapse, LearningSignal) and (synapse.symmetric or synapse.window is not None))


def check_labels(labels: Sequence[str]) -> None:
    """Raise :class:`NetworkError` if two entries would have the same name."""
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise NetworkError(f"several projections are labelled {twice[0]!r}; give each its own "
                           "Projection(label=...) to save or load weights")


def to_entry(projection: Any, weight: np.ndarray) -> np.ndarray:
    """Weights (synapses,) of a projection as an entry."""
    pre, post, shape = projection.synapses.pre, projection.synapses.post, projection.shape
    if _is_full(pre, post, shape):
        matrix = np.zeros(shape)
        matrix[pre, post] = weight
        return matrix
    entry = np.empty(len(weight), dtype=_FIELDS)
    entry["pre"], entry["post"], entry["weight"] = pre, post, weight
    return entry


def _is_full(pre: np.ndarray, post: np.ndarray, shape: tuple[int, int]) -> bool:
    """All pairs once, or all but the diagonal. Synapses are sorted, so that repeats show."""
    repeated = np.any((np.diff(pre) == 0) & (np.diff(post) == 0))
    if repeated or len(pre) not in (shape[0] * shape[1], shape[0] * shape[1] - shape[0]):
        return False
    return len(pre) == shape[0] * shape[1] or (shape[0] == shape[1] and not np.any(pre == post))


def from_entry(projection: Any, entry: np.ndarray, path: str | Path) -> np.ndarray:
    """The reverse of :func:`to_entry`, (synapses,).

    Raises :class:`CheckpointError` for other connections than the projection's.
    """
    pre, post = projection.synapses.pre, projection.synapses.post
    if entry.dtype.names is None:
        if entry.shape != projection.shape or not _is_full(pre, post, projection.shape):
            raise CheckpointError(f"{path}: the weights of {projection.label!r} are a matrix "
                                  f"{entry.shape}, but the projection is {projection.shape} with "
                                  f"{len(pre)} connections")
        return _finite(entry[pre, post], projection.label, path)
    if not {"pre", "post", "weight"} <= set(entry.dtype.names):
        raise CheckpointError(f"{path}: the entry {projection.label!r} has the fields "
                              f"{list(entry.dtype.names)}; it needs pre, post and weight")
    if not (np.array_equal(entry["pre"], pre) and np.array_equal(entry["post"], post)):
        raise CheckpointError(f"{path}: {projection.label!r} connects other cells there; use the "
                              "same connector and seed")
    return _finite(entry["weight"], projection.label, path)


def _finite(values: np.ndarray, label: str, path: str | Path) -> np.ndarray:
    numbers = as_numbers(values)
    if numbers is None or not np.all(np.isfinite(numbers)):
        raise CheckpointError(f"{path}: the entry {label!r} must have finite numbers only")
    return numbers


def _biases(entry: np.ndarray, population: Any, path: str | Path) -> np.ndarray:
    label = f"{population.label}.bias"
    if entry.shape != (population.size,):
        raise CheckpointError(f"{path}: the entry {label!r} has shape {entry.shape}, but there are "
                              f"{population.size} readouts")
    return _finite(entry, label, path)


def save(path: str | Path, weights: Mapping[str, np.ndarray]) -> None:
    """Write entries by label."""
    write_archive(path, weights)


def load(path: str | Path, expected: Sequence[str]) -> dict[str, np.ndarray]:
    """Read entries. Raises :class:`CheckpointError` unless they are those ``expected``."""
    entries, _ = read_archive(path)
    for kind, labels in (("has no", set(expected) - set(entries)),
                         ("has an unknown", set(entries) - set(expected))):
        if labels:
            raise CheckpointError(f"{path} {kind} entry {sorted(labels)[0]!r}; this network's are "
                                  f"{sorted(expected)}")
    return entries


def save_weights(simulation: Any, path: str | Path) -> None:
    """Write all weights of a simulation, and biases that learn.

    Of several processes, which all have them, that of rank 0 writes.
    """
    check_writable(path)    # before reading, which ends the run on some backends
    if simulation.processes.rank:
        return
    projections = _with_weights(simulation)
    entries = {projection.label: to_entry(projection, simulation.weights(projection))
               for projection in projections}
    entries.update({f"{population.label}.bias": simulation.bias(population)
                    for population in _with_biases(simulation)})
    save(path, entries)


def load_weights(simulation: Any, path: str | Path) -> None:
    """Set all weights of a simulation, and biases that learn.

    Raises :class:`CheckpointError` if the file belongs to other projections, and the errors of
    setting them one by one; then nothing was changed.
    """
    projections = _with_weights(simulation)
    biased = _with_biases(simulation)
    simulation.processes.meet(f"load_weights({str(path)!r})")   # it has been written by then
    entries = load(path, [*(projection.label for projection in projections),
                          *(f"{population.label}.bias" for population in biased)])
    weights = [from_entry(projection, entries[projection.label], path)
               for projection in projections]
    biases = [_biases(entries[f"{population.label}.bias"], population, path)
              for population in biased]
    if projections:
        simulation.check_takes_weights("load_weights()")
    changed = [(projection, weight) for projection, weight in zip(projections, weights, strict=True)
               if (weight != simulation.weights(projection)).any()]
    for projection, weight in changed:
        projection.check_weights(weight)
    with all_or_nothing(simulation, *biased, *(each.synapses for each, _ in changed)):
        for population, bias in zip(biased, biases, strict=True):
            population.set(bias=bias)
        # feedback first: within an interval it is refused, and then nothing is to be changed
        for projection, weight in sorted(changed, key=lambda pair: not pair[0].is_feedback):
            projection.set_weights(weight)


def _with_biases(simulation: Any) -> list[Any]:
    return [population for population in simulation.populations
            if isinstance(population, CellArrays) and population.bias_learns]


def _with_weights(simulation: Any) -> list[Any]:
    projections = [projection for projection in simulation.projections if has_weights(projection)]
    check_labels([projection.label for projection in projections])
    return projections

"""Learning signals: from LearningSignal projections to feedback weights B."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.grid import to_steps
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.synapses import Bundle
from pynn_eprop.common.standardmodels import LearningSignal
from pynn_eprop.errors import NetworkError, ParameterError
from pynn_eprop.models import network
from pynn_eprop.models.counter_random import Draw, normal


def describe_signals(signals: Sequence[Any], projections: Sequence[Any],
                     places: Mapping[int, list[int]],
                     options: SharedOptions) -> Iterator[network.LearningSignal]:
    """The learning signals of a network.

    ``projections``: all of the network; ``places``: indices of their bundles in the description.
    Raises :class:`NetworkError` for a symmetric signal without exactly one forward projection.
    """
    for signal in signals:
        for bundle in signal.bundles:
            if signal.synapse_type.symmetric:
                feedback: network.Feedback = _symmetric(signal, bundle, projections, places)
            elif signal.synapse_type.window is not None:
                feedback = _windowed(signal, bundle, options)
            else:
                feedback = network.FixedFeedback(
                    feedback_matrix(bundle, bundle.take(signal.synapses.weight)))
            yield network.LearningSignal(signal.label, bundle.pre.index, bundle.post.index,
                                         feedback)


def feedback_matrix(bundle: Bundle, values: np.ndarray) -> np.ndarray:
    """Values of the bundle's synapses as an array (cells, readouts), 0 for pairs without one."""
    matrix = np.zeros((bundle.post.size, bundle.pre.size))
    np.add.at(matrix, (bundle.post_index, bundle.pre_index), values)
    return matrix


def _symmetric(signal: Any, bundle: Bundle, projections: Sequence[Any],
               places: Mapping[int, list[int]]) -> network.SymmetricFeedback:
    """B_jk = W_kj of the one projection from the cells to the readouts."""
    forward = [
        (projection, candidate, place)
        for projection in projections
        if not isinstance(projection.synapse_type, LearningSignal)
        for candidate, place in zip(projection.bundles, places[projection.index], strict=True)
        if candidate.pre is bundle.post and candidate.post is bundle.pre
    ]
    if len(forward) != 1:
        found = "there is none" if not forward else \
            f"there are {len(forward)}: {', '.join(p.label for p, _, _ in forward)}"
        raise NetworkError(
            f"{signal.label}: LearningSignal(symmetric=True) needs exactly one projection from "
            f"{bundle.post.label} to {bundle.pre.label}, whose weights it takes, but {found}")
    projection, candidate, place = forward[0]
    covered = feedback_matrix(bundle, np.ones(len(bundle.pre_index)))
    missing = covered[candidate.pre_index, candidate.post_index] == 0
    if np.any(missing):
        raise NetworkError(
            f"{signal.label}: LearningSignal(symmetric=True) leaves out {int(missing.sum())} of "
            f"the synapses of {projection.label}; connect all cells with AllToAllConnector()")
    return network.SymmetricFeedback(place)


def window_steps(signal: Any, options: SharedOptions) -> int:
    """Length of a window. Raises :class:`ParameterError` off the grid or without intervals."""
    owner = f"{signal.label}: LearningSignal"
    if options.interval_steps is None:
        raise ParameterError(f"{owner}: window={signal.synapse_type.window:g} ms begins again in "
                             "every interval; give setup(update_interval=...)")
    return int(to_steps(signal.synapse_type.window, options.timestep, f"{owner}: window",
                        ParameterError))


def _windowed(signal: Any, bundle: Bundle, options: SharedOptions) -> network.WindowedFeedback:
    """B drawn per window, cell and readout from the generator keyed with (seed, projection)."""
    steps = window_steps(signal, options)
    assert options.interval_steps is not None
    windows = -(-options.interval_steps // steps)
    scale = float(np.max(bundle.take(signal.synapses.weight), initial=0.0))
    connected = scale * (feedback_matrix(bundle, np.ones(len(bundle.pre_index))) > 0)
    cells, readouts = np.arange(bundle.post.size)[:, np.newaxis], np.arange(bundle.pre.size)
    weight = np.empty((windows, *connected.shape))
    for window in range(windows):
        weight[window] = connected * normal((window, cells, readouts), Draw.LEARNING_SIGNAL,
                                            (options.seed, signal.draws.number))
    return network.WindowedFeedback(steps, weight)

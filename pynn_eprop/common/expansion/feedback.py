"""Learning signals: from LearningSignal projections to feedback weights B."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.common.expansion.groups import Block
from pynn_eprop.common.run.grid import to_steps
from pynn_eprop.common.script.setup import SharedOptions
from pynn_eprop.common.standardmodels import LearningSignal
from pynn_eprop.errors import NetworkError, ParameterError
from pynn_eprop.models import network
from pynn_eprop.models.counter_random import Draw, normal


def describe_signals(signals: Sequence[Any], projections: Sequence[Any],
                     places: Mapping[int, list[int]],
                     options: SharedOptions) -> Iterator[network.LearningSignal]:
    """The learning signals of a network.

    ``projections``: all of the network; ``places``: indices of their blocks in the description.
    Raises :class:`NetworkError` for a symmetric signal without exactly one forward projection.
    """
    for signal in signals:
        for block in signal.blocks:
            if signal.synapse_type.symmetric:
                feedback: network.Feedback = _symmetric(signal, block, projections, places)
            elif signal.synapse_type.window is not None:
                feedback = _windowed(signal, block, options)
            else:
                feedback = network.FixedFeedback(
                    feedback_matrix(block, block.take(signal.synapses.weight)))
            yield network.LearningSignal(signal.label, block.pre.index, block.post.index, feedback)


def feedback_matrix(block: Block, values: np.ndarray) -> np.ndarray:
    """Values of the block's synapses as an array (cells, readouts), 0 where there is none."""
    matrix = np.zeros((block.post.size, block.pre.size))
    np.add.at(matrix, (block.post_index, block.pre_index), values)
    return matrix


def _symmetric(signal: Any, block: Block, projections: Sequence[Any],
               places: Mapping[int, list[int]]) -> network.SymmetricFeedback:
    """B_jk = W_kj of the one projection from the cells to the readouts."""
    forward = [
        (projection, candidate, place)
        for projection in projections
        if not isinstance(projection.synapse_type, LearningSignal)
        for candidate, place in zip(projection.blocks, places[projection.index], strict=True)
        if candidate.pre is block.post and candidate.post is block.pre
    ]
    if len(forward) != 1:
        found = "there is none" if not forward else \
            f"there are {len(forward)}: {', '.join(p.label for p, _, _ in forward)}"
        raise NetworkError(
            f"{signal.label}: LearningSignal(symmetric=True) needs exactly one projection from "
            f"{block.post.label} to {block.pre.label}, whose weights it takes, but {found}")
    projection, candidate, place = forward[0]
    covered = feedback_matrix(block, np.ones(len(block.pre_index)))
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
        raise ParameterError(f"{owner}: window={signal.synapse_type.window:g} ms starts anew in "
                             "every interval; give setup(update_interval=...)")
    return int(to_steps(signal.synapse_type.window, options.timestep, f"{owner}: window",
                        ParameterError))


def _windowed(signal: Any, block: Block, options: SharedOptions) -> network.WindowedFeedback:
    """B drawn per window, cell and readout from the generator keyed with (seed, projection)."""
    steps = window_steps(signal, options)
    assert options.interval_steps is not None
    windows = -(-options.interval_steps // steps)
    scale = float(np.max(block.take(signal.synapses.weight), initial=0.0))
    connected = scale * (feedback_matrix(block, np.ones(len(block.pre_index))) > 0)
    cells, readouts = np.arange(block.post.size)[:, np.newaxis], np.arange(block.pre.size)
    weight = np.empty((windows, *connected.shape))
    for window in range(windows):
        weight[window] = connected * normal((window, cells, readouts), Draw.LEARNING_SIGNAL,
                                            (options.seed, signal.draws.number))
    return network.WindowedFeedback(steps, weight)

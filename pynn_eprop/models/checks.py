"""Refuses network descriptions and inputs whose parts do not fit together.

Machines call these before they build or run; backends check earlier what they can report more
clearly.
"""

from collections.abc import Iterable

import numpy as np

from pynn_eprop.errors import (
    DelayError,
    NetworkError,
    SimulationError,
    TargetError,
)
from pynn_eprop.models.cells import AnalogCells, LearningCells, Population, Readouts
from pynn_eprop.models.network import (
    Boundary,
    Inputs,
    LearningSignal,
    Network,
    Projection,
    Recording,
    SymmetricFeedback,
    TraceRecording,
    WindowedFeedback,
)
from pynn_eprop.models.targets import target_end

_PASSED = "_passed_check_network"    # beside the fields of what is immutable


def check_network(network: Network) -> None:
    """Raise :class:`NetworkError` or a subclass of it unless the network can be built.

    A network that has passed passes again at once: machines look at it before and in each change.
    So does a projection between populations with which it has passed, as in a network of which one
    population was replaced.
    """
    if network.__dict__.get(_PASSED):
        return
    for readouts in network.of_kind(Readouts).values():
        _check_readouts(readouts, network)
    for projection in network.projections:
        ends = (network.populations[projection.pre], network.populations[projection.post],
                network.settings)
        if not _same(projection.__dict__.get(_PASSED), ends):
            _check_projection(projection, network)
            projection.__dict__[_PASSED] = ends
    for signal in network.learning_signals:
        _check_signal(signal, network)
    _check_backwards(network)
    network.__dict__[_PASSED] = True


def _same(some: tuple[object, ...] | None, others: tuple[object, ...]) -> bool:
    """Whether these are the very objects."""
    return some is not None and all(one is other for one, other in zip(some, others, strict=True))


def _check_readouts(readouts: Readouts, network: Network) -> None:
    if readouts.target is None:
        if readouts.loss is not None:
            raise TargetError(f"{readouts.label}: a readout with a loss needs a target")
        return
    shape, length = np.shape(readouts.target), network.settings.interval_steps
    if len(shape) != 2 or shape[0] != readouts.size or shape[1] == 0:
        raise TargetError(f"{readouts.label}: the target has shape {shape}; "
                          f"it must be ({readouts.size}, steps)")
    if readouts.target_repeats and length is not None and shape[1] != length:
        raise TargetError(f"{readouts.label}: a target that repeats must have {length} steps, "
                          f"as an interval has, not {shape[1]}")
    if readouts.loss is not None:
        readouts.loss.check_target(np.asarray(readouts.target, dtype=float), readouts.label)


def _check_projection(projection: Projection, network: Network) -> None:
    label = projection.label
    pre, post = network.populations[projection.pre], network.populations[projection.post]
    if not (pre.emits_spikes or pre.emits_values) or not post.receives:
        raise NetworkError(f"{label}: synapses cannot lead from {pre.label} to {post.label}; "
                           "they lead from cells that spike or pass on values, or from sources, to "
                           "cells or readouts")
    if pre.emits_values and not post.learns:
        raise NetworkError(f"{label}: {post.name} ({post.label}) takes spikes only; the values of "
                           f"{pre.label} go to cells that learn with e-prop, or to readouts")
    ports = post.ports() if isinstance(post, AnalogCells) else ("",)
    if projection.receptor not in ports:
        raise NetworkError(f"{label}: receptor={projection.receptor!r} is unknown to {post.label}; "
                           f"it must be one of {list(ports)}")
    arrays = (projection.pre_index, projection.post_index, projection.weight, projection.delay)
    if len({np.shape(array) for array in arrays}) != 1 or np.ndim(projection.weight) != 1:
        raise NetworkError(f"{label}: pre_index, post_index, weight and delay must have the same "
                           f"length, not {[np.shape(array) for array in arrays]}")
    for index, population in ((projection.pre_index, pre), (projection.post_index, post)):
        if np.any(np.asarray(index) < 0) or np.any(np.asarray(index) >= population.size):
            raise NetworkError(f"{label}: cell indices of {population.label} must lie in "
                               f"0..{population.size - 1}")
    if np.any(np.asarray(projection.delay) < 1):
        raise DelayError(f"{label}: delay={np.min(projection.delay)} steps is too short; "
                         "the shortest is 1")
    if projection.optimizer is None:
        return
    if not post.learns:
        raise NetworkError(f"{label}: synapses onto {post.label} cannot learn; "
                           "use optimizer=None")
    cells = network.of_kind(LearningCells).get(projection.post)
    if cells is not None:
        projection.rule.check_kind(type(cells), label)
    if network.settings.interval_steps is None:
        raise NetworkError(f"{label}: nothing can learn without an update interval; "
                           "give one or use optimizer=None")


def _check_signal(signal: LearningSignal, network: Network) -> None:
    source, target = network.populations[signal.source], network.populations[signal.target]
    if signal.source not in network.of_kind(Readouts) \
            or signal.target not in network.of_kind(LearningCells):
        raise NetworkError(f"{signal.label}: a learning signal leads from readouts to e-prop "
                           f"cells, not from {source.label} to {target.label}")
    feedback, shape = signal.feedback, (target.size, source.size)
    if isinstance(feedback, SymmetricFeedback):
        forward = network.projections[feedback.projection]
        if (forward.pre, forward.post) != (signal.target, signal.source):
            raise NetworkError(f"{signal.label}: symmetric feedback needs a projection from "
                               f"{target.label} to {source.label}; {forward.label} is not one")
        return
    found = np.shape(feedback.weight)
    if isinstance(feedback, WindowedFeedback):
        if feedback.window_steps < 1 or len(found) != 3 or found[0] < 1:
            raise NetworkError(f"{signal.label}: windowed feedback needs window_steps >= 1 and "
                               "weights of shape (windows, cells, readouts)")
        length = network.settings.interval_steps
        if length is None or found[0] * feedback.window_steps < length:
            raise NetworkError(f"{signal.label}: {found[0]} windows of {feedback.window_steps} "
                               f"steps must cover the update interval, which is {length} steps")
        found = found[1:]
    if found != shape:
        raise NetworkError(f"{signal.label}: feedback weights have shape {found}; "
                           f"they need {shape} (cells, readouts)")


def _check_backwards(network: Network) -> None:
    """Raise :class:`NetworkError` for populations that run backwards where that has no meaning."""
    for index in sorted(network.backwards):
        label = network.populations[index].label
        why = _why_all_whole(network)
        if why:
            raise NetworkError(f"{label}: backwards=True needs trials that stand on their own; "
                               f"{why}")
    for projection in network.projections:
        pre, post = network.populations[projection.pre], network.populations[projection.post]
        if not pre.from_outside and projection.post not in network.of_kind(Readouts):
            check_directions(pre.label, projection.pre in network.backwards,
                             post.label, projection.post in network.backwards, projection.label)


def check_directions(pre: str, pre_backwards: bool, post: str, post_backwards: bool, label: str
                     ) -> None:
    """Raise :class:`NetworkError` for synapses between cells of which one lot runs backwards."""
    if pre_backwards != post_backwards:
        raise NetworkError(f"{label}: synapses cannot lead from {pre} to {post}, as one of them "
                           "runs trials backwards and the other does not; both can take input "
                           "from the same sources, and lead to the same readouts")


def _why_all_whole(network: Network) -> str:
    """Why trials can be neither shorter nor run backwards; empty if they can."""
    if network.settings.interval_steps is None:
        return "give the network an update interval"
    if network.settings.boundary != Boundary.RESET:
        return "use boundary 'reset'"
    crossing = [population.label for population in network.populations if not population.resets]
    return f"{crossing[0]} carries on over their ends" if crossing else ""


def check_target_reaches(readouts: Readouts, last: int) -> None:
    """Raise :class:`SimulationError` if a target of the whole run ends before step ``last``."""
    end = target_end(readouts)
    if readouts.loss is not None and end is not None and last > end:
        raise SimulationError(f"{readouts.label}: the target ends at step {end}, but the run goes "
                              f"on to step {last}; give a longer target or one that repeats")


def check_change(before: Population, after: Population) -> None:
    """Raise :class:`NetworkError` unless only parameters differ.

    Nor may the optimiser of biases, for which there may be no room, and whose steps were counted.
    """
    if type(before) is not type(after) or before.size != after.size \
            or getattr(before, "backwards", False) != getattr(after, "backwards", False):
        raise NetworkError(f"{before.label}: only parameters can change, not the kind or number "
                           "of cells, nor their direction; build a new network for that")
    if getattr(before, "bias_optimizer", None) != getattr(after, "bias_optimizer", None):
        raise NetworkError(f"{before.label}: bias_optimizer cannot change once the network is "
                           "built; build a new network for that")


def check_gradient(before: Population, after: Population, in_progress: bool) -> None:
    """Raise :class:`SimulationError` for parameters that an update in progress depends on.

    Its gradient would mix old and new.
    """
    if in_progress and _changes_gradient(before, after):
        raise SimulationError(f"{before.label}: parameters that the gradient depends on can "
                              "change between updates only, not within one")


def check_traces(before: Population, after: Population, network: Network, step: int) -> None:
    """Raise :class:`SimulationError` for parameters that traces in progress depend on.

    With boundary "continuous" traces go on after an interval, also of one that does not count. They
    are made of all its steps at its end.
    """
    interval = network.settings.interval_steps
    goes_on = network.settings.boundary == Boundary.CONTINUOUS and any(
        projection.optimizer is not None for projection in network.projections)
    if goes_on and interval is not None and step % interval and _changes_gradient(before, after):
        raise SimulationError(f"{before.label}: with boundary 'continuous', parameters that "
                              "eligibility traces depend on can change between intervals only, "
                              "not within one")


def check_mirrored(label: str, mirrored: bool, in_progress: bool) -> None:
    """Raise :class:`SimulationError` for new weights that symmetric feedback has followed.

    The gradient of an update in progress would mix old and new.
    """
    if mirrored and in_progress:
        raise SimulationError(f"{label}: symmetric feedback follows these weights; replace them "
                              "between updates")


def is_mirrored(network: Network, projection: int) -> bool:
    """Whether symmetric feedback follows the weights of a projection."""
    return any(isinstance(signal.feedback, SymmetricFeedback)
               and signal.feedback.projection == projection
               for signal in network.learning_signals)


def _changes_gradient(before: Population, after: Population) -> bool:
    """Whether the gradient of steps already done depends on parameters that differ."""
    return any(np.any(getattr(before, name) != getattr(after, name))
               for name in before.gradient_depends_on())


def check_recordings(recordings: Iterable[Recording], network: Network) -> None:
    """Raise :class:`NetworkError` for cells, or synapses, that there are none of."""
    for recording in recordings:
        population, what = network.populations[recording.population], "cells"
        label, size = population.label, population.size
        if isinstance(recording, TraceRecording):
            projection, what = network.projections[recording.projection], "synapses"
            label, size = projection.label, len(projection.weight)
        cells = np.asarray(recording.cells)
        outside = (cells < 0) | (cells >= size)
        if np.any(outside):
            raise NetworkError(f"{label}: there is no number {cells[outside][0]} to record "
                               f"{recording.variable!r} of; it has {size} {what}, from 0 on")


def check_inputs(inputs: Inputs, network: Network, start: int, steps: int) -> None:
    """Raise :class:`SimulationError` unless the inputs belong to steps start..start + steps.

    Also for a stretch of parts of trials, if some population runs them backwards.
    """
    _check_lengths(inputs, network, start, steps)
    check_whole_trials(network, start, steps)
    for index, (times, cells) in inputs.spikes.items():
        population, times, cells = network.populations[index], np.asarray(times), np.asarray(cells)
        if not population.from_outside:
            raise SimulationError(f"{population.label} takes no spikes from outside; "
                                  "only sources do")
        if np.any(times[1:] < times[:-1]):
            raise SimulationError(f"{population.label}: spikes must be in the order of their steps")
        outside = (times < start) | (times > start + steps)
        if np.any(outside):
            raise SimulationError(f"{population.label}: a spike at step {times[outside][0]} lies "
                                  f"outside this run's steps {start}..{start + steps}")
        if np.any((cells < 0) | (cells >= population.size)):
            raise SimulationError(f"{population.label}: spikes of a cell that is not in "
                                  f"0..{population.size - 1}")
    for index, values in inputs.values.items():
        population = network.populations[index]
        if not (population.emits_values and population.from_outside):
            raise SimulationError(f"{population.label} takes no values from outside; only sources "
                                  "of values do")
        if np.shape(values) != (steps + 1, population.size):
            raise SimulationError(f"{population.label}: values have shape {np.shape(values)}; "
                                  f"this run needs {(steps + 1, population.size)}, those of the "
                                  f"steps {start}..{start + steps}")
        if not np.all(np.isfinite(values)):
            raise SimulationError(f"{population.label}: a value is not finite")
    for index, current in inputs.currents.items():
        population = network.populations[index]
        if not population.takes_current:
            raise SimulationError(f"{population.label} takes no current; only cells do")
        if np.shape(current) != (steps, population.size):
            raise SimulationError(f"{population.label}: currents have shape {np.shape(current)}; "
                                  f"this run needs {(steps, population.size)}")


def _check_lengths(inputs: Inputs, network: Network, start: int, steps: int) -> None:
    """Raise :class:`SimulationError` unless the lengths are those of the stretch's intervals."""
    if inputs.lengths is None:
        return
    check_short_trials(network)
    length = network.settings.interval_steps
    assert length is not None
    lengths = np.asarray(inputs.lengths)
    begin = -(-(start + steps) // length) + (-start // length)
    if lengths.shape != (begin,):
        raise SimulationError(f"{begin} intervals begin at the steps {start}..{start + steps - 1}; "
                              f"lengths of shape {lengths.shape} are not one for each")
    if lengths.dtype.kind not in "iu" or np.any((lengths < 1) | (lengths > length)):
        raise SimulationError(f"the lengths of intervals are whole steps of 1..{length}, not "
                              f"{lengths.tolist()}")


def check_short_trials(network: Network) -> None:
    """Raise :class:`SimulationError` unless trials may have lengths of their own."""
    why = _why_all_whole(network)
    if why:
        raise SimulationError(f"trials of lengths of their own have to stand on their own; {why}")


def check_whole_trials(network: Network, start: int, steps: int) -> None:
    """Raise :class:`SimulationError` for a run of parts of trials that are run backwards.

    Their first step is the last of the trial, for which all of its input has to be known.
    """
    length = network.settings.interval_steps
    if network.backwards and length is not None and (start % length or steps % length):
        label = network.populations[min(network.backwards)].label
        raise SimulationError(f"{label} runs trials backwards, so that runs consist of whole "
                              f"trials of {length} steps; this one would go from step {start} to "
                              f"{start + steps}")

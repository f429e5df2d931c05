"""Checks for what NEST cannot do, or does differently: refused by name, before any work is done.

docs/nest.md lists all of it; ``tests/nest/test_quirks.py`` shows it.
"""

import warnings
from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.standardmodels import EPropReadout, EPropSynapse, LearningSignal
from pynn_eprop.common.standardmodels.cells import EPropCell
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.optimizers import Adam

SHORTEST_INTERVAL = 16      # steps: after one, there must be room for the last spikes of a run
SAME_RATE = 1.0


class Quirks(str, Enum):
    """The response to a network that NEST can run, but not as the equations say."""

    REFUSE = "refuse"
    ALLOW = "allow"


def teachers(projections: Sequence[Any]) -> dict[int, float]:
    """tau_m (ms) of the readouts that teach each population, by its index.

    Raises :class:`UnsupportedError` if several teach with different time constants.
    """
    taught: dict[int, float] = {}
    for signal in projections:
        if not isinstance(signal.synapse_type, LearningSignal):
            continue
        for bundle in signal.bundles:
            tau_out = float(bundle.pre.values["tau_m"][0])
            if taught.setdefault(bundle.post.index, tau_out) != tau_out:
                raise UnsupportedError(
                    f"{signal.label}: readouts with tau_m={taught[bundle.post.index]:g} and "
                    f"{tau_out:g} ms teach {bundle.post.label}; NEST filters the traces of a cell "
                    "with one time constant")
    return taught


def check_network(populations: Sequence[Any], projections: Sequence[Any], options: SharedOptions,
                  taught: dict[int, float], quirks: Quirks) -> None:
    """Raise :class:`UnsupportedError` for what NEST's e-prop models cannot do."""
    if options.interval_steps is not None and options.interval_steps < SHORTEST_INTERVAL:
        raise UnsupportedError(f"update_interval={options.update_interval:g} ms is "
                               f"{options.interval_steps} time steps; on NEST it needs at least "
                               f"{SHORTEST_INTERVAL}")
    for population in populations:
        if isinstance(population.celltype, EPropReadout):
            _check_readouts(population)
        elif isinstance(population.celltype, EPropCell):
            _check_cells(population, options, quirks)
    for projection in projections:
        if isinstance(projection.synapse_type, LearningSignal):
            _check_signal(projection)
        else:
            _check_synapses(projection)


def _check_readouts(readouts: Any) -> None:
    if readouts.celltype.bias_optimizer is not None or np.any(readouts.values["bias"] != 0.0):
        raise UnsupportedError(f"{readouts.label}: NEST's readouts have no bias; use bias=0 and "
                               "bias_optimizer=None")


def _check_cells(cells: Any, options: SharedOptions, quirks: Quirks) -> None:
    if options.trials_per_update == 1 or not np.any(cells.values["c_reg"] != 0.0):
        return
    text = (f"{cells.label}: c_reg={np.max(cells.values['c_reg']):g} with trials_per_update="
            f"{options.trials_per_update}; NEST compares the rate of each single interval with "
            "f_target, not that of all trials")
    if quirks is Quirks.REFUSE:
        raise UnsupportedError(f"{text}. Use c_reg=0 or trials_per_update=1, or take it with "
                               "setup(quirks='allow')")
    warnings.warn(text, stacklevel=8)


def _check_signal(signal: Any) -> None:
    synapse = signal.synapse_type
    if synapse.symmetric or synapse.window is not None:
        kind = "symmetric=True" if synapse.symmetric else f"window={synapse.window:g}"
        raise UnsupportedError(f"{signal.label}: LearningSignal({kind}); NEST's feedback weights "
                               "are constant")
    for bundle in signal.bundles:
        if bundle.pre.celltype.loss is None:
            raise UnsupportedError(f"{signal.label}: {bundle.pre.label} has loss=None; NEST's "
                                   "readouts send errors, not y")


def _check_synapses(projection: Any) -> None:
    delay = projection.synapses.delay
    if len(delay) and np.max(delay) > 1:
        raise UnsupportedError(f"{projection.label}: a delay of {int(np.max(delay))} time steps; "
                               "NEST's e-prop synapses have a delay of one")
    if getattr(projection.synapse_type, "optimizer", None) is None:
        return
    bounds = projection.synapse_type.w_min, projection.synapse_type.w_max
    weight = projection.synapses.weight
    if len(weight) and not bounds[0] <= np.min(weight) <= np.max(weight) <= bounds[1]:
        raise UnsupportedError(f"{projection.label}: weights from {np.min(weight):g} to "
                               f"{np.max(weight):g} are to start outside w_min={bounds[0]:g}, "
                               f"w_max={bounds[1]:g}; NEST does not take that")
    for bundle in projection.bundles:
        known = isinstance(bundle.pre.celltype, EPropCell) \
            or getattr(bundle.pre, "is_source", False)
        if not known:
            raise UnsupportedError(
                f"{projection.label}: plastic synapses from {type(bundle.pre.celltype).__name__} "
                f"({bundle.pre.label}); NEST changes a weight only when a spike passes, and these "
                "cells cannot be made to send a last one. Use optimizer=None")


def warn_of_network(projections: Sequence[Any]) -> None:
    """Warn of what differs a little from the equations, and say by how much."""
    plastic = [(projection, projection.synapse_type.optimizer) for projection in projections
               if isinstance(projection.synapse_type, EPropSynapse)]
    for projection, optimizer in plastic:
        if isinstance(optimizer, Adam) and not optimizer.eps_hat:
            warnings.warn(
                f"{projection.label}: NEST adds Adam's eps before the bias correction; its steps "
                f"are shorter, by a fraction below {optimizer.eps:g} / sqrt(v) with v the mean "
                "squared gradient. Adam(eps_hat=True) is the same everywhere", stacklevel=7)
            break
    for projection, optimizer in plastic:
        if isinstance(optimizer, Adam) and optimizer.schedule.factor != SAME_RATE:
            warnings.warn(
                f"{projection.label}: when the learning rate changes, NEST lets a cell that is "
                "silent in a whole update go on with the old rate until its next spike",
                stacklevel=7)
            break


def check_inputs(source: Any, projections: Sequence[Any], first: int, last: int, length: int,
                 quirks: Quirks) -> None:
    """Look for spikes of a source that NEST's e-prop models treat differently.

    ``quirks`` decides whether these are an :class:`UnsupportedError` or a warning.
    """
    bundles = [(projection, bundle) for projection in projections for bundle in projection.bundles
              if bundle.pre is source and len(bundle.pre_index)]
    if not bundles:
        return
    plastic = any(_learns(projection) for projection, _ in bundles)
    readouts = any(isinstance(bundle.post.celltype, EPropReadout) for _, bundle in bundles)
    steps, cells = source.spikes_between(first, last - 1)
    local = steps % length
    early = "before the last learning signal of the interval before has arrived"
    if plastic or readouts:
        _judge(source, steps[local == 0], quirks,
               "NEST's plastic synapses drop a spike at the first instant of an interval, and its "
               "readouts count it to the interval before")
    elif any(_learns(projection) for projection in projections):
        _judge(source, steps[local == 0], quirks,
               "a cell that a spike at the first instant of an interval makes spike in step 1 "
               f"makes NEST update its own synapses {early}")
    if plastic:
        _judge(source, steps[(local == 1) & (steps > 1)], quirks,
               "a spike one time step after the beginning of an interval makes NEST update its "
               f"synapses {early}")
        _judge(source, _repeated(steps, cells), quirks,
               "NEST's eligibility traces count spikes of a cell in one time step once")


def _learns(projection: Any) -> bool:
    return getattr(projection.synapse_type, "optimizer", None) is not None


def _repeated(steps: np.ndarray, cells: np.ndarray) -> np.ndarray:
    order = np.lexsort((cells, steps))
    steps, cells = steps[order], cells[order]
    return steps[1:][(np.diff(steps) == 0) & (np.diff(cells) == 0)]


def _judge(source: Any, steps: np.ndarray, quirks: Quirks, reason: str) -> None:
    if not len(steps):
        return
    time = round(int(steps[0]) * source.timestep, 9)
    if quirks is Quirks.REFUSE:
        raise UnsupportedError(f"{source.label}: {len(steps)} spikes, the first at {time:g} ms: "
                               f"{reason}. Move them, or take it with setup(quirks='allow')")
    if reason not in source.warned_of:
        source.warned_of.add(reason)
        warnings.warn(f"{source.label}: {len(steps)} spikes, the first at {time:g} ms: {reason}",
                      stacklevel=7)

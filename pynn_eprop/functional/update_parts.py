"""Updates whose trials are computed in parts, and what these share."""

from collections.abc import Iterable

import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional import trials
from pynn_eprop.functional.compiled_network import CompiledNetwork
from pynn_eprop.functional.gradients import rate_terms, zero_rates
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.model import Tree


def parts_of(compiled: CompiledNetwork, count: int) -> list[tuple[int, int]]:
    """First trial and number of those that are computed side by side."""
    most = compiled.options.trials_at_once or count
    return [(first, min(most, count - first)) for first in range(0, count, most)]


def rates(compiled: CompiledNetwork, state: MachineState, counts: Tree) -> Tree:
    """C_j from the spikes of all trials of the update, by population."""
    return rate_terms(compiled.model, compiled.constants,
                      {index: jnp.asarray(total, compiled.model.dtype)
                       for index, total in counts.items()},
                      int(np.sum(state.lengths)))


def rates_of_parts(compiled: CompiledNetwork, state: MachineState, count: int,
                   parts: Iterable[tuple[Tree, Tree]]) -> Tree | None:
    """C_j of trials in so many parts, each with starts and inputs; None if there is one."""
    if count == 1:
        return None
    if not compiled.rate_term:
        return zero_rates(compiled.model)
    total: Tree = dict.fromkeys(compiled.model.spiking, 0.0)
    for starts, inputs in parts:
        found = compiled.call("trials", trials.started_trials, state.learned.parameters,
                              compiled.constants, starts, inputs)
        total = {index: before + jnp.sum(found[index], axis=0)
                 for index, before in total.items()}
    return rates(compiled, state, total)


def bptt_part(compiled: CompiledNetwork, state: MachineState, starts: Tree, inputs: Tree,
              wanted: trials.Wanted, shared: Tree | None) -> Tree:
    """Trials side by side with gradients of BPTT; shared: of :func:`rates_of_parts`."""
    return compiled.call(f"{len(inputs['step'])} trials with BPTT", trials.bptt_trials,
                         state.learned.parameters, compiled.constants, starts, inputs, shared,
                         flow=compiled.flow, wanted=wanted)

"""The ends of intervals, from activity to gradients, and of updates, from these to weights."""

from collections.abc import Sequence
from functools import partial

import jax
import numpy as np

from pynn_eprop.functional import trials
from pynn_eprop.functional.compiled_network import CompiledNetwork
from pynn_eprop.functional.continuing import continued
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.model import Tree
from pynn_eprop.functional.sums import UpdateSums
from pynn_eprop.functional.tape import ActivityTape, InputTape, Tape
from pynn_eprop.functional.update_parts import bptt_part, parts_of, rates, rates_of_parts
from pynn_eprop.models.activity import Activity


def fresh_tape(compiled: CompiledNetwork, state: MachineState, learning: bool) -> Tape | None:
    """The tape of an interval that begins; ``learning``: whether it counts."""
    if compiled.model.interval_steps is None or not compiled.learns:
        return None
    if compiled.bptt:
        return InputTape(compiled.model, state.now) if learning else None
    return ActivityTape(compiled.model, state.now) if learning or compiled.carries else None


def end_interval(compiled: CompiledNetwork, state: MachineState, update: bool) -> None:
    """Learn from the interval, and end the update after its last trial; see :func:`end_update`."""
    tape, state.tape = state.tape, None
    if isinstance(tape, ActivityTape) and compiled.carries:
        sums, e_sums, state.carry = compiled.call(
            "gradients of an interval", continued, state.learned.parameters, compiled.constants,
            tape.activity(), state.carry)
        if state.learning:
            state.sums.add(sums, {"weights": e_sums})
    elif isinstance(tape, ActivityTape) and state.learning:
        found = compiled.call("gradients of a trial", trials.eprop_sums, state.learned.parameters,
                              compiled.constants,
                              {**tape.activity(), **_active(compiled, state, state.sums.trials)},
                              rate_term=compiled.rate_term)
        state.sums.add(found["gradients"], found.get("e_gradients"))
    elif isinstance(tape, InputTape) and state.learning:
        state.tapes = [*state.tapes, tape]
    if not state.learning:
        return
    state.sums.trials += 1
    if state.sums.trials == compiled.network.settings.trials_per_update:
        if state.tapes:
            _learn_tapes(compiled, state)
        end_update(compiled, state, update)


def end_update(compiled: CompiledNetwork, state: MachineState, step: bool) -> None:
    """Keep the gradients of an update, and let optimisers follow them if ``step``."""
    state.learned.keep(compiled.model,
                       state.sums.gradients(compiled.model, partial(rates, compiled, state)))
    _note_inactivity(compiled, state)
    state.sums = UpdateSums(compiled.model)
    state.lengths = np.full_like(state.lengths, compiled.length)
    if step:
        state.learned.step(compiled.model, compiled.call)


def learn_trial(compiled: CompiledNetwork, state: MachineState, trial: Activity, update: bool
                ) -> None:
    """The end of an interval that ran elsewhere."""
    tape = ActivityTape(compiled.model, compiled.model.start())
    tape.take_trial(trial)
    state.learning = True
    state.note_length(compiled.length)
    state.sums.count_rows({index: {"spikes": tape.spikes_of(index), "h": tape.slope_of(index)}
                           for index in compiled.model.spiking})
    state.tape = tape
    end_interval(compiled, state, update)


def _learn_tapes(compiled: CompiledNetwork, state: MachineState) -> None:
    """Gradients of BPTT of all trials of an update, which are computed again."""
    tapes = state.tapes
    parts = [tapes[first:first + number] for first, number in parts_of(compiled, len(tapes))]

    def given(part: list[InputTape]) -> tuple[Tree, Tree]:
        return _stacked([tape.start for tape in part]), _stacked([
            {**tape.inputs(), **_active(compiled, state, tapes.index(tape))} for tape in part])

    shared = rates_of_parts(compiled, state, len(parts), map(given, parts))
    for part in parts:
        state.sums.add(bptt_part(compiled, state, *given(part), (), shared)["gradients"])
    state.tapes = []


def _active(compiled: CompiledNetwork, state: MachineState, trial: int) -> Tree:
    """Which steps of a trial of the update happen, if one of the update is shorter."""
    if np.all(state.lengths == compiled.length):
        return {}
    return {"active": np.arange(compiled.length) < state.lengths[trial]}


def _note_inactivity(compiled: CompiledNetwork, state: MachineState) -> None:
    """Keep the first updates without spikes, and without pseudo-derivative."""
    sums = state.sums
    for index, counts in sums.spikes.items():
        state.inactive.note(compiled.network, index, state.learned.updates + 1, int(counts.sum()),
                            bool(sums.sloped[index].any()))


def _stacked(trees: Sequence[Tree]) -> Tree:
    """Trees of arrays as one, with a first axis for them."""
    return jax.tree.map(lambda *arrays: np.stack([np.asarray(each) for each in arrays]), *trees)

"""The state of a machine as flat arrays by name, and back."""

import re
from collections.abc import Mapping

import numpy as np

from pynn_eprop.functional.compiled_network import CompiledNetwork
from pynn_eprop.functional.interval_ends import fresh_tape
from pynn_eprop.functional.machine_state import MachineState
from pynn_eprop.functional.state import filled, flattened
from pynn_eprop.functional.tape import InputTape

_LEARNED = re.compile(r"projection\d+/delay\d+/(weight|gradient|optimizer/.*)|projection\d+/own/.*"
                      r"|population\d+/(bias|bias_gradient|bias_optimizer/.*|own/.*)"
                      r"|machine/updates")


def saved(compiled: CompiledNetwork, state: MachineState) -> dict[str, np.ndarray]:
    """Everything that a machine needs to continue identically."""
    found = flattened(state.tree(compiled.model))
    if state.tape is not None:
        found |= flattened({"tape": state.tape.tree()})
    return found | flattened({f"tape of trial {number}": tape.tree()
                              for number, tape in enumerate(state.tapes)})


def restored(compiled: CompiledNetwork, state: MachineState, arrays: Mapping[str, np.ndarray]
             ) -> MachineState:
    """A state with the arrays of :func:`saved`. Raises :class:`CheckpointError` if they differ."""
    # older files, from when all intervals were whole, have no lengths
    whole = np.full_like(state.lengths, compiled.model.interval_steps or 0)
    rest = {"machine/lengths": whole, **{name: array for name, array in arrays.items()
                                         if not name.startswith("tape")}}
    tree = filled(state.tree(compiled.model), rest)
    machine = tree["machine"]
    within = compiled.model.interval_steps is not None \
        and int(machine["step"]) % compiled.length > 0
    tape = fresh_tape(compiled, state, bool(machine["learning"])) if within else None
    tapes = [InputTape(compiled.model, state.now) for _ in range(
        int(machine["trials"]) if compiled.bptt and compiled.learns else 0)]
    names = {"tape": tape, **{f"tape of trial {number}": each
                              for number, each in enumerate(tapes)}}
    for name, each in names.items():
        if each is not None:
            each.take_tree({key.removeprefix(f"{name}/"): array for key, array in arrays.items()
                            if key.startswith(f"{name}/")})
    found = state.taken(compiled.model, tree)
    found.tape, found.tapes = tape, tapes
    return found


def taken_over(fresh: Mapping[str, np.ndarray], old: Mapping[str, np.ndarray], synapses: bool
               ) -> dict[str, np.ndarray]:
    """A fresh state with all of an old one that fits; ``synapses``: projections, too."""
    found = dict(fresh)
    for name, array in old.items():
        if name.startswith("projection") and not synapses:
            continue
        if name.startswith("tape") or (name in found and found[name].shape == array.shape):
            found[name] = array
    return found


def with_learned(fresh: Mapping[str, np.ndarray], old: Mapping[str, np.ndarray], synapses: bool
                 ) -> dict[str, np.ndarray]:
    """A fresh state with what an old one has learned; ``synapses``: of projections, too."""
    return {**fresh, **{name: array for name, array in old.items() if _LEARNED.fullmatch(name)
                        and (synapses or not name.startswith("projection"))}}

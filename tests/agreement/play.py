"""Plays a case on a machine, and compares what two machines made of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.in_process.machine import Machine
from pynn_eprop.models.cells import (
    VALUE,
    ALIFCells,
    AnalogCells,
    CurrentBasedCells,
    Readouts,
    SpikingCells,
)
from pynn_eprop.models.network import Network, Recorded
from tests.inactivities import FirstInactivities
from tests.random_networks import Case, changed_population, changed_target

_ROUNDING = 1e-14

Factory = Callable[[Network], Machine]


@dataclass
class Outcome:
    """Results of a case by name: exact things (spikes, counters) and numbers."""

    exact: dict[str, np.ndarray] = field(default_factory=dict)
    numbers: dict[str, np.ndarray] = field(default_factory=dict)


def play(case: Case, factory: Factory, whole: bool = False) -> Outcome:
    """Run all stretches, with the changes that the plan asks for between them.

    ``whole``: join neighbouring stretches with the same ``learning``, and look only at the
    recordings and the end.
    """
    machine = factory(case.network)
    outcome = Outcome()
    parts: list[Recorded] = []
    inactive = FirstInactivities(case.network)
    stretches = _joined(case) if whole else case.plan.stretches
    for number, (steps, learning) in enumerate(stretches):
        before = machine.updates
        parts.append(machine.run(steps, case.inputs(machine.step, steps), case.recordings,
                                 learning))
        inactive.add(machine.inactivities())
        if not whole:
            _collect_state(machine, outcome, f"{number}: ")
            if machine.updates > before:
                _collect_learned(machine, outcome, f"{number}: ")
            if number + 1 < len(stretches):
                machine = _change(case, machine, factory, number)
    _collect_state(machine, outcome, "end: ")
    _collect_learned(machine, outcome, "end: ")
    outcome.exact["inactive"] = inactive.array()
    for index, recording in enumerate(case.recordings):
        entries = [part.entries[index] for part in parts]
        name = f"{case.network.populations[recording.population].label}/{recording.variable}" \
               f"/{recording.every}#{index}"
        if recording.variable == "spikes":
            outcome.exact[f"{name}: steps"] = np.concatenate([entry[0] for entry in entries])
            outcome.exact[f"{name}: cells"] = np.concatenate([entry[1] for entry in entries])
        else:
            outcome.numbers[name] = np.concatenate(entries)
    return outcome


def _joined(case: Case) -> list[tuple[int, bool]]:
    """Stretches with the same ``learning`` as one."""
    joined: list[tuple[int, bool]] = []
    for steps, learning in case.plan.stretches:
        if joined and joined[-1][1] == learning:
            steps += joined.pop()[0]
        joined.append((steps, learning))
    return joined


def _collect_learned(machine: Machine, outcome: Outcome, prefix: str) -> None:
    for index, projection in enumerate(machine.network.projections):
        outcome.numbers[f"{prefix}{projection.label}#{index} weights"] = machine.weights(index)
        if projection.optimizer is not None:
            outcome.numbers[f"{prefix}{projection.label}#{index} gradient"] = \
                machine.gradient(index)
    for index, population in enumerate(machine.network.populations):
        if isinstance(population, Readouts):
            outcome.numbers[f"{prefix}{index} bias"] = machine.bias(index)
            outcome.numbers[f"{prefix}{index} bias gradient"] = machine.bias_gradient(index)


def _collect_state(machine: Machine, outcome: Outcome, prefix: str) -> None:
    outcome.exact[f"{prefix}step and updates"] = np.array([machine.step, machine.updates])
    for index, population in enumerate(machine.network.populations):
        variables: tuple[str, ...] = ()
        if isinstance(population, SpikingCells):
            variables = ("v", "a") if isinstance(population, ALIFCells) else ("v",)
        elif isinstance(population, AnalogCells):
            variables = (VALUE, *population.state_variables())
        elif isinstance(population, CurrentBasedCells):
            variables = tuple(name for name in population.recordable() if name != "spikes")
        elif isinstance(population, Readouts):
            variables = ("y",)
        for variable in variables:
            outcome.numbers[f"{prefix}{index} {variable} now"] = machine.sample(index, variable)


def _change(case: Case, machine: Machine, factory: Factory, number: int) -> Machine:
    """Do the case's actions after stretch ``number``."""
    rng = np.random.default_rng([case.plan.seed, number])
    between_updates = case.plan.between_updates()[number]
    if "weights" in case.plan.changes and between_updates:
        index = int(rng.integers(len(machine.network.projections)))
        weights = machine.weights(index)
        machine.set_weights(index, weights + rng.normal(0.0, 0.05, len(weights)))
    if "population" in case.plan.changes and between_updates:
        index = int(rng.integers(len(machine.network.populations)))
        machine.set_population(index, changed_population(rng, machine.network, index))
    if "target" in case.plan.changes:
        for index, population in enumerate(machine.network.populations):
            if isinstance(population, Readouts) and population.loss is not None:
                machine.set_population(index, changed_target(
                    rng, machine.network, index, machine.bias(index), machine.step,
                    case.plan.steps - machine.step))
    if "checkpoint" in case.plan.changes:
        state = machine.state()
        machine = factory(machine.network)
        machine.restore(state)
    return machine


def assert_agree(found: Outcome, expected: Outcome, bound: float) -> None:
    """Spikes and counters equal; numbers within ``bound`` of the largest of their array.

    What is left of numbers of the order of 1 that cancel is rounding.
    """
    assert found.exact.keys() == expected.exact.keys()
    for name, array in expected.exact.items():
        np.testing.assert_array_equal(found.exact[name], array, err_msg=name)
    assert found.numbers.keys() == expected.numbers.keys()
    for name, array in expected.numbers.items():
        assert found.numbers[name].shape == array.shape, name
        largest = np.max(np.abs(array), initial=0.0, where=~np.isnan(array))
        np.testing.assert_allclose(found.numbers[name], array, rtol=0, err_msg=name,
                                   atol=max(bound * largest, _ROUNDING))


def assert_identical(found: Outcome, expected: Outcome) -> None:
    """Every bit of what is expected is found."""
    for name, array in (expected.exact | expected.numbers).items():
        np.testing.assert_array_equal((found.exact | found.numbers)[name], array, err_msg=name)

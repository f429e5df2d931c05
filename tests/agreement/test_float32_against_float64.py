"""The host engine in float32 against float64, step by step on identical spikes.

A float32 number is off by up to 2^-24 = 6e-8 of itself. A leak repeats the error of its decay for
as many steps as its time constant has: up to 500 in these networks, so that STATE = 500 * 6e-8 of
the largest magnitude of a variable bounds its error. h and the readouts' error are functions of
differences, and so bounded by the magnitudes of what is subtracted; a gradient is a sum over them.

Rounding can move a spike only where v lies as close to the threshold as that: then the comparison
ends, and this is checked, too.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from pynn_eprop.engine import HostEngine
from pynn_eprop.models.cells import ALIFCells, Readouts, SpikingCells
from pynn_eprop.models.network import Boundary
from tests.random_networks import Case, CellPlan, Plan, ReadoutPlan, make_case
from tests.strategies import plans

STATE = 3e-5
GRADIENT = 1e-4
ADAPTIVE = CellPlan(size=40, adaptive=True, rate_term=True, varied=True)


def both(case: Case):
    """The engine in both precisions after one update, and what it recorded."""
    recordings = [r for r in case.recordings if r.every == 1 and r.variable != "loss"]
    steps = case.plan.steps
    for precision in ("float32", "float64"):
        machine = HostEngine(case.network, precision=precision)
        entries = machine.run(steps, case.inputs(0, steps), recordings).entries
        yield machine, {(r.population, r.variable): entry
                        for r, entry in zip(recordings, entries, strict=True)}


def raster(spikes, steps: int, size: int) -> np.ndarray:
    """(steps, size), True for spikes."""
    grid = np.zeros((steps + 1, size), dtype=bool)
    grid[spikes[0], spikes[1]] = True
    return grid[1:]


def largest(values: np.ndarray) -> float:
    return float(np.max(np.abs(values), initial=0.0, where=~np.isnan(values)))


def thresholds(population: SpikingCells, recorded: dict, index: int) -> np.ndarray:
    """A_j^t, (steps, cells)."""
    adapted = population.beta * recorded[index, "a"] if isinstance(population, ALIFCells) else 0.0
    return population.v_thresh + adapted + np.zeros_like(recorded[index, "v"])


def magnitudes(case: Case, recorded: dict) -> dict:
    """The unit in which the error of each recorded variable is measured."""
    scales = {key: largest(values) for key, values in recorded.items() if key[1] != "spikes"}
    for index, population in enumerate(case.network.populations):
        if isinstance(population, SpikingCells):
            # |dh / du| is at most 2.05 height (arctan), with u = (v - A) / (width v_th)
            shape = population.pseudo_derivative
            scales[index, "h"] = 2.05 * shape.height / (shape.width * population.v_thresh.min()) * (
                scales[index, "v"] + largest(thresholds(population, recorded, index)))
        elif isinstance(population, Readouts):
            scales[index, "error"] = scales[index, "y"] + scales[index, "target"]
    return scales


def compare(case: Case) -> tuple[int, float, float]:
    """Steps with identical spikes, and the largest errors of states and gradients there."""
    steps = case.plan.steps
    (single, single_recorded), (double, double_recorded) = both(case)
    cells = [index for index, population in enumerate(case.network.populations)
             if isinstance(population, SpikingCells)]
    same = steps
    for index in cells:
        size = case.network.populations[index].size
        one, other = (raster(recorded[index, "spikes"], steps, size)
                      for recorded in (single_recorded, double_recorded))
        if (one != other).any():
            same = min(same, int(np.argmax((one != other).any(axis=1))))
    worst = 0.0
    scales = magnitudes(case, double_recorded)
    for (index, variable), values in double_recorded.items():
        # at the first step that differs, v and a have not felt it yet
        known = same + (variable in ("v", "a")) if variable != "spikes" else 0
        if known and scales[index, variable] > 0.0:
            error = largest(single_recorded[index, variable][:known] - values[:known])
            worst = max(worst, error / scales[index, variable])
    if same < steps:
        for index in cells:
            population = case.network.populations[index]
            one, other = (raster(recorded[index, "spikes"], steps, population.size)[same]
                          for recorded in (single_recorded, double_recorded))
            distance = double_recorded[index, "v"] - thresholds(population, double_recorded, index)
            allowed = STATE * (largest(double_recorded[index, "v"])
                               + largest(thresholds(population, double_recorded, index)))
            assert np.all(np.abs(distance[same])[one != other] <= allowed)
        return same, worst, 0.0
    errors = [0.0]
    for index, projection in enumerate(case.network.projections):
        if projection.optimizer is not None and double.updates:
            gradient = double.gradient(index)
            if largest(gradient) > 0.0:
                errors.append(largest(single.gradient(index) - gradient) / largest(gradient))
    return same, worst, max(errors)


@given(plans(stock=False, changes=False))
def test_random_networks(plan):
    interval = plan.interval_steps
    case = make_case(replace(plan, trials=1, stretches=((interval, True),)))
    _, state, gradient = compare(case)
    assert state <= STATE
    assert gradient <= GRADIENT


@pytest.mark.parametrize("boundary", list(Boundary))
def test_a_network_over_a_thousand_steps(boundary):
    case = make_case(Plan(seed=9, sources=(30,), cells=(ADAPTIVE,), interval_steps=1000,
                          readouts=(ReadoutPlan(3), ReadoutPlan(2, "cross_entropy")),
                          feedbacks=("random",), delays=("mixed",), boundary=boundary,
                          stretches=((1000, True),)))
    same, state, gradient = compare(case)
    assert same == 1000, "spikes are the same for this seed"
    assert state <= STATE
    assert gradient <= GRADIENT

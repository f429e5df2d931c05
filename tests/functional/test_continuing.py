"""Gradients of an interval whose traces go on: one filter for all delays."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from pynn_eprop.functional.continuing import carry_start, continued
from pynn_eprop.functional.forward import forward
from pynn_eprop.functional.inputs import trial_inputs
from pynn_eprop.functional.model import Model
from pynn_eprop.models.cells import LearningCells
from pynn_eprop.models.network import Boundary
from tests.random_networks import CellPlan, Plan, UnitPlan, make_case


def scans(plan, delays):
    """Loops over steps that are compiled, with so many different delays of synapses onto cells."""
    case = make_case(plan)
    projections = tuple(
        replace(each, delay=1 + np.arange(len(each.delay)) % delays)
        if isinstance(case.network.populations[each.post], LearningCells) else each
        for each in case.network.projections)
    with jax.enable_x64(True):
        model = Model.of(replace(case.network, projections=projections), "float64")

        def sums(parameters, inputs):
            _, activity = forward(model, parameters, model.constants(), model.start(), inputs)
            return continued(model, parameters, model.constants(), activity,
                             carry_start(model, parameters))

        made = jax.make_jaxpr(sums)(model.parameters(), trial_inputs(model, case.inputs(0, 20)))
    return len(model.blocks), str(made).count(" scan[")


@pytest.mark.parametrize("cells", [
    {"cells": (CellPlan(4, adaptive=True),)}, {"cells": (CellPlan(4),), "rules": ("clopath",)},
    {"cells": (), "units": (UnitPlan(2),)}])
def test_loops_do_not_become_more_with_delays(cells):
    """Delays move what arrives; the filters of the cells are those of one delay."""
    plan = Plan(boundary=Boundary.CONTINUOUS, stretches=((20, True),), **cells)
    (blocks, loops), (more_blocks, as_many) = scans(plan, 1), scans(plan, 4)
    assert more_blocks == 2 + 4 * (blocks - 2)      # two lead to readouts
    assert as_many == loops > 0

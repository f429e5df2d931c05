"""Kinds of a user's own in JAX: cells, losses, pseudo-derivatives and optimisers.

Expected: the results of the reference, which runs them in float64 with traces for each synapse, and
whose gradients are held against automatic differentiation (tests/reference/test_autodiff_cells.py).
"""

import re
from dataclasses import dataclass, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.cells import ALIFCells, LIFCells
from pynn_eprop.models.losses import Loss
from pynn_eprop.models.network import Boundary
from pynn_eprop.models.pseudo_derivatives import PseudoDerivative
from pynn_eprop.models.rules import ClopathRule, PostsynapticFactor, TruncatedTraces
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import lif
from tests.own_cells import CurrentLIF, OwnALIF
from tests.own_jax_cells import JaxLIF
from tests.own_kinds import Absolute, Box, Momentum
from tests.reference.test_autodiff_cells import (
    CELLS,
    COMMON,
    LITERATURE,
    TRIALS,
    T,
    built,
    copied,
    given,
)

DOUBLE = JaxOptions("float64")


def learned(machine, parts):
    """Weights and gradients after all trials, which run in parts of so many steps."""
    for steps in parts:
        machine.run(steps, given(machine.step, machine.step + steps))
    assert machine.updates > 0
    return [getattr(machine, each)(index) for index in range(3) for each in ("weights", "gradient")]


def assert_as_on_the_reference(net, *parts):
    expected = learned(ReferenceMachine(net), (T * TRIALS,))
    assert all(np.any(each) for each in expected)
    for steps in parts or ((T * TRIALS,), (T + 7, 13, T - 20)):
        for found, each in zip(learned(JaxMachine(net, DOUBLE), steps), expected, strict=True):
            np.testing.assert_allclose(found, each, rtol=0, atol=1e-10 * np.abs(each).max())


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("kind", LITERATURE)
def test_cells_from_the_literature(kind, boundary):
    *_, parameters, scale = LITERATURE[kind]
    net = built(kind("cells", CELLS, **COMMON, **parameters), scale=scale, boundary=boundary,
                trials_per_update=TRIALS)
    assert_as_on_the_reference(net)


def test_truncated_traces_of_cells_from_the_literature():
    kind = next(iter(LITERATURE))
    net = built(kind("cells", CELLS, **COMMON, **LITERATURE[kind][3]), TruncatedTraces())
    assert_as_on_the_reference(net, (T * TRIALS,))


@dataclass(frozen=True)
class Depolarised(PostsynapticFactor):
    """[v - theta v_th]^+, more after each spike of the cell."""

    theta: float = 0.3
    name: ClassVar[str] = "depolarised"
    needs: ClassVar[tuple[str, ...]] = ("v", "spikes")
    memory: ClassVar[tuple[str, ...]] = ("recent",)

    def factor(self, memory, cells):
        recent = 0.9 * memory["recent"] + cells.z
        above = cells.v - self.theta * cells.v_th
        return above * (above > 0) * (1 + recent), {"recent": recent}


@dataclass(frozen=True)
class OfPresentSpikes(Depolarised):
    """Without the filter of the presynaptic spikes."""

    name: ClassVar[str] = "of present spikes"
    membrane_trace: ClassVar[bool] = False


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("rule", [Depolarised(), OfPresentSpikes(theta=-0.2), ClopathRule()])
def test_rules_that_are_a_postsynaptic_factor(rule, boundary):
    net = built(LIFCells(
        "cells", CELLS, **COMMON, tau_m=np.linspace(10.0, 25.0, CELLS),
        v_thresh=np.full(CELLS, 0.4), v_initial=np.linspace(0.0, 0.2, CELLS)), rule,
        boundary=boundary, trials_per_update=TRIALS)
    assert_as_on_the_reference(net)


def test_factors_with_different_parameters_onto_the_same_cells():
    rules = ClopathRule(), ClopathRule(tau_v=3.0), ClopathRule(while_refractory=True)
    net = built(LIFCells(
        "cells", CELLS, **COMMON, tau_m=np.full(CELLS, 20.0), v_thresh=np.full(CELLS, 0.4),
        v_initial=np.zeros(CELLS)), trials_per_update=TRIALS)
    net = replace(net, projections=tuple(
        replace(each, rule=rule) for each, rule in zip(net.projections, rules, strict=True)))
    assert_as_on_the_reference(net, (T * TRIALS,))


@dataclass(frozen=True)
class OfRecentSpikes(PostsynapticFactor):
    """Made of the cell's spikes alone: machines keep no states for it."""

    name: ClassVar[str] = "of recent spikes"
    needs: ClassVar[tuple[str, ...]] = ("spikes",)
    memory: ClassVar[tuple[str, ...]] = ("recent",)

    def factor(self, memory, cells):
        recent = 0.9 * memory["recent"] + cells.z
        return 0.1 + recent, {"recent": recent}


@dataclass(frozen=True)
class OfAdaptation(PostsynapticFactor):
    """Made of another state variable than the membrane potential."""

    name: ClassVar[str] = "of the adaptation"
    needs: ClassVar[tuple[str, ...]] = ("a",)

    def factor(self, memory, cells):
        return 0.1 + cells.a, memory


@pytest.mark.parametrize("boundary", list(Boundary))
def test_factors_that_do_not_read_the_membrane_potential(boundary):
    common = {**COMMON, "tau_m": np.full(CELLS, 20.0), "v_thresh": np.full(CELLS, 0.4),
              "v_initial": np.zeros(CELLS)}
    for cells, rule in ((LIFCells("cells", CELLS, **common), OfRecentSpikes()),
                        (ALIFCells("cells", CELLS, **common, beta=np.full(CELLS, 0.1),
                                    tau_a=np.full(CELLS, 50.0), a_initial=np.zeros(CELLS)),
                         OfAdaptation())):
        assert_as_on_the_reference(built(cells, rule, boundary=boundary,
                                         trials_per_update=TRIALS))


def answering(answer, **lists):
    """A rule whose factor() is a function of its memory and the cells."""
    return type("Answering", (PostsynapticFactor,), {
        "name": "answering", "needs": ("v",), **lists,
        "factor": lambda self, memory, cells: answer(memory, cells)})()


@pytest.mark.parametrize(("rule", "error", "message"), [
    (answering(lambda memory, cells: (np.maximum(cells.v, 0.0), memory)), UnsupportedError,
     "cannot be computed by JAX: TracerArrayConversionError"),
    (answering(lambda memory, cells: (cells.v if cells.v > 0 else 0.0, memory)), UnsupportedError,
     "cannot be computed by JAX: "),
    (answering(lambda memory, cells: (cells.h, memory)), UnsupportedError,
     "'h' is neither one of the cells' constants nor named in needs"),
    (answering(lambda memory, cells: (cells.v, memory), needs=("v", "learning_signal")),
     UnsupportedError, "needs 'learning_signal', which JAX does not keep"),
    (answering(lambda memory, cells: cells.v), ParameterError,
     "it must give P and a dict of its memory, []"),
    (answering(lambda memory, cells: (cells.v, {}), memory=("recent",)), ParameterError,
     "gives no 'recent'; it must give all of its memory, ['recent']"),
    (answering(lambda memory, cells: (cells.v[:1], memory)), ParameterError,
     f"'P' is float64 of shape (1,); it must be real numbers of shape ({CELLS},), or one for all"),
    (answering(lambda memory, cells: (1j * cells.v, memory)), ParameterError,
     "'P' is complex128 of shape"),
    (answering(lambda memory, cells: (cells.v, {"recent": np.zeros(CELLS + 1)}),
               memory=("recent",)), ParameterError, f"'recent' is float64 of shape ({CELLS + 1},)"),
])
def test_factors_that_jax_cannot_compute_are_refused_before_a_run(rule, error, message):
    net = built(LIFCells("cells", CELLS, **COMMON, tau_m=np.full(CELLS, 20.0),
                         v_thresh=np.full(CELLS, 0.4), v_initial=np.zeros(CELLS)), rule)
    with pytest.raises(error, match=re.escape(message)):
        JaxMachine(net, DOUBLE)


def test_a_factor_that_has_its_own_eligibility_is_not_known():
    class Otherwise(Depolarised):
        def eligibility(self, traces, arriving, cells, post):
            return super().eligibility(traces, arriving, cells, post) * 2.0

    with pytest.raises(UnsupportedError, match="rule 'depolarised' is not known to JAX"):
        JaxMachine(built(lif(CELLS), Otherwise()), DOUBLE)


def with_derivatives(kind):
    """Cells whose kind declares its derivatives, in NumPy with operators only."""
    parameters = {name: np.full(CELLS, row.default) for name, row in kind.parameters().items()
                  if name != "tau_refrac" and name not in COMMON}
    states = {f"{name}_initial": np.zeros(CELLS) for name in kind.state_variables()}
    return kind("cells", CELLS, **COMMON, **parameters, **states)


@pytest.mark.parametrize("kind", [CurrentLIF, OwnALIF])
def test_cells_that_declare_their_derivatives(kind):
    cells = replace(with_derivatives(kind), v_thresh=np.full(CELLS, 0.2))
    assert_as_on_the_reference(built(cells), (T * TRIALS,))


@dataclass(frozen=True)
class Triangle(PseudoDerivative):
    """The piecewise linear one once more, in jax.numpy."""

    name: ClassVar[str] = "triangle"

    def __call__(self, u):
        return self.height * jnp.maximum(0.0, 1.0 - jnp.abs(u))


@dataclass(frozen=True)
class Smooth(Loss):
    """E = sum log cosh(y - y*), in jax.numpy."""

    name: ClassVar[str] = "smooth"

    def error(self, y, target):
        return jnp.where(jnp.isnan(target), 0.0, jnp.tanh(y - target))

    def value(self, y, target):
        return jnp.nansum(jnp.log(jnp.cosh(y - target)), axis=-1)


def with_loss(net, loss):
    return replace(net, populations=(*net.populations[:2], replace(net.populations[2], loss=loss)))


def test_losses_and_pseudo_derivatives_in_jax_numpy():
    cells = lif(CELLS, v_thresh=0.35, c_reg=0.01)
    ours = built(replace(cells, pseudo_derivative=replace(cells.pseudo_derivative, height=0.5)))
    same = built(replace(cells, pseudo_derivative=Triangle(0.5)))
    for found, each in zip(learned(JaxMachine(same, DOUBLE), (T * TRIALS,)),
                           learned(JaxMachine(ours, DOUBLE), (T * TRIALS,)), strict=True):
        np.testing.assert_array_equal(found, each)

    @dataclass(frozen=True)
    class InNumPy(Smooth):
        def error(self, y, target):
            return np.where(np.isnan(target), 0.0, np.tanh(y - target))

        def value(self, y, target):
            return np.nansum(np.log(np.cosh(y - target)), axis=-1)

    expected = learned(ReferenceMachine(with_loss(ours, InNumPy())), (T * TRIALS,))
    for found, each in zip(learned(JaxMachine(with_loss(ours, Smooth()), DOUBLE), (T * TRIALS,)),
                           expected, strict=True):
        np.testing.assert_allclose(found, each, rtol=0, atol=1e-10 * np.abs(each).max())


@pytest.mark.parametrize(("part", "message"), [
    ("loss", r"readouts: error\(\) of loss 'absolute' cannot be computed by JAX"),
    ("shape", r"cells: __call__\(\) of pseudo-derivative 'box' cannot be computed by JAX")])
def test_what_is_in_numpy_is_refused_by_name(part, message):
    net = built(lif(CELLS))
    if part == "loss":
        net = with_loss(net, Absolute())
    else:
        net = built(lif(CELLS, pseudo_derivative=Box()))
    with pytest.raises(UnsupportedError, match=message):
        JaxMachine(net, DOUBLE)


def test_optimisers_of_ones_own_step_in_numpy():
    net = built(lif(CELLS, v_thresh=0.35))
    net = replace(net, projections=tuple(replace(each, optimizer=Momentum(lr=5e-4),
                                                 w_max=0.8)
                                         for each in net.projections))
    assert_as_on_the_reference(net)


def test_new_parameters_of_a_copy_act_as_those_of_ours():
    """A step that JAX follows is compiled again if it may have read the population's numbers."""
    found = []
    for cells in (lif(CELLS, v_thresh=0.35), copied(JaxLIF)):
        net = built(replace(cells, v_thresh=np.full(CELLS, 0.35), c_reg=np.zeros(CELLS),
                            tau_m=np.full(CELLS, 20.0), v_initial=np.zeros(CELLS),
                            refractory_steps=np.zeros(CELLS, int)))
        machine = JaxMachine(net, DOUBLE)
        machine.run(T, given(0, T))
        changed = replace(net.populations[1], tau_m=np.full(CELLS, 9.0))
        machine.set_population(1, replace(net, populations=(net.populations[0], changed,
                                                            net.populations[2])))
        machine.run(T, given(T, 2 * T))
        found.append(machine.weights(0))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-11)


class OneDistance(JaxLIF):
    """Cells that are always above their threshold: one number for all is an answer, too."""

    name: ClassVar[str] = "OneDistance"

    def distance(self, cells):
        return 0.1


def test_one_distance_for_all_is_that_of_each():
    net = built(OneDistance("cells", CELLS, **vars_of(JaxLIF)))
    expected, found = (learned(machine, (T * TRIALS,)) for machine in (
        ReferenceMachine(net), JaxMachine(net, DOUBLE)))
    assert np.any(expected[5]), "readouts must have a gradient"
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


class Waiting(JaxLIF):
    """Cells whose step JAX can follow, and differentiate forward only."""

    name: ClassVar[str] = "Waiting"

    def step(self, cells, arriving):
        v = jax.lax.while_loop(lambda v: jnp.any(v > 1e9), lambda v: 0.5 * v, cells.v)
        return {"v": cells.alpha * v + arriving - cells.v_thresh * cells.z_reset}


def test_bptt_refuses_by_name_what_has_no_derivative_backward():
    net = built(Waiting("cells", CELLS, **vars_of(JaxLIF)))
    JaxMachine(net, DOUBLE).run(T, given(0, T))
    with pytest.raises(UnsupportedError, match=r"cells: step\(\) of cell 'Waiting' cannot be "
                                               "computed by JAX: ValueError: Reverse-mode"):
        JaxMachine(net, JaxOptions("float64", "bptt"))


def vars_of(kind):
    """The numbers of our copy of a kind, by name."""
    return {name: value for name, value in vars(copied(kind)).items()
            if name not in ("label", "size", "_followed")}

"""The machine beside programs that use JAX themselves, with settings of their own.

Expected: the numbers of the same run under JAX's defaults.
"""

import gc
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop.functional import compiling
from pynn_eprop.functional.model import Model
from pynn_eprop.functional.structure import structure_of
from pynn_eprop.models.losses import Loss
from tests.descriptions import network, readouts
from tests.functional.machines import jax_machine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

CASE = make_case(Plan(trials=2, cells=(CellPlan(adaptive=True, rate_term=True),),
                      readouts=(ReadoutPlan(bias_optimizer="adam"),)))
FOREIGN = {"jax_enable_x64": True, "jax_numpy_dtype_promotion": "strict",
           "jax_numpy_rank_promotion": "raise", "jax_disable_jit": True,
           "jax_transfer_guard": "disallow", "jax_default_matmul_precision": "bfloat16",
           "jax_debug_nans": True}


def learned(gradient):
    """Weights after updates from whole trials and from trials in parts, compiled here."""
    compiling._compiled.clear()
    machine = jax_machine("float32", gradient)(
        CASE.network if gradient == "eprop" else make_case(BPTT).network)
    for steps in (40, 13, 27):
        machine.run(steps, CASE.inputs(machine.step, steps))
    assert machine.updates == 2
    return [machine.weights(index) for index, _ in enumerate(machine.network.projections)]


BPTT = Plan(trials=2, cells=(CellPlan(adaptive=True, rate_term=True),), feedbacks=("none",))


@contextmanager
def setting(name, value):
    before = getattr(jax.config, name)
    jax.config.update(name, value)
    try:
        yield
    finally:
        jax.config.update(name, before)


@pytest.mark.parametrize("gradient", ["eprop", "bptt"])
def test_settings_of_the_program_beside_change_nothing(gradient):
    expected = learned(gradient)
    for name, value in FOREIGN.items():
        with setting(name, value):
            found = learned(gradient)
            assert getattr(jax.config, name) == value
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=name)


def test_settings_of_the_machine_end_with_its_run():
    jax_machine("float64")(CASE.network).run(40, CASE.inputs(0, 40))
    assert jnp.ones(2).dtype == jnp.float32
    with jax.enable_x64(True):
        jax_machine("float32")(CASE.network).run(40, CASE.inputs(0, 40))
        assert jnp.ones(2).dtype == jnp.float64


def test_a_forked_process_is_refused_rather_than_left_waiting():
    """A fork copies no threads, so that JAX would wait for its own for ever."""
    machine = jax_machine("float64")(CASE.network)
    machine.run(40, CASE.inputs(0, 40))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            machine.run(40, CASE.inputs(40, 40))
        except Exception as refusal:
            os.write(write, f"{type(refusal).__name__}: {refusal}".encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with os.fdopen(read) as told:
        assert told.read().startswith("SimulationError: JAX cannot compute in a process forked")


@dataclass(frozen=True)
class Weighted(Loss):
    """A squared error with a weight for each readout: an array, so that it has no hash."""

    name: ClassVar[str] = "weighted"
    weight: Any = None

    def error(self, y, target):
        return (y - target) * self.weight

    def value(self, y, target):
        return 0.5 * jnp.sum((y - target) ** 2 * self.weight, axis=-1)


def test_a_loss_without_hash_is_not_taken_for_a_later_one_in_its_place():
    """Two objects can have the same id if one is gone before the other comes."""
    def key(weight):
        loss = Weighted(np.full(2, weight))
        return structure_of(Model.of(network([readouts(2, loss=loss, target=np.ones((2, 4)))],
                                             interval_steps=4)))

    keys = []
    for weight in range(5):
        keys.append(key(float(weight)))
        gc.collect()
    assert len(set(keys)) == 5

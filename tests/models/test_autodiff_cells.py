"""Cells whose derivatives JAX takes: declarations, derivatives, and life without JAX."""

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop import AutodiffCells, SpikingCells, initial, parameter, register_cell
from pynn_eprop.errors import MissingDependencyError, ParameterError
from pynn_eprop.models.cells import CELLS, ALIFCells, LIFCells
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from tests.descriptions import lif
from tests.own_cells import registered
from tests.own_jax_cells import Izhikevich, JaxALIF, JaxLIF, ResonateAndFire, TwoCompartments


@dataclass(frozen=True, kw_only=True)
class Curved(AutodiffCells):
    """Every term has a derivative that depends on where it is taken."""

    k: np.ndarray = parameter(0.7, "dimensionless", "of the test")
    v_thresh: np.ndarray = parameter(1.0, "dimensionless", "threshold")
    v_initial: np.ndarray = initial(0.0)
    w_initial: np.ndarray = initial(0.0)
    name: ClassVar[str] = "Curved"

    def constants(self, timestep: float) -> dict[str, Any]:
        return {"half": 0.5 * timestep}

    def step(self, cells: Any, arriving: Any) -> dict[str, Any]:
        return {"v": cells.k * cells.v ** 2 * cells.w + jnp.sin(arriving) * cells.v
                - 3.0 * cells.z_reset,
                "w": cells.half * cells.w + cells.v * cells.z}

    def distance(self, cells: Any) -> Any:
        return cells.v * cells.w - cells.v_thresh


def curved(size: int = 3) -> Curved:
    none = np.zeros(size)
    return Curved("cells", size, k=np.linspace(0.5, 0.9, size), v_thresh=none + 1.0,
                  v_initial=none, w_initial=none, refractory_steps=none.astype(int),
                  f_target=none, c_reg=none, pseudo_derivative=PiecewiseLinear())


def test_derivatives_are_those_of_the_step_just_done_by_hand():
    """d by hand of the equations above, at the state before; z also by way of the distance before.

    dv/dv = 2 k v w + sin I, dv/dw = k v^2, dw/dv = z, dw/dw = 1/2, dw/dz = v, dv/dI = cos(I) v;
    d distance = (w, v). The reset's -3 z does not count.
    """
    kind, (v, w, z, h, arriving, v_now, w_now) = curved(), np.random.default_rng(1).uniform(
        0.2, 1.0, (7, 3))
    k = kind.k
    fixed = {"k": k, "half": np.full(3, 0.5), "v_thresh": kind.v_thresh, "f_target": kind.f_target,
             "c_reg": kind.c_reg, "refractory_steps": kind.refractory_steps}
    cells = SimpleNamespace(timestep=1.0, **fixed, v=v_now, w=w_now, arriving=arriving,
                            before=SimpleNamespace(**fixed, v=v, w=w, z=z, h=h))
    with kind.double_precision():
        transition, drive, distance = (getattr(kind, method)(cells) for method in (
            "transition", "drive", "distance_gradient"))
    expected = {("v", "v"): 2 * k * v * w + np.sin(arriving), ("v", "w"): k * v ** 2,
                ("w", "v"): z + v * h * w, ("w", "w"): 0.5 + v * h * v}
    assert transition.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(transition[key], value, rtol=1e-14)
    np.testing.assert_allclose(drive["v"], np.cos(arriving) * v, rtol=1e-14)
    np.testing.assert_array_equal(drive["w"], 0.0)
    np.testing.assert_allclose([distance["v"], distance["w"]], [w_now, v_now], rtol=1e-14)


def test_all_states_move_on_at_the_start_of_a_step_if_the_kind_looks_back():
    assert Curved.looks_back and Curved.carried_at_start() == ("v", "w")
    assert not LIFCells.looks_back
    assert LIFCells.carried_at_start() == ALIFCells.carried_at_start() == ("v",)


@pytest.mark.parametrize("kind", [Curved, JaxLIF, JaxALIF, TwoCompartments, Izhikevich,
                                  ResonateAndFire])
def test_step_and_distance_are_all_that_a_kind_needs(kind):
    with registered(kind):
        assert CELLS[kind.name] is kind
    assert not kind.learns_from_h
    assert kind.recordable() == ("spikes", *kind.state_variables(), "h", "learning_signal")


def test_without_a_step_a_kind_is_refused():
    kind = dataclass(frozen=True, kw_only=True)(type("Stepless", (Curved,), {
        "__doc__": "", "name": "Stepless", "step": SpikingCells.step}))
    with pytest.raises(ParameterError, match=r"cell Stepless has no step\(\)"):
        register_cell(kind)


def test_the_example_cells_say_where_they_are_from():
    for kind in (TwoCompartments, Izhikevich, ResonateAndFire):
        assert any(year in kind.__doc__ for year in ("2001", "2003", "2018"))
        assert all(row.meaning and row.unit for row in kind.parameters().values())


def test_numpy_needs_no_context_for_64_bits():
    with lif().double_precision():
        assert jnp.asarray(0.1).dtype == "float32"
    with curved().double_precision():
        assert jnp.asarray(0.1).dtype == "float64"
    assert jnp.asarray(0.1).dtype == "float32"


def test_without_jax_the_first_use_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)       # as if it were not installed
    with registered(Curved), pytest.raises(MissingDependencyError,
                                           match=r"pip install 'pynn_eprop\[jax\]'"):
        with curved().double_precision():
            pass


def test_importing_the_package_and_its_host_does_not_import_jax():
    script = "import sys, pynn_eprop, pynn_eprop.host; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0

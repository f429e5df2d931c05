"""Cells of your own in jax.numpy: three from the literature, their derivatives taken by JAX.

Each gives its step and its distance from the threshold; what the eligibility vector needs follows
from both (``AutodiffCells``). The script compares how they learn a small pattern, in JAX or on the
host's reference. As a plugin, the command line trains them on a task:

    python examples/own_jax_cells.py [--updates N] [--backend jax|host]
    pynn-eprop run pattern-generation --backend jax --plugin examples/own_jax_cells.py \
        --set cell=ResonateAndFire
"""

import argparse
import importlib
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop import Adam, AutodiffCells, initial, parameter, register_cell

positive = {"minimum": 0.0, "exclusive": True}


@register_cell
@dataclass(frozen=True, kw_only=True)
class TwoCompartments(AutodiffCells):
    """A dendrite d that drives the soma v by plateaus (after Naud & Sprekeler, 2018).

    d^t = alpha_d d^{t-1} + arriving,    f^t = sigmoid((d^t - v_plateau) / slope),
    v^t = alpha v^{t-1} + (1 - alpha) gain f^t - v_thresh z^{t-1}.

    Their equations without the currents that go from the soma into the dendrite, dimensionless.
    """

    tau_m: np.ndarray = parameter(16.0, "ms", "membrane time constant of the soma", **positive)
    tau_d: np.ndarray = parameter(7.0, "ms", "membrane time constant of the dendrite", **positive)
    v_plateau: np.ndarray = parameter(0.3, "dimensionless", "dendritic potential of half a plateau")
    slope: np.ndarray = parameter(0.2, "dimensionless", "width of a plateau's onset", **positive)
    gain: np.ndarray = parameter(2.0, "dimensionless", "soma's potential under a whole plateau")
    v_thresh: np.ndarray = parameter(0.61, "dimensionless", "threshold and reset", **positive)
    d_initial: np.ndarray = initial(0.0)
    v_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "TwoCompartments"
    meaning: ClassVar[str] = "soma driven by dendritic plateaus (after Naud & Sprekeler, 2018)"

    def constants(self, timestep):
        """Decay factors of a step."""
        return {"alpha": np.exp(-timestep / self.tau_m), "alpha_d": np.exp(-timestep / self.tau_d)}

    def step(self, cells, arriving):
        """Dendrite and soma after one step."""
        d = cells.alpha_d * cells.d + arriving
        plateau = jax.nn.sigmoid((d - cells.v_plateau) / cells.slope)
        v = cells.alpha * cells.v + (1.0 - cells.alpha) * cells.gain * plateau
        return {"d": d, "v": v - cells.v_thresh * cells.z_reset}

    def distance(self, cells):
        """Distance of the soma from the threshold."""
        return cells.v - cells.v_thresh


@register_cell
@dataclass(frozen=True, kw_only=True)
class IzhikevichCells(AutodiffCells):
    """A quadratic membrane v with a recovery variable u (Izhikevich, 2003).

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I,    du/dt = a (b v - u);    v >= v_peak: v = c, u = u + d.

    I is i_offset and the input. So that steps of 1 ms are stable, v moves in two half steps, and
    not below v_floor, where inhibition reverses, or as far above v_peak, as it would without end
    while the cell is refractory. The spike's effect on u has a derivative, as an adaptation; the
    reset of v has none.
    """

    a: np.ndarray = parameter(0.02, "1/ms", "rate of the recovery", **positive)
    b: np.ndarray = parameter(0.2, "1/ms", "sensitivity of the recovery to v")
    c: np.ndarray = parameter(-65.0, "mV", "v after a spike")
    d: np.ndarray = parameter(8.0, "mV/ms", "increase of u by a spike")
    v_peak: np.ndarray = parameter(30.0, "mV", "v of a spike")
    v_floor: np.ndarray = parameter(-90.0, "mV", "lowest v; must be below v_peak")
    gain: np.ndarray = parameter(20.0, "mV", "input of a synapse of weight 1, within a step")
    i_offset: np.ndarray = parameter(3.5, "mV/ms", "constant current; from 4 on the cell is active")
    v_initial: np.ndarray = initial(-65.0, "mV")
    u_initial: np.ndarray = initial(-13.0, "mV/ms")

    name: ClassVar[str] = "Izhikevich"
    meaning: ClassVar[str] = "quadratic cell with a recovery variable (Izhikevich, 2003)"

    def constants(self, timestep):
        """Half a step."""
        return {"half": timestep / 2.0}

    def scale(self, cells):
        """The pseudo-derivative is 0 at the lowest v and highest at the peak."""
        return cells.v_peak - cells.v_floor

    def step(self, cells, arriving):
        """Reset, then membrane potential and recovery after one step."""
        v = cells.v + (cells.c - cells.v) * cells.z_reset
        u = cells.u + cells.d * cells.z
        after = u + 2.0 * cells.half * cells.a * (cells.b * v - u)
        for _ in range(2):
            slope = 0.04 * v * v + 5.0 * v + 140.0 - u + cells.i_offset
            v = v + cells.half * slope + 0.5 * cells.gain * arriving
        return {"v": jnp.clip(v, cells.v_floor, 2.0 * cells.v_peak - cells.v_floor), "u": after}

    def distance(self, cells):
        """Distance from the peak."""
        return cells.v - cells.v_peak


@register_cell
@dataclass(frozen=True, kw_only=True)
class ResonateAndFire(AutodiffCells):
    """A damped oscillation of a current x and a membrane potential y (Izhikevich, 2001).

    x' = -x / tau - omega y + I,    y' = omega x - y / tau;    y >= v_thresh: x = y = 0.

    Solved exactly over a step; the input adds to x at its end.
    """

    tau: np.ndarray = parameter(30.0, "ms", "time constant of the damping", **positive)
    frequency: np.ndarray = parameter(10.0, "Hz", "of the oscillation", minimum=0.0)
    v_thresh: np.ndarray = parameter(0.3, "dimensionless", "threshold", **positive)
    x_initial: np.ndarray = initial(0.0)
    y_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "ResonateAndFire"
    meaning: ClassVar[str] = "damped oscillation with a threshold (Izhikevich, 2001)"

    def constants(self, timestep):
        """Rotation and decay of a step."""
        angle = 2.0 * np.pi * self.frequency * timestep / 1000.0
        decay = np.exp(-timestep / self.tau)
        return {"cos": decay * np.cos(angle), "sin": decay * np.sin(angle)}

    def step(self, cells, arriving):
        """Reset, then the oscillation after one step."""
        x, y = cells.x * (1.0 - cells.z_reset), cells.y * (1.0 - cells.z_reset)
        return {"x": cells.cos * x - cells.sin * y + arriving, "y": cells.sin * x + cells.cos * y}

    def distance(self, cells):
        """Distance of the membrane potential from the threshold."""
        return cells.y - cells.v_thresh


def main(n_updates=40, backend="jax"):
    """Train cells of each kind; the errors of their updates. backend: as in pynn_eprop.BACKEND."""
    # beside this file, which does without it as a plugin
    from small_pattern import train

    sim = importlib.import_module(f"pynn_eprop.{backend}")
    return {kind.name: train(kind.name, getattr(sim, kind.name)(tau_refrac=2.0), 20, n_updates,
                             sim=sim, machine="reference", optimizer=Adam(lr=0.01))
            for kind in (TwoCompartments, IzhikevichCells, ResonateAndFire)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--backend", default="jax")
    options = parser.parse_args()
    main(options.updates, options.backend)

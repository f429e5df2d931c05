"""PyNN's IF_curr_delta and IF_curr_exp: the exact solution over a step. They never learn."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from pynn_eprop.models.cells import CurrentBasedCells, CurrExpCells
from pynn_eprop.models.time_grid import decay


def constants(cells: CurrentBasedCells, timestep: float) -> dict[str, np.ndarray]:
    """The numbers of a step by name, each (size,)."""
    tau_m, cm = np.asarray(cells.tau_m, dtype=float), np.asarray(cells.cm, dtype=float)
    found = {"decay": decay(timestep, tau_m), "resistance": tau_m / cm,     # ms / nF = MOhm
             **{name: np.asarray(getattr(cells, name), dtype=float)
                for name in ("v_rest", "v_thresh", "v_reset", "i_offset")}}
    if isinstance(cells, CurrExpCells):
        for port, tau in (("exc", cells.tau_syn_E), ("inh", cells.tau_syn_I)):
            found[f"{port}_decay"] = decay(timestep, tau)
            found[f"{port}_drive"] = _response(timestep, tau_m, cm, np.asarray(tau, dtype=float))
    return found


def _response(timestep: float, tau_m: np.ndarray, cm: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """v, in mV, after one step that begins with a synaptic current of 1 nA and v at rest.

    (1 / cm) integral_0^dt exp(-(dt - s) / tau_m) exp(-s / tau) ds.
    """
    exponent = timestep * (1.0 / tau - 1.0 / tau_m)
    with np.errstate(invalid="ignore"):
        mean = np.where(exponent == 0.0, 1.0, -np.expm1(-exponent) / exponent)
    return np.asarray(timestep * decay(timestep, tau_m) * mean / cm)


def advance(numbers: dict[str, Any], now: dict[str, Any], excitatory: Any, inhibitory: Any,
            current: Any) -> dict[str, Any]:
    """State, z and ``silent`` after one step.

    Arriving weights are in mV (IF_curr_delta) or nA, ``current`` in nA.
    """
    state = dict(now["state"])
    asymptote = numbers["v_rest"] + numbers["resistance"] * (numbers["i_offset"] + current)
    v = asymptote + (state["v"] - asymptote) * numbers["decay"]
    if "exc_decay" in numbers:
        v = v + numbers["exc_drive"] * state["isyn_exc"] + numbers["inh_drive"] * state["isyn_inh"]
        state["isyn_exc"] = state["isyn_exc"] * numbers["exc_decay"] + excitatory
        state["isyn_inh"] = state["isyn_inh"] * numbers["inh_decay"] + inhibitory
    else:
        v = v + excitatory + inhibitory
    refractory = now["silent"] > 0
    spikes = (v >= numbers["v_thresh"]) & ~refractory
    state["v"] = jnp.where(refractory | spikes, numbers["v_reset"], v)
    silent = jnp.where(spikes, numbers["refractory_steps"], jnp.maximum(now["silent"] - 1, 0))
    return {"state": state, "z": spikes.astype(v.dtype), "silent": silent}

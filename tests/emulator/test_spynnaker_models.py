"""sPyNNaker, unmodified, on an emulated board: its cell models, against independent ones.

The models below are written from the equations of the cells, with the exact solution over a step
of a constant input, as sPyNNaker's own documentation has them; they run in float64.
"""

import math

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator import Board

STEPS = 100
SOURCE = (5.0, 10.0, 11.0, 12.0, 40.0, 41.0, 42.0)
WEIGHTS = {"exp": 3.0, "delta": 6.0, "cond": 0.05, "izk": 8.0}
TAU_M, TAU_SYN, V_REST, V_THRESH = 20.0, 5.0, -65.0, -50.0


def spikes_at(step: int) -> int:
    """A spike sent in one step arrives in the next."""
    return sum(time + 1 == step for time in SOURCE)


class Synapse:
    """Exponential synapse whose area a step is that of the continuous one."""

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.value = 0.0

    def step(self, arriving: int) -> float:
        decay = math.exp(-1 / TAU_SYN)
        self.value = self.value * decay + TAU_SYN * (1 - decay) * self.weight * arriving
        return self.value


def leaky(kind: str) -> tuple[list[int], np.ndarray]:
    """Leaky integrate-and-fire cell; R = tau_m / cm with cm = 1 nF."""
    synapse, v, refractory = Synapse(WEIGHTS[kind]), V_REST, 0
    spikes, trace = [], []
    for step in range(STEPS):
        trace.append(v)
        arriving = spikes_at(step)
        conductance = synapse.step(arriving)
        current = {"exp": conductance, "delta": WEIGHTS[kind] * arriving,
                   "cond": conductance * (0.0 - v)}[kind]
        if refractory:
            refractory -= 1
            continue
        target = V_REST + TAU_M * current
        v = target + (v - target) * math.exp(-1 / TAU_M)
        if v >= V_THRESH:
            spikes.append(step)
            v, refractory = V_REST, 1
    return spikes, np.array(trace)


def izhikevich() -> tuple[list[int], np.ndarray]:
    """Midpoint Runge-Kutta; the step after a spike is longer, to make up for the late reset."""
    a, b, c, d, square = 0.02, 0.2, -65.0, 2.0, 1311 / 32768  # 0.04 as the cores hold it
    synapse, v, u, h = Synapse(WEIGHTS["izk"]), -70.0, -14.0, 1.0
    spikes, trace = [], []
    for step in range(STEPS):
        trace.append(v)
        constant = 140 + synapse.step(spikes_at(step)) - u
        middle = v + h / 2 * (constant + (5 + square * v) * v)
        change = h / 2 * a * (b * v - u)
        v, u = (v + h * (constant - change + (5 + square * middle) * middle),
                u + a * h * (-u - change + b * middle))
        h = 1.0
        if v >= 30:
            spikes.append(step)
            v, u, h = c, u + d, 1.85
    return spikes, np.array(trace)


def record() -> dict[str, tuple[list[float], np.ndarray]]:
    """Spikes and v of one cell of each kind, from one run on the board."""
    with Board(chips=4) as board:
        import pyNN.spiNNaker as sim

        sim.setup(timestep=1.0)
        cells = {"exp": sim.IF_curr_exp(), "delta": sim.IF_curr_delta(),
                 "cond": sim.IF_cond_exp(), "izk": sim.Izhikevich(i_offset=0.0)}
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=SOURCE))
        populations = {}
        for name, cell in cells.items():
            populations[name] = sim.Population(1, cell, label=name)
            sim.Projection(source, populations[name], sim.OneToOneConnector(),
                           sim.StaticSynapse(weight=WEIGHTS[name], delay=1.0))
            populations[name].record(["spikes", "v"])
        sim.run(STEPS)
        data = {}
        for name, population in populations.items():
            segment = population.get_data().segments[0]
            data[name] = (segment.spiketrains[0].magnitude.tolist(),
                          segment.analogsignals[0].magnitude[:, 0])
        assert board.faults() == []
        sim.end()
    return data


def test_cells_against_their_equations() -> None:
    recorded = record()
    for kind, millivolts in (
            ("exp", 0.005), ("delta", 0.005),
            # 0.05 uS is held in 16 bits: an error of 3e-4, of an input of 3 nA on 20 MOhm
            ("cond", 0.02)):
        spikes, trace = leaky(kind)
        assert len(spikes) >= 2
        assert recorded[kind][0] == spikes
        assert np.abs(recorded[kind][1] - trace).max() < millivolts
    spikes, trace = izhikevich()
    assert len(spikes) >= 4
    assert recorded["izk"][0] == spikes
    # near the threshold v moves by 20 mV a step: rounding of the input shows there
    assert np.abs(recorded["izk"][1] - trace).max() < 0.1

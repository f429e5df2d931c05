"""A network on an analog chip, here a stand-in for one, learns two outputs, the chip in the loop.

    python examples/chip_in_the_loop.py

The chip runs the trials; readouts, learning signals, gradients and the optimiser are computed here
(docs/brainscales.md). On a BrainScaleS-2 chip the script is the same but for
``setup(substrate="brainscales")`` without ``mismatch``, which that chip has of its own.
"""

from pathlib import Path

import matplotlib
import numpy as np

import pynn_eprop.brainscales as sim

matplotlib.use("Agg")
import matplotlib.pyplot as plt

TRIAL, N_INPUTS = 200.0, 10       # ms


def main(n_updates=150, n_cells=60, mismatch=0.2, figure=Path("chip_in_the_loop.png")):
    """Train; draw errors, outputs and potentials. Returns the error of each update."""
    rng = np.random.default_rng(1)
    sim.setup(timestep=1.0, update_interval=TRIAL, seed=1, substrate="stand-in", mismatch=mismatch,
              sample_period=2.0)
    time = np.arange(1.0, TRIAL + 1.0)
    target = np.stack([np.sin(2.0 * np.pi * time / TRIAL), np.cos(6.0 * np.pi * time / TRIAL)])
    clock = sim.Population(N_INPUTS, sim.SpikeSourceArray(spike_times=[
        np.concatenate([TRIAL * trial + np.arange(20.0 * i, 20.0 * (i + 1), 4.0)
                        for trial in range(n_updates)]) for i in range(N_INPUTS)]), label="clock")
    cells = sim.Population(n_cells, sim.EPropLIF(tau_m=20.0, tau_refrac=5.0), label="cells")
    readouts = sim.Population(2, sim.EPropReadout(target=target, tau_m=20.0), label="readouts")
    every = sim.AllToAllConnector(allow_self_connections=False)
    for pre, post, width in ((clock, cells, 2.0), (cells, cells, 0.5), (cells, readouts, 0.5)):
        weight = rng.normal(0.0, width / np.sqrt(pre.size), (pre.size, post.size))
        sim.Projection(pre, post, every, sim.EPropSynapse(weight=weight, optimizer="adam"))
    sim.Projection(readouts, cells, every, sim.LearningSignal(
        weight=rng.normal(0.0, 1.0, (2, n_cells))), receptor_type="learning_signal")
    readouts.record("loss")
    sim.run((n_updates - 1) * TRIAL)
    readouts.record("y")
    cells.record(["v", "spikes"])
    sim.run(TRIAL)
    segment = readouts.get_data().segments[0]
    loss = segment.filter(name="loss")[0].magnitude[:, 0]
    error = 2.0 * loss / target.size / np.var(target)
    print(f"nMSE {error[0]:.3f} at first, {error[-10:].mean():.3f} in the last 10 of {n_updates}")
    draw(error, time, target, segment.filter(name="y")[0].magnitude[1:],
         cells.get_data().segments[0], figure)
    sim.end()
    return error


def draw(error, time, target, y, segment, figure):
    """Errors, outputs of the last trial, and what the chip said of three cells."""
    drawn, axes = plt.subplots(1, 3, figsize=(11.0, 3.2), layout="constrained")
    axes[0].semilogy(np.arange(1, len(error) + 1), error)
    axes[0].set(xlabel="update", ylabel="nMSE", title="Learning")
    for output, colour in enumerate(("C0", "C1")):
        axes[1].plot(time, y[:, output], colour)
        axes[1].plot(time, target[output], colour + "--", linewidth=0.8)
    axes[1].set(xlabel="ms", title="Outputs and targets (dashed)")
    v = segment.filter(name="v")[0].magnitude[1:]
    for cell in range(3):
        axes[2].plot(time, v[:, cell] + cell, linewidth=0.9)
    axes[2].set(xlabel="ms", title="v of three cells, from samples")
    drawn.savefig(figure, dpi=150)
    plt.close(drawn)
    print(f"{figure} shows it")


if __name__ == "__main__":
    main()

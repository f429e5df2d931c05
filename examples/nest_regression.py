"""NEST's e-prop example "generate sine waves", as a PyNN script for any backend.

100 LIF cells get frozen noise and learn, by gradient descent, to make one readout follow a sum of
four sines. Parameters, random numbers and the order in which they are drawn are those of NEST's
example, whose losses in its first five iterations are in NEST's test suite (``PUBLISHED``).

    python examples/nest_regression.py [BACKEND] [--updates N] [--figure FILE]
"""

import argparse
import importlib

import matplotlib
import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import SGD, PiecewiseLinear

PUBLISHED = (101.964356999041, 103.466731126205, 103.340607074771, 103.680244037686,
             104.412775748752)

# --- parameters of NEST's example ---------------------------------------------------------------

steps = 1000              # of 1 ms in a sequence
n_in, n_rec, n_out = 100, 100, 1
tau_m = tau_out = 30.0    # ms
v_thresh = 0.03
eta = 1e-4
c_reg = 300.0             # NEST's, see below
f_target = 10.0           # Hz
spike_probability = 0.05  # of an input in a step
periods = (1000, 500, 333, 200)     # steps

# --- the same in units of this package --------------------------------------------------------
# In the example a spike arrives with the factor 1 - alpha (cells) or 1 - kappa (readouts); here
# that is part of the weights and so, twice, of the learning rates. NEST's traces carry 1 - kappa,
# its c_reg counts spikes per step and is divided by the steps (docs/nest.md).

arrival = 1.0 - np.exp(-1.0 / tau_m)            # 1 - alpha
trace = 1.0 - np.exp(-1.0 / tau_out)            # 1 - kappa
to_cells = SGD(lr=eta * arrival**2 * trace)
to_readout = SGD(lr=eta * trace**2)
cell_parameters = {
    "tau_m": tau_m,
    "v_thresh": v_thresh,
    "tau_refrac": 0.0,
    "f_target": f_target,
    "c_reg": c_reg / (1000.0 * steps * trace),
    "pseudo_derivative": PiecewiseLinear(height=0.3 / v_thresh),
}


def draw_weights(rng, n_pre, n_post):
    """N(0, 1 / n_pre) in float32 as in the original, (n_pre, n_post)."""
    return (rng.randn(n_pre, n_post) / np.sqrt(n_pre)).astype(np.float32).astype(float)


def draw_target(rng):
    """A sum of sines that begins at 0 and reaches 1 or -1, (1, steps)."""
    amplitudes = rng.uniform(0.5, 2.0, len(periods))
    phases = rng.uniform(0.0, 2.0 * np.pi, len(periods))
    angles = [np.linspace(0.0, 2.0 * np.pi * (steps // period), steps) for period in periods]
    wave = sum(a * np.sin(phase + angle)
               for a, phase, angle in zip(amplitudes, phases, angles, strict=True))
    wave = wave - wave[0]
    return (wave / np.abs(wave).max())[None]


def main(backend="host", n_updates=100, first_step=1, figure=None):
    """Train; return the loss of each update.

    ``first_step``: the first step of a sequence that may have input. NEST's example has some in
    step 1, which makes NEST miss a little of the gradient; from 2 on all backends do the same.
    """
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    rng = np.random.RandomState(1)
    w_in, w_rec, w_out = (draw_weights(rng, n_in, n_rec), draw_weights(rng, n_rec, n_rec),
                          draw_weights(rng, n_rec, n_out))
    feedback = draw_weights(rng, n_rec, n_out).T
    noise = rng.rand(steps, n_in) < spike_probability
    noise[:first_step] = False
    target = draw_target(rng)

    # --- build ------------------------------------------------------------------------------------

    options = {"nest": {"quirks": "allow"}, "host": {"precision": "float64"}}
    sim.setup(timestep=1.0, update_interval=float(steps), seed=1, **options.get(backend, {}))
    starts = steps * np.arange(n_updates, dtype=float)[:, None]
    inputs = sim.Population(n_in, sim.SpikeSourceArray(spike_times=[
        Sequence((starts + np.flatnonzero(row)).ravel()) for row in noise.T]), label="inputs")
    cells = sim.Population(n_rec, sim.EPropLIF(**cell_parameters), label="cells")
    readout = sim.Population(n_out, sim.EPropReadout(tau_m=tau_out, loss="mse", target=target),
                             label="readout")

    connector = sim.AllToAllConnector(allow_self_connections=False)
    sim.Projection(inputs, cells, connector,
                   sim.EPropSynapse(weight=w_in * arrival, optimizer=to_cells))
    sim.Projection(cells, cells, connector,
                   sim.EPropSynapse(weight=w_rec * arrival, optimizer=to_cells))
    sim.Projection(cells, readout, connector,
                   sim.EPropSynapse(weight=w_out * trace, optimizer=to_readout))
    sim.Projection(readout, cells, connector, sim.LearningSignal(weight=feedback),
                   receptor_type="learning_signal")

    # --- train ------------------------------------------------------------------------------------

    readout.record("loss")
    sim.run(float(n_updates * steps))
    loss = np.asarray(readout.get_data("loss").segments[0].analogsignals[0].magnitude)[:, 0]
    sim.end()
    print(f"loss: {loss[0]:.6f} in the first sequence, {loss[-1]:.6f} in the last")
    if figure:
        plot(figure, loss)
    return loss


def plot(path, loss):
    """The learning curve, with NEST's published losses."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(np.arange(1, len(loss) + 1), loss, label="this run")
    axes.plot(np.arange(1, 6), PUBLISHED, "k+", label="published by NEST")
    axes.set(xlabel="update", ylabel="E")
    axes.legend()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backend", nargs="?", default="host")
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--figure", default="nest_regression.png")
    options = parser.parse_args()
    main(options.backend, options.updates, figure=options.figure)

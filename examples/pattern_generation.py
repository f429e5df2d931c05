"""Train a recurrent spiking network to generate three patterns (Bellec et al. 2019, task 1.1).

600 LIF cells, connected all to all, get a clock as input; three readouts learn to follow a sum of
sinusoids each. After every second of activity e-prop updates all weights.

    python examples/pattern_generation.py [BACKEND] [--updates N] [--neurons N] [--figure FILE]
"""

import argparse
import importlib

import matplotlib
import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import Adam, StepDecay

# --- parameters -------------------------------------------------------------------------------

trial = 1000.0            # ms, length of the patterns; weights are updated after each trial
dt = 1.0                  # ms
seed = 1

n_inputs = 20             # in five groups, active one after the other
clock_period = 10.0       # ms, an active input fires at 100 Hz
n_readouts = 3

cell_parameters = {
    "tau_m": 20.0,        # ms
    "v_thresh": 0.61,
    "tau_refrac": 5.0,    # ms
    "f_target": 10.0,     # Hz
    "c_reg": 0.02,        # strength of the firing-rate term
}
tau_out = 20.0            # ms

frequencies = np.array([1.0, 2.0, 3.0, 5.0])    # Hz
adam = Adam(lr=0.003, schedule=StepDecay(factor=0.7, every=100))


def draw_targets(rng):
    """Sums of sinusoids with random amplitudes and phases, shape (n_readouts, steps)."""
    t = np.arange(0.0, trial, dt) / 1000.0
    amplitude = rng.uniform(0.5, 2.0, (n_readouts, len(frequencies), 1))
    phase = rng.uniform(0.0, 2.0 * np.pi, (n_readouts, len(frequencies), 1))
    return np.sum(amplitude * np.sin(2.0 * np.pi * frequencies[:, None] * t + phase), axis=1)


def clock_spikes(n_trials):
    """Spike times of each input over all trials: group i fires in the i-th fifth of a trial."""
    starts = trial * np.arange(n_trials)[:, None]
    group = np.repeat(np.arange(5), n_inputs // 5)
    return [Sequence((starts + np.arange(200.0 * i, 200.0 * (i + 1), clock_period)).ravel())
            for i in group]


def main(backend="host", n_updates=1000, n_neurons=600, figure=None):
    """Train; return the error of each update, the outputs and the targets of the last trial."""
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    rng = np.random.default_rng(seed)
    targets = draw_targets(rng)

    # --- build --------------------------------------------------------------------------------

    sim.setup(timestep=dt, update_interval=trial, seed=seed)

    clock = sim.Population(n_inputs, sim.SpikeSourceArray(spike_times=clock_spikes(n_updates + 1)),
                           label="clock")
    network = sim.Population(n_neurons, sim.EPropLIF(**cell_parameters), label="network")
    readout = sim.Population(n_readouts, sim.EPropReadout(tau_m=tau_out, loss="mse",
                                                          target=targets), label="readout")

    w_in = rng.normal(0.0, 1.0 / np.sqrt(n_inputs), (n_inputs, n_neurons))
    w_rec = rng.normal(0.0, 1.0 / np.sqrt(n_neurons), (n_neurons, n_neurons))
    w_out = rng.normal(0.0, 1.0 / np.sqrt(n_neurons), (n_neurons, n_readouts))
    feedback = rng.normal(0.0, 1.0 / np.sqrt(n_neurons), (n_readouts, n_neurons))

    all_to_all = sim.AllToAllConnector(allow_self_connections=False)
    sim.Projection(clock, network, all_to_all, sim.EPropSynapse(weight=w_in, optimizer=adam))
    sim.Projection(network, network, all_to_all, sim.EPropSynapse(weight=w_rec, optimizer=adam))
    sim.Projection(network, readout, all_to_all, sim.EPropSynapse(weight=w_out, optimizer=adam))
    sim.Projection(readout, network, all_to_all, sim.LearningSignal(weight=feedback),
                   receptor_type="learning_signal")

    # --- train --------------------------------------------------------------------------------

    readout.record("loss")
    sim.run(n_updates * trial)
    loss = readout.get_data("loss", clear=True).segments[0].analogsignals[0].magnitude[:, 0]
    # E = 1/2 sum (y - y*)^2 over steps and readouts; normalised by the variance of the targets
    error = 2.0 * loss / targets.size / np.mean(np.var(targets, axis=1))

    # --- one more trial without learning, for the figure ----------------------------------------

    sim.set_learning(False)
    network.record("spikes")
    readout.record("y")
    sim.run(trial)
    spikes = network.get_data("spikes").segments[0].spiketrains
    outputs = readout.get_data("y").segments[0].filter(name="y")[0].magnitude[-targets.shape[1]:]
    sim.end()

    print(f"nMSE: {error[0]:.3f} in the first trial, {error[-50:].mean():.4f} in the last 50")
    if figure:
        plot(figure, n_updates * trial, spikes, outputs, targets, error)
    return error, outputs, targets.T


def plot(path, start, spikes, outputs, targets, error):
    """Spikes of 20 cells and the outputs in the last trial, and the learning curve."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(n_readouts + 2, 1, figsize=(7, 9), layout="constrained")
    axes[0].eventplot([train.magnitude - start for train in spikes[:20]], color="black")
    axes[0].set(ylabel="20 cells", xlim=(0.0, trial))
    for k in range(n_readouts):
        axes[k + 1].plot(np.arange(dt, trial + dt, dt), outputs[:, k], label="output")
        axes[k + 1].plot(np.arange(dt, trial + dt, dt), targets[k], "k--", label="target")
        axes[k + 1].set(ylabel=f"output {k + 1}", xlim=(0.0, trial))
    axes[1].legend(loc="upper right", ncols=2)
    axes[n_readouts].set_xlabel("time (ms)")
    axes[-1].semilogy(np.arange(1, len(error) + 1), error)
    axes[-1].set(xlabel="update", ylabel="nMSE")
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backend", nargs="?", default="host")
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--neurons", type=int, default=600)
    parser.add_argument("--figure", default="pattern_generation.png")
    options = parser.parse_args()
    main(options.backend, options.updates, options.neurons, options.figure)

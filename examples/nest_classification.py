"""NEST's e-prop example "evidence accumulation", as a PyNN script for any backend.

An agent sees seven cues, left or right, and must say after a pause which were more. 50 LIF and 50
adaptive LIF cells learn it with Adam. Parameters, random numbers and the order in which they are
drawn are those of NEST's example; its losses in the first five iterations, with batches of one and
of two trials, are in NEST's test suite (``PUBLISHED``).

    python examples/nest_classification.py [BACKEND] [--updates N] [--trials N] [--figure FILE]
"""

import argparse
import importlib

import matplotlib
import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import Adam, PiecewiseLinear

PUBLISHED = {
    1: (0.741152550006, 0.740388187700, 0.665785233177, 0.663644193322, 0.729428962844),
    2: (0.702163370672, 0.735555303152, 0.740354864111, 0.683882815282, 0.707841122268),
}

# --- parameters of NEST's example; one step is 1 ms ---------------------------------------------

n_cues, cue, spacing, pause, recall = 7, 100, 50, 1050, 150
steps = n_cues * (cue + spacing) + pause + recall
n_in, n_reg, n_ad, n_out = 40, 50, 50, 2
n_rec, group = n_reg + n_ad, n_in // 4
tau_m = tau_out = 20.0    # ms
tau_a = 2000.0            # ms
v_thresh = 0.6
c_reg, eta, eps = 300.0, 5e-3, 1e-8
p_minority, p_spike = 0.3, 0.04

# --- the same in units of this package ----------------------------------------------------------
# NEST's t_ref counts the step of the spike. Its gradients are means over trials and over the
# recall, and carry 1 - kappa: Adam only sees that in eps. A spike reaches a readout with the
# factor 1 - kappa, which is part of the weight here and so of the learning rate (docs/nest.md).

trace = 1.0 - np.exp(-1.0 / tau_out)            # 1 - kappa
adaptation = {
    "tau_a": tau_a,
    "beta": 1.7 * (1.0 - np.exp(-1.0 / tau_a)) / (1.0 - np.exp(-1.0 / tau_m)),
}
cell_parameters = {
    "tau_m": tau_m,
    "v_thresh": v_thresh,
    "tau_refrac": 4.0,    # ms
    "f_target": 10.0,     # Hz
    "c_reg": c_reg / (1000.0 * steps * trace),
    "pseudo_derivative": PiecewiseLinear(height=0.3 / v_thresh),
}


def draw_trials(rng, n_trials, first_step):
    """Input (n_trials * steps, n_in) and, for each trial, whether cue 1 was the more frequent."""
    chances = np.array([p_minority, 1.0 - p_minority], dtype=np.float32)
    sides = rng.choice([0, 1], n_trials)
    probabilities = np.stack([chances[sides], chances[1 - sides]], axis=1)
    cues = np.array([rng.choice([0, 1], n_cues, p=p) for p in probabilities])
    rate = np.zeros((n_trials, steps, n_in))
    for trial in range(n_trials):
        for number, side in enumerate(cues[trial]):
            start = number * (cue + spacing) + spacing
            rate[trial, start:start + cue, side * group:(side + 1) * group] = p_spike
    rate[:, -recall:, 2 * group:3 * group] = p_spike
    rate[:, :, 3 * group:] = p_spike / 4.0
    spikes = rate > rng.rand(rate.size).reshape(rate.shape)
    spikes[:, :first_step] = False
    return spikes.reshape(-1, n_in), cues.sum(axis=1) > n_cues // 2


def float32(values):
    """Values rounded as the original's weights."""
    return np.asarray(values, dtype=np.float32).astype(float)


def main(backend="host", n_updates=50, n_trials=1, first_step=1, figure=None):
    """Train; return the loss of each update, the mean over its trials and the steps of recall.

    ``first_step``: the first step of a trial that may have input; from 2 on NEST does what all
    backends do.
    """
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    rng = np.random.RandomState(1)
    w_in = float32(rng.randn(n_in, n_rec) / np.sqrt(n_in))
    w_rec = float32(rng.randn(n_rec, n_rec) / np.sqrt(n_rec))
    limit = np.sqrt(3.0 / ((n_rec + n_out) / 2.0))
    w_out = float32(rng.uniform(-limit, limit, (n_rec, n_out)))
    feedback = float32(rng.randn(n_rec, n_out)).T
    drawn = [draw_trials(rng, n_trials, first_step) for _ in range(n_updates)]
    spikes = np.concatenate([part for part, _ in drawn])
    answers = np.concatenate([part for _, part in drawn]).astype(int)
    target = np.full((n_out, len(answers), steps), np.nan)
    target[:, :, -recall:] = np.eye(n_out)[answers].T[:, :, None]

    # --- build ------------------------------------------------------------------------------------

    options = {"nest": {"quirks": "allow"}, "host": {"precision": "float64"}}
    sim.setup(timestep=1.0, update_interval=float(steps), trials_per_update=n_trials, seed=1,
              **options.get(backend, {}))
    inputs = sim.Population(n_in, sim.SpikeSourceArray(
        spike_times=[Sequence(np.flatnonzero(row).astype(float)) for row in spikes.T]))
    cells = sim.Population(n_reg, sim.EPropLIF(**cell_parameters), label="regular") \
        + sim.Population(n_ad, sim.EPropALIF(**cell_parameters, **adaptation), label="adaptive")
    readout = sim.Population(n_out, sim.EPropReadout(
        tau_m=tau_out, loss="cross_entropy", target=target.reshape(n_out, -1)), label="readout")

    adam = {"eps": eps * recall * n_trials / trace, "eps_hat": True}
    connector = sim.AllToAllConnector(allow_self_connections=False)
    for pre, weight in ((inputs, w_in), (cells, w_rec)):
        sim.Projection(pre, cells, connector,
                       sim.EPropSynapse(weight=weight, optimizer=Adam(lr=eta, **adam)))
    sim.Projection(cells, readout, connector,
                   sim.EPropSynapse(weight=w_out * trace, optimizer=Adam(lr=eta * trace, **adam)))
    sim.Projection(readout, cells, connector, sim.LearningSignal(weight=feedback),
                   receptor_type="learning_signal")

    readout.record("loss")
    sim.run(float(n_updates * n_trials * steps))
    loss = np.asarray(readout.get_data("loss").segments[0].analogsignals[0].magnitude)[:, 0]
    sim.end()
    loss = loss.reshape(n_updates, n_trials).mean(axis=1) / recall
    print(f"loss: {loss[0]:.6f} in the first update, {loss[-1]:.6f} in the last")
    if figure:
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt
        drawing, axes = plt.subplots(figsize=(7, 4), layout="constrained")
        axes.plot(np.arange(1, n_updates + 1), loss)
        axes.set(xlabel="update", ylabel="cross-entropy")
        drawing.savefig(figure, dpi=150)
    return loss


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backend", nargs="?", default="host")
    parser.add_argument("--updates", type=int, default=50)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--figure", default="nest_classification.png")
    main(**{{"updates": "n_updates", "trials": "n_trials"}.get(name, name): value
            for name, value in vars(parser.parse_args()).items()})

"""Train an LSNN to store a bit and to recall it later (Bellec et al. 2019, task 1.2).

10 LIF and 10 adaptive LIF cells see a changing bit. On STORE they have to remember it, on RECALL,
1.2 s later on average, to report it. Weights are updated after every 128 trials of 2.4 s.

    python examples/store_recall.py [BACKEND] [--updates N] [--trials N] [--figure FILE]
"""

import argparse
import importlib

import matplotlib
import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import Adam, StepDecay
from pynn_eprop.tasks import StoreRecall

# --- parameters -------------------------------------------------------------------------------

task = StoreRecall()      # draws the trials: 12 periods of 200 ms, inputs at 50 Hz, 100 channels
seed = 1

common = {
    "tau_m": 20.0,        # ms
    "v_thresh": 0.5,
    "tau_refrac": 5.0,    # ms
    "f_target": 10.0,     # Hz
    "c_reg": 0.02,
}
adaptation = {
    "beta": 0.03,         # threshold increase per spike
    "tau_a": 1200.0,      # ms
}
n_cells = {"lif": 10, "alif": 10}
n_readouts = 2
tau_out = 20.0            # ms

width = {"in": 0.8, "rec": 0.2, "out": 0.2}     # of the initial weights
adam = Adam(lr=0.01, schedule=StepDecay(factor=0.3, every=100))


def normal(rng, scale, n_pre, n_post):
    """Normal weights with standard deviation ``scale``, shape (n_pre, n_post)."""
    return rng.normal(0.0, scale, (n_pre, n_post))


def main(backend="host", n_updates=75, n_trials=128, figure=None):
    """Train; return the error on as many validation trials after each update."""
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    rng = np.random.default_rng(seed)
    n, n_in = sum(n_cells.values()), task.n_inputs

    # --- build --------------------------------------------------------------------------------

    sim.setup(timestep=1.0, update_interval=task.interval, trials_per_update=n_trials, seed=seed)

    inputs = sim.Population(n_in, sim.SpikeSourceArray(spike_times=[]), label="inputs")
    cells = {
        "lif": sim.Population(n_cells["lif"], sim.EPropLIF(**common), label="lif"),
        "alif": sim.Population(n_cells["alif"], sim.EPropALIF(**common, **adaptation),
                               label="alif"),
    }
    no_target = np.full((n_readouts, round(task.interval)), np.nan)    # each batch brings its own
    readout = sim.Population(n_readouts, sim.EPropReadout(tau_m=tau_out, loss="cross_entropy",
                                                          target=no_target), label="readout")

    all_to_all = sim.AllToAllConnector(allow_self_connections=False)

    def connect(pre, post, weight):
        sim.Projection(pre, post, all_to_all, sim.EPropSynapse(weight=weight, optimizer=adam))

    for post in cells.values():
        connect(inputs, post, normal(rng, width["in"] / np.sqrt(n_in), n_in, post.size))
        for pre in cells.values():
            connect(pre, post, normal(rng, width["rec"] / np.sqrt(n), pre.size, post.size))
        connect(post, readout, normal(rng, width["out"] / np.sqrt(n), post.size, n_readouts))
        feedback = normal(rng, 1.0 / np.sqrt(n), n_readouts, post.size)
        sim.Projection(readout, post, all_to_all, sim.LearningSignal(weight=feedback),
                       receptor_type="learning_signal")

    # --- train, and validate without learning after each update ----------------------------------

    readout.record("y")

    def run(trials):
        now = sim.get_current_time()
        inputs.set(spike_times=[Sequence(now + times) for times in trials.spike_times["inputs"]])
        readout.set(target=trials.targets["readout"])
        sim.run(trials.n_trials * task.interval)
        y = readout.get_data("y", clear=True).segments[0].filter(name="y")[0].magnitude
        return {"readout": y[-round(trials.n_trials * task.interval):]}

    error = []
    for update in range(n_updates):
        sim.set_learning(True)
        run(task.draw(n_trials, rng))
        sim.set_learning(False)
        validation = task.draw(n_trials, rng)
        y = run(validation)
        wrong, recalls = task.count_wrong(y, validation)
        error.append(wrong / recalls)
        if sim.rank() == 0 and (update % 10 == 9 or update == n_updates - 1):
            print(f"update {update + 1}: {error[-1]:.1%} of {recalls} recalls wrong")
    sim.end()

    if figure and sim.rank() == 0:
        plot(figure, error)
    return np.array(error)


def plot(path, error):
    """The learning curve."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(np.arange(1, len(error) + 1), error)
    axes.axhline(0.05, color="black", linestyle="--", label="solved: below 5%")
    axes.set(xlabel="update", ylabel="misclassification rate", ylim=(0.0, 0.6))
    axes.legend()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("backend", nargs="?", default="host")
    parser.add_argument("--updates", type=int, default=75)
    parser.add_argument("--trials", type=int, default=128)
    parser.add_argument("--figure", default="store_recall.png")
    options = parser.parse_args()
    main(options.backend, options.updates, options.trials, options.figure)

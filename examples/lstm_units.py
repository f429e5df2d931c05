"""LSTM units that learn with e-prop 1 to keep a value over a delay, in JAX.

In each trial of 60 steps a value between -1 and 1 is shown for 3 steps, together with a cue; after
that noise takes its place. In the last 10 steps the readout has to give the value. The learning
signal is that of the present error: the eligibility traces of the units bridge the delay.
Needs JAX: pip install 'pynn_eprop[jax]'.

    python examples/lstm_units.py [--updates N] [--figure FILE]        # less than a minute
"""

import argparse

import matplotlib
import numpy as np

import pynn_eprop.jax as sim
from pynn_eprop import Adam

steps, shown, answer, trials = 60, 3, 10, 16      # a step is 1 ms
gates = ("input_gate", "forget_gate", "output_gate", "cell")


def draw(rng):
    """An update's inputs (3, trials * steps): value, cue and 1; and targets (1, trials * steps)."""
    values = rng.uniform(-1.0, 1.0, trials)
    inputs = np.zeros((trials, 3, steps))
    inputs[:, 0] = rng.uniform(-1.0, 1.0, (trials, steps))
    inputs[:, 0, :shown], inputs[:, 1, :shown] = values[:, np.newaxis], 1.0
    inputs[:, 2] = 1.0                          # its weights are biases that learn
    targets = np.full((trials, 1, steps), np.nan)
    targets[:, :, -answer:] = values[:, np.newaxis, np.newaxis]
    return (np.concatenate(rows, axis=-1) for rows in (inputs, targets))


def build(n_units, seed):
    """Populations of the source, the units and the readout, connected by weights that learn."""
    rng = np.random.default_rng(seed)
    sim.setup(timestep=1.0, update_interval=float(steps), trials_per_update=trials, seed=seed)
    source = sim.Population(3, sim.AnalogSource(np.zeros((3, 1)), repeats=False), label="source")
    units = sim.Population(n_units, sim.EPropLSTM(tanh_output=True, forget_bias=3.0), label="units")
    # a time constant far below a step: the readout is a weighted sum of the present values
    readout = sim.Population(1, sim.EPropReadout(tau_m=0.01, target=np.zeros((1, steps))),
                             label="readout")

    def learns(pre, post, receptor=None):
        weight = rng.normal(0.0, 1.0 / np.sqrt(pre.size), (pre.size, post.size))
        sim.Projection(pre, post, sim.AllToAllConnector(),
                       sim.EPropSynapse(weight=weight, optimizer=Adam(lr=0.01)),
                       receptor_type=receptor)

    for gate in gates:                          # a projection for each receptor
        learns(source, units, gate)
        learns(units, units, gate)
    learns(units, readout)
    sim.Projection(readout, units, sim.AllToAllConnector(), sim.LearningSignal(symmetric=True),
                   receptor_type="learning_signal")
    return source, units, readout


def main(n_updates=800, n_units=16, seed=1, figure=None):
    """The root mean square error of each update; 0.58 is that of the answer 0."""
    source, units, readout = build(n_units, seed)
    readout.record("loss")
    rng = np.random.default_rng(seed + 1)
    for update in range(n_updates):
        if update == n_updates - 1:             # the figure shows the last one
            units.record("c")
            readout.record("y")
        inputs, targets = draw(rng)
        source.set(values=inputs)
        readout.set(target=targets)
        sim.run(float(trials * steps))
    found = {signal.name: signal.magnitude for signal in
             (*readout.get_data().segments[0].analogsignals,
              *units.get_data().segments[0].analogsignals)}
    loss = found["loss"][:, 0].reshape(n_updates, trials).mean(axis=1)
    error = np.sqrt(2.0 * loss / answer)
    sim.end()
    if figure is not None:
        draw_figure(figure, error, found, targets)
    return error


def draw_figure(path, error, found, targets):
    """The learning curve, and from the last update the units' memory and some answers."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, (curve, memory, output) = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
    curve.plot(np.arange(1, len(error) + 1), error)
    curve.set(xlabel="update", ylabel="root mean square error", ylim=(0.0, None))
    time = np.arange(1, steps + 1)
    order = np.argsort(targets[0, steps - 1::steps])
    for trial in order[[0, trials // 3, -trials // 3, -1]]:
        within = slice(trial * steps, (trial + 1) * steps)
        (line,) = output.plot(time, found["y"][1:][within, 0])
        output.plot(time, targets[0, within], "--", color=line.get_color(), linewidth=3.0)
    memory.plot(time, found["c"][1:steps + 1])
    memory.set(xlabel="step", ylabel="c of each unit", title="memory, one trial")
    output.set(xlabel="step", ylabel="y (dashed: target)", title="answers, four trials")
    figure.savefig(path, dpi=150)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=800)
    parser.add_argument("--figure", default="lstm_units.png")
    options = parser.parse_args()
    errors = main(options.updates, figure=options.figure)
    print(f"root mean square error {errors[0]:.2f} at first, {errors[-10:].mean():.2f} in the last "
          "10 updates")

"""Learn a movement of an arm from one trial (Bellec et al. 2019, task 2.1), on any backend.

A spiking error module, which an outer loop has trained, sees the movement of the arm's tip and what
the learner does, and sends it learning signals. After one weight update the learner moves the arm.

    pynn-eprop learn arm-movement --size small --out learned
    python examples/one_shot_arm.py learned [BACKEND] [--movements N] [--figure FILE]
"""

import argparse
import importlib

import matplotlib
import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import SGD
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.families.arm_movement.arm import tip
from pynn_eprop.learning_to_learn import load_learned


def main(folder, backend="host", n_movements=4, seed=1, figure=None):
    """The error of the tip before and after one update, for each of some fresh movements."""
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    learned = load_learned(folder)
    family = learned.family                     # parameters; draws the movements
    rule = rule_named(learned.rule)             # also of the form clopath:tau_v=20
    weight = {**learned.learner_weights, **learned.module_weights}
    trial, clock = family.interval, family.clock()
    goals = family.draw(n_movements, np.random.default_rng(seed))["goal"]    # (movements, ms, 2)

    # --- build --------------------------------------------------------------------------------

    sim.setup(timestep=family.timestep, update_interval=trial, seed=seed)
    cell = sim.EPropLIF(tau_m=family.tau_m, tau_refrac=family.tau_refrac,
                        v_thresh=family.v_thresh)
    clock_input = sim.Population(family.n_inputs, sim.SpikeSourceArray(spike_times=[]))
    learner = sim.Population(family.n_neurons, cell)
    joints = sim.Population(2, sim.EPropReadout(loss=None, tau_m=family.tau_out,
                                                bias=weight["output_bias"]))
    # each movement is shown in two trials: in the first the learner learns, in the second it moves
    goal = sim.Population(2, sim.AnalogSource(values=np.concatenate(np.repeat(goals, 2, axis=0)).T,
                                              repeats=False, frame_duration=family.timestep))
    module = sim.Population(family.n_module, cell)
    signals = sim.Population(family.n_neurons,
                             sim.EPropReadout(loss=None, tau_m=family.tau_signal))

    def connect(pre, post, name, optimizer=None):
        return sim.Projection(pre, post, sim.AllToAllConnector(allow_self_connections=False),
                              sim.EPropSynapse(weight=weight[name], optimizer=optimizer,
                                               rule=rule))

    update = SGD(lr=family.update_rate)                                      # eq. 59
    plastic = {"input": connect(clock_input, learner, "input", update),
               "recurrent": connect(learner, learner, "recurrent", update)}
    connect(learner, joints, "output")
    connect(clock_input, module, "module_input")
    connect(learner, module, "module_learner")
    connect(goal, module, "module_goal")
    connect(module, module, "module_recurrent")
    connect(module, signals, "module_signals")
    sim.Projection(signals, learner, sim.OneToOneConnector(),                # eq. 58
                   sim.LearningSignal(weight=learned.module.gain_in(family)),
                   receptor_type="learning_signal")
    joints.record("y")

    # --- learn each movement from the same first weights -----------------------------------------

    paths, errors = [], []
    for movement in goals:
        for name, projection in plastic.items():
            projection.set(weight=weight[name])
        for learning in (True, False):
            sim.set_learning(learning)
            now = sim.get_current_time()
            clock_input.set(spike_times=[Sequence(now + times) for times in clock])
            sim.run(trial)
            y = joints.get_data("y", clear=True).segments[0].analogsignals[0].magnitude
            paths.append(tip(y[-family.steps:], family.timestep))
            errors.append(np.mean((paths[-1] - movement) ** 2))
        print(f"mse of the tip {errors[-2]:.4f} before, {errors[-1]:.4f} after one update")
    sim.end()
    if figure:
        plot(figure, goals, paths)
    return np.reshape(errors, (n_movements, 2))


def plot(path, goals, paths):
    """Paths of the tip before and after the update, beside those that were shown."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, rows = plt.subplots(2, len(goals), figsize=(2.6 * len(goals), 5.2), squeeze=False,
                                layout="constrained", sharex=True, sharey=True)
    for row, axes_of_row in enumerate(rows):
        for number, axes in enumerate(axes_of_row):
            axes.plot(*goals[number].T, "--", color="grey", label="shown")
            axes.plot(*paths[2 * number + row].T, label="tip")
            axes.set(aspect="equal", title=("before the update", "after one update")[row])
    rows[0, 0].legend()
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("learned", help="folder of `pynn-eprop learn arm-movement`")
    parser.add_argument("backend", nargs="?", default="host")
    parser.add_argument("--movements", type=int, default=4)
    parser.add_argument("--figure", default="one_shot_arm.png")
    options = parser.parse_args()
    main(options.learned, options.backend, options.movements, figure=options.figure)

"""A learning rule of your own: a class with a name, the traces it keeps, and one step of them.

Here a synapse learns only from input around a spike of its cell: the pseudo-derivative h_j of
e-prop is replaced by a trace of the cell's own spikes. It runs on the reference, which runs any
rule; the script compares it with e-prop on a small pattern to be generated.

    python examples/own_rule.py [--updates N]

The command line knows it, too, with this file as a plugin:

    pynn-eprop run pattern-generation --plugin examples/own_rule.py --rule spike-gated \
        --machine reference --neurons 20 --updates 20 --out own-rule
"""

import argparse
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import pynn_eprop.host as sim
from pynn_eprop import Adam, Rule, errors, register_rule

# --- the rule ---------------------------------------------------------------------------------


@register_rule
@dataclass(frozen=True)
class SpikeGated(Rule):
    """e_ji^t = gain zbar_j^t zhat_i^{t-1}: both trains of spikes, filtered with alpha."""

    gain: float = 0.2
    name: ClassVar[str] = "spike-gated"
    meaning: ClassVar[str] = "a trace of the cell's spikes in the place of h"
    traces: ClassVar[tuple[str, ...]] = ("before", "after")
    needs: ClassVar[tuple[str, ...]] = ("spikes",)

    def __post_init__(self):
        """Refuse bad parameters before anything runs."""
        if not self.gain > 0.0:
            raise errors.ParameterError(f"SpikeGated: gain={self.gain!r} must be > 0")

    def eligibility(self, traces, arriving, cells, post):
        """One step; all arrays have one entry per synapse."""
        alpha = cells.alpha[post]
        traces.before = alpha * traces.before + arriving
        traces.after = alpha * traces.after + cells.z[post]
        return self.gain * traces.after * traces.before


# --- an experiment that uses it ---------------------------------------------------------------

trial, n_inputs, n_cells = 200.0, 10, 20       # ms


def train(rule, n_updates):
    """The error of each update, normalised by the variance of the target."""
    rng = np.random.default_rng(1)
    sim.setup(timestep=1.0, update_interval=trial, seed=1, machine="reference")
    phase = 2.0 * np.pi * np.arange(1.0, trial + 1.0) / trial
    target = np.sin(phase)[np.newaxis]
    clock = sim.Population(n_inputs, sim.SpikeSourceArray(spike_times=[
        np.concatenate([trial * k + np.arange(20.0 * i, 20.0 * (i + 1), 4.0)
                        for k in range(n_updates)]) for i in range(n_inputs)]))
    cells = sim.Population(n_cells, sim.EPropLIF(tau_refrac=2.0))
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=target))
    every, adam = sim.AllToAllConnector(), Adam(lr=0.01)

    def plastic(pre, post, width):
        weight = rng.normal(0.0, width / np.sqrt(pre.size), (pre.size, post.size))
        sim.Projection(pre, post, every, sim.EPropSynapse(weight=weight, optimizer=adam, rule=rule))

    plastic(clock, cells, 2.0)
    plastic(cells, readout, 0.5)
    sim.Projection(readout, cells, every, sim.LearningSignal(
        weight=rng.normal(0.0, 1.0, (1, n_cells))), receptor_type="learning_signal")
    readout.record("loss")
    sim.run(n_updates * trial)
    loss = readout.get_data("loss").segments[0].analogsignals[0].magnitude[:, 0]
    sim.end()
    return 2.0 * loss / target.size / np.var(target)


def main(n_updates=40):
    """Train with both rules, and print the errors."""
    errors = {rule: train(rule, n_updates) for rule in ("e-prop", "spike-gated")}
    for rule, error in errors.items():
        print(f"{rule}: nMSE {error[0]:.3f} at first, {error[-5:].mean():.3f} in the last 5")
    return errors


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=40)
    main(parser.parse_args().updates)

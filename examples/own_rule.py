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

import pynn_eprop.host as sim
from pynn_eprop import Adam, Rule, errors, register_rule


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


def main(n_updates=40):
    """Train with both rules; the errors of their updates."""
    # beside this file, which does without it as a plugin
    from small_pattern import train

    return {rule: train(rule, sim.EPropLIF(tau_refrac=2.0), 20, n_updates, machine="reference",
                        optimizer=Adam(lr=0.01), rule=rule)
            for rule in ("e-prop", "spike-gated")}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=40)
    main(parser.parse_args().updates)

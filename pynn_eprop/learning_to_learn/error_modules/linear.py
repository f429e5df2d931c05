"""A linear error module (methods, "Linear error module")."""

from typing import ClassVar

from pynn_eprop.families.family import Family
from pynn_eprop.families.trial import GOAL, INPUT, LEARNER
from pynn_eprop.learning_to_learn.error_modules.kind import NetworkModule
from pynn_eprop.learning_to_learn.wiring import ReadoutsPart, Synapses, Wiring

FILTERED, DIRECT = "signals", "goal_signals"
_NO_MEMORY = 1.0 / 64.0     # of a time step: kappa = exp(-64), nothing beside 1 in float64


class LinearModule(NetworkModule):
    """Signals are linear in the filtered spikes of clock and learner, and in the goal.

    Two populations of readouts send: one that filters spikes with alpha_e, and one without memory
    for the goal. What is emitted for step t reaches a readout one step before a cell; delays of two
    steps make up for it.
    """

    name: ClassVar[str] = "linear"
    meaning: ClassVar[str] = "a linear function of filtered spikes and of the goal"
    gain: ClassVar[float] = 10.0

    def wiring(self, family: Family) -> Wiring:
        """Two populations of readouts."""
        return Wiring(
            **self.sources(family), cells=(),
            readouts=(ReadoutsPart(FILTERED, family.n_neurons, family.tau_signal),
                      ReadoutsPart(DIRECT, family.n_neurons, family.timestep * _NO_MEMORY)),
            synapses=(Synapses("module_input", INPUT, FILTERED, width=0.1, delay=2),
                      Synapses("module_learner", LEARNER, FILTERED, width=0.1),
                      Synapses("module_goal", GOAL, DIRECT, delay=2)))

"""An error module of spiking cells (task 2.1, "error module")."""

from typing import ClassVar

from pynn_eprop.families.family import Family
from pynn_eprop.families.trial import GOAL, INPUT, LEARNER
from pynn_eprop.learning_to_learn.error_modules.kind import NetworkModule
from pynn_eprop.learning_to_learn.wiring import CellsPart, ReadoutsPart, Synapses, Wiring

MODULE, SIGNALS = "module", "signals"


class SpikingModule(NetworkModule):
    """LIF cells that see clock, learner and goal; their readouts are the signals (eq. 58)."""

    name: ClassVar[str] = "spiking"
    meaning: ClassVar[str] = "recurrent LIF cells, with readouts that send (eq. 58)"
    gain: ClassVar[float] = 5.0

    def wiring(self, family: Family) -> Wiring:
        """One population of cells and one of readouts."""
        return Wiring(
            **self.sources(family),
            cells=(CellsPart(MODULE, family.n_module, family.tau_m, family.tau_refrac,
                             family.v_thresh),),
            readouts=(ReadoutsPart(SIGNALS, family.n_neurons, family.tau_signal),),
            synapses=(Synapses("module_input", INPUT, MODULE),
                      Synapses("module_learner", LEARNER, MODULE),
                      Synapses("module_goal", GOAL, MODULE, width=family.goal_width),
                      Synapses("module_recurrent", MODULE, MODULE),
                      Synapses("module_signals", MODULE, SIGNALS)))

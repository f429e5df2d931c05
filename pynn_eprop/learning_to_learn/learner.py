"""The network that learns in one trial (task 2.1, "learning network")."""

from pynn_eprop.families.family import Family
from pynn_eprop.families.trial import INPUT, LEARNER, OUTPUT
from pynn_eprop.learning_to_learn.wiring import CellsPart, ReadoutsPart, Synapses, Wiring


def learner_wiring(family: Family) -> Wiring:
    """The learner: clock, cells and readouts. Synapses onto cells are plastic (eq. 59)."""
    return Wiring(
        family.timestep, family.steps, {INPUT: family.n_inputs}, {},
        (CellsPart(LEARNER, family.n_neurons, family.tau_m, family.tau_refrac, family.v_thresh),),
        (ReadoutsPart(OUTPUT, family.n_outputs, family.tau_out, bias=True),),
        (Synapses("input", INPUT, LEARNER, plastic=True),
         Synapses("recurrent", LEARNER, LEARNER, plastic=True),
         Synapses("output", LEARNER, OUTPUT, width=family.output_width)))

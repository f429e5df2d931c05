"""Networks of known activity, and what a script is warned of: cells that should learn, and cannot.

Two sources with a spike each at 7 and 9 ms of some intervals of 20 ms, three equal LIF cells with
tau_m = 20 ms, one readout. So v of a cell at steps 8 and 10 is w and w (1 + exp(-2/20)), if it has
not spiked, and with the default pseudo-derivative h = 0.3 max(0, 1 - |v - v_th| / v_th).
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop import SGD, ClopathRule, EProp, Rule
from pynn_eprop.errors import InactivityWarning

STEPS = 20


@dataclass(frozen=True)
class Dead:
    """A network and what is done with it.

    weight: w, of the synapses from the sources. active: intervals with spikes of the sources.
    learns: which of the synapses from the sources ("in") and to the readout ("out") learn.
    acts: (function of the backend, its arguments). reads: whether weights are read at the end.
    rules: of the synapses from the sources, a projection for each.
    """

    weight: float = 0.1
    v_thresh: float = 0.5
    tau_refrac: float = 2.0
    active: tuple[int, ...] = tuple(range(8))
    learns: tuple[str, ...] = ("in", "out")
    trials: int = 1
    acts: tuple[tuple[Any, ...], ...] = (("run", 3 * STEPS),)
    reads: bool = True
    rules: tuple[Rule, ...] = (EProp(),)


def warnings_of(sim: Any, script: Dead, **setup: Any) -> tuple[list[str], float]:
    """The texts of the warnings, and the largest change of the weights from the sources.

    That is 0 if they are not read.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sim.setup(timestep=1.0, update_interval=float(STEPS), trials_per_update=script.trials,
                  **setup)
        sources = sim.Population(2, sim.SpikeSourceArray(spike_times=[
            sim.Sequence([STEPS * k + local for k in script.active]) for local in (7.0, 9.0)]))
        cells = sim.Population(3, sim.EPropLIF(
            tau_m=20.0, v_thresh=script.v_thresh, tau_refrac=script.tau_refrac, f_target=10.0,
            c_reg=0.1 if script.trials == 1 else 0.0), label="cells 7")
        readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, STEPS))), label="readout")
        optimizers = {end: SGD(lr=1e-4) if end in script.learns else None for end in ("in", "out")}
        everywhere = sim.AllToAllConnector()
        inputs = [sim.Projection(sources, cells, everywhere, sim.EPropSynapse(
            weight=script.weight, optimizer=optimizers["in"], rule=rule)) for rule in script.rules]
        sim.Projection(cells, readout, everywhere,
                       sim.EPropSynapse(weight=0.1, optimizer=optimizers["out"]))
        sim.Projection(readout, cells, everywhere, sim.LearningSignal(weight=0.5),
                       receptor_type="learning_signal")
        for function, *arguments in script.acts:
            getattr(sim, function)(*arguments)
        moved = np.array([each.get("weight", "list", with_address=False) for each in inputs]) \
            - script.weight if script.reads else np.zeros(1)
        sim.end()
    return [str(each.message) for each in caught if issubclass(each.category, InactivityWarning)], \
        float(np.max(np.abs(moved)))


# v never falls to -v_th, so that both factors are more than 0 at every step
_POTENTIAL = ClopathRule(v_plus=-1.0, v_minus=-1.0)
CASES = {
    "silent": Dead(),
    "silent, one update at a time": Dead(acts=(("run", STEPS),) * 3),
    "silent in the last update": Dead(weight=0.6, active=(0,), acts=(("run", 2 * STEPS),),
                                      reads=False),
    "silent and inhibited": Dead(weight=-0.125),
    "silent, with traces of the potential": Dead(weight=-0.125, rules=(_POTENTIAL,)),
    "silent, one of two rules without traces": Dead(weight=-0.0625, rules=(EProp(), _POTENTIAL)),
    "without input": Dead(weight=0.125, active=(), v_thresh=0.61),
    "alive": Dead(weight=0.6),
    "silent from the third update on": Dead(weight=0.6, active=(0, 1),
                                            acts=(("run", 4 * STEPS),)),
    "leaping over the pseudo-derivative": Dead(weight=1.5, tau_refrac=25.0),
    "nothing learns": Dead(learns=()),
    "only the readout learns": Dead(learns=("out",)),
    "only cells learn": Dead(learns=("in",)),
    "silent in one trial of each update": Dead(weight=0.6, active=(1, 3), trials=2,
                                               acts=(("run", 4 * STEPS),)),
    "silent within an update": Dead(acts=(("run", STEPS - 1),)),
    "silent while nothing is learned": Dead(weight=0.6, active=(1, 2), acts=(
        ("set_learning", False), ("run", STEPS), ("set_learning", True), ("run", 2 * STEPS))),
    "started again": Dead(acts=(("run", 2 * STEPS), ("reset",), ("run", STEPS))),
    "started again with what it learned": Dead(acts=(
        ("run", 2 * STEPS), ("reset", None, True), ("run", STEPS))),
}
"""By what is special."""

_LOOK_AT = "Look at v_thresh, at the weights and the rates of its input, at tau_refrac, and at " \
    "height and width of its pseudo_derivative"
_SILENT = "cells 7: no cell spiked in the whole of update {} (0 Hz over 20 ms)"
_CAN = _SILENT + "; its pseudo-derivative was not 0 everywhere, so that the synapses onto it can " \
    f"still learn and bring it back. {_LOOK_AT}"
_CANNOT = _SILENT + ", and the pseudo-derivative of all was 0 at every step; the gradient of the " \
    f"synapses onto it is exactly 0, so that learning cannot bring it back. {_LOOK_AT}"
_MAY = _SILENT + "; learning can bring it back only if the eligibility traces of the synapses " \
    f"onto it were not 0 everywhere (record('h') or record('v') shows it). {_LOOK_AT}"
EXPECTED: dict[str, list[str]] = {name: [] for name in CASES} | {
    "silent": [_CAN.format(1)],
    "silent, one update at a time": [_CAN.format(1)],
    "only cells learn": [_CAN.format(1)],
    "silent and inhibited": [_CANNOT.format(1)],
    "silent, with traces of the potential": [_MAY.format(1)],
    "silent, one of two rules without traces": [_MAY.format(1)],
    "without input": [_CANNOT.format(1)],
    "silent in the last update": [_CANNOT.format(2)],
    "silent from the third update on": [_CANNOT.format(3)],
    # v = w = 1.5 is beyond 2 v_th, where h ends, and then the cell is refractory to the end
    "leaping over the pseudo-derivative": [
        "cells 7: the pseudo-derivative was 0 for every cell at every step of update 1 (50 Hz "
        "over 20 ms), so that the gradient of the synapses onto it is exactly 0; while this is so "
        f"they do not learn. {_LOOK_AT}"],
    "only the readout learns": [
        _SILENT.format(1) + "; the gradient of the synapses from it is 0, and none onto it learn, "
        f"so that learning cannot bring it back. {_LOOK_AT}"],
    "started again": [_CAN.format(1)] * 2,
    "started again with what it learned": [_CAN.format(1)],
}
"""The warnings of backends that know the pseudo-derivative."""

_SILENT_ON_NEST = {
    "silent": 1, "silent, one update at a time": 1, "only cells learn": 1,
    "silent and inhibited": 1, "without input": 1, "silent in the last update": 2,
    "silent from the third update on": 3}
ON_NEST = EXPECTED | {"leaping over the pseudo-derivative": []} | {
    name: [_MAY.format(update)] for name, update in _SILENT_ON_NEST.items()}
"""And NEST, which does not."""
NOT_ON_NEST = {"silent, with traces of the potential", "silent, one of two rules without traces",
               "silent within an update", "silent while nothing is learned", "started again",
               "started again with what it learned"}

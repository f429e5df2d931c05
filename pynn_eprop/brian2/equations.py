"""The rule as Brian2 runs it: code strings, one per part, with the equations' numbers.

A step of the rule is an iteration of Brian2: iteration n = 0, 1, ... does step s = n + 1 in the
order below. Brian2 calls the moments within an iteration slots.

====================  ==================================================================
before_start          an interval begins: states, traces and spikes in flight are forgotten
thresholds            sources spike
synapses              spikes arrive at cells
after_synapses        :data:`CELL_STEP`
resets                cells spike
after_resets          spikes arrive at readouts
before_end            :data:`READOUT_STEP`, then error and learning signal
end                   traces of plastic synapses, recording, the update at an interval's end
====================  ==================================================================
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pynn_eprop.models.pseudo_derivatives import (
    Arctan,
    Exponential,
    FastSigmoid,
    PiecewiseLinear,
    PseudoDerivative,
)
from pynn_eprop.models.rules import (
    ClopathRule,
    EProp,
    Rule,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
)

AT_START = "before_start"
CELLS_STEP = "after_synapses"
CELLS_SPIKE = "resets"
READOUTS_RECEIVE = "after_resets"
READOUTS_STEP = "before_end"
AT_END = "end"

CELL_STATE = """
v : 1
a : 1
z : 1
h : 1
silent : 1
able : 1
arriving : 1
n_spikes : 1
slope_sum : 1
i_inj : amp
alpha : 1
rho : 1
beta : 1
v_th : 1
refractory_steps : 1
counts : 1 (shared)
"""

# eq. 20, 21, 24-26; silent: steps for which the cell still cannot spike; able: that it can in this
CELL_STEP = """
a = rho*a + z
v = alpha*v + arriving + i_inj/nA - v_th*z
A = v_th + beta*a
able = int(silent <= 0)
z = able*int(v >= A)
u = (v - A)/(width*v_th)
h = able*height*{shape}
silent = int(z > 0)*refractory_steps + int(z <= 0)*clip(silent - 1, 0, inf)
n_spikes += counts*z
slope_sum += counts*h
arriving = 0
"""

SHAPES: dict[type[PseudoDerivative], str] = {
    PiecewiseLinear: "clip(1 - abs(u), 0, 1)",
    Exponential: "exp(-abs(u))",
    FastSigmoid: "1/(1 + abs(u))**2",
    Arctan: "1/(1 + (pi*u)**2)",
}


def cell_step(shape: PseudoDerivative) -> str:
    """:data:`CELL_STEP` with a pseudo-derivative; ``height`` and ``width`` are its namespace."""
    return CELL_STEP.format(shape=SHAPES[type(shape)])


READOUT_STATE = """
y : 1
error : 1
target : 1
bias : 1
kappa : 1
arriving : 1
bias_trace : 1
bias_sum : 1
counts : 1 (shared)
"""

# eq. 41; bias_trace is dy / db
READOUT_STEP = """
y = kappa*y + arriving + bias
bias_trace = kappa*bias_trace + 1
arriving = 0
"""

READOUT_LEARN = "bias_sum += counts*error*bias_trace"

SYNAPSE_STATE = """
w : 1
age : integer
"""

CELL_TRACES_STATE = SYNAPSE_STATE + """
arrived : 1
eps_v : 1
eps_a : 1
e_now : 1
signal_sum : 1
e_sum : 1
"""

READOUT_TRACES_STATE = SYNAPSE_STATE + """
arrived : 1
z_bar : 1
signal_sum : 1
"""

# eq. 48, 53
READOUT_TRACES = """
z_bar = kappa_post*z_bar + arrived
signal_sum += counts_post*error_post*z_bar
arrived = 0
"""


def cell_traces_state(signals: int, rule: Rule) -> str:
    """State of a plastic synapse onto a cell that ``signals`` learning signals reach."""
    own = "".join(f"{name} : 1\n" for name in RULES[type(rule)].state)
    return CELL_TRACES_STATE + own + "".join(f"e_bar_{r} : 1\n" for r in range(signals))


_FILTERED = "eps_v = alpha_post*eps_v + arrived\n"                                 # eq. 22
_PRESENT = "eps_v = arrived\n"
_ELIGIBILITY = "e_now = h_post*(eps_v - beta_post*eps_a)\n"                        # eq. 23, 28
_ADAPTATION = "eps_a = h_post*eps_v + (rho_post - beta_post*h_post)*eps_a\n"       # eq. 27

# eq. 57
_CLOPATH = _FILTERED + """
v_hat = v_decay*v_hat + (1 - v_decay)*v_post
e_now = clip(v_post - v_plus*v_th_post, 0, inf)*clip(v_hat - v_minus*v_th_post, 0, inf)
e_now = e_now*clip(able_post + while_refractory, 0, 1)*eps_v
"""


@dataclass(frozen=True)
class RuleCode:
    """The eligibility trace of one step, e_now, for a rule; eps_a is 0 if no equation sets it.

    state: its own variables, 0 at the start of an interval. constants: of the rule and a time step
    in ms, by the name that the code has for them.
    """

    code: str
    state: tuple[str, ...] = ()
    constants: Callable[[Any, float], dict[str, float]] = lambda rule, timestep: {}


def _clopath_constants(rule: ClopathRule, timestep: float) -> dict[str, float]:
    return {"v_decay": rule.v_decay(timestep), "v_plus": rule.v_plus, "v_minus": rule.v_minus,
            "while_refractory": float(rule.while_refractory)}


RULES: dict[type[Rule], RuleCode] = {
    EProp: RuleCode(_FILTERED + _ELIGIBILITY + _ADAPTATION),
    TruncatedTraces: RuleCode(_PRESENT + _ELIGIBILITY),
    TruncatedAdaptation: RuleCode(_FILTERED + _ELIGIBILITY),
    SimplifiedTraces: RuleCode(_PRESENT + _ELIGIBILITY + _ADAPTATION),
    ClopathRule: RuleCode(_CLOPATH, ("v_hat",), _clopath_constants),
}


def cell_traces(signals: int, rule: Rule) -> str:
    """A step of the traces; learning signal r is filtered with ``kappa_r``, a namespace entry."""
    filtered = "".join(
        f"e_bar_{r} = kappa_{r}*e_bar_{r} + e_now\n"                            # eq. 45
        f"signal_sum += counts_post*L_{r}_post*e_bar_{r}\n"                      # eq. 1, 46, 47
        for r in range(signals))
    return RULES[type(rule)].code + filtered + "e_sum += counts_post*e_now\narrived = 0\n"


def on_arrival(plastic: bool, from_source: bool, steps: int | None) -> str:
    """The effect of a spike on arrival.

    The iteration less ``age`` is the step of a source's spike, for others the iteration that made
    it. from_source: a cell may spike several times in a step, as often as ``emitted`` says. steps:
    T, or None if spikes cross the ends of intervals.
    """
    factors = ["emitted(i, t_in_timesteps - age)"] if from_source else []
    if steps is not None:
        factors.append(f"int((t_in_timesteps - age)//{steps} == t_in_timesteps//{steps})")
    number = "*".join(factors) or "1"
    arrived = f"arrived += {number}\n" if plastic else ""
    return f"{arrived}arriving_post += w*{number}"

"""Ways to make the gradient of an interval: e-prop 1 and 3, and what the paper compares them with.

A sequence is cut into intervals of a few steps, with an update of the weights after each (eq. 62).
The rules differ in what reaches across the ends of an interval: eligibility traces carry the past
into it, and synthetic gradients stand for the errors to come after it (eq. 64 to 70).
"""

from dataclasses import dataclass
from enum import Enum

from pynn_eprop.errors import ParameterError


class Traces(str, Enum):
    """The factor of a learning signal in the gradient.

    NONE: the derivatives of BPTT, of steps within the interval alone. CARRIED: eligibility vectors
    that go on from interval to interval (eq. 37). TRUNCATED: eps^t = ds^t/dtheta, of the step
    itself alone (results, task 3.2).
    """

    NONE = "none"
    CARRIED = "carried"
    TRUNCATED = "truncated"


class Signal(str, Enum):
    """The source of the learning signal dE/dz_j^t (dE/dh_j^t of LSTM units).

    PROPAGATED: from all units, backwards through the interval (eq. 67, 68). SYMMETRIC, RANDOM:
    from the readouts' errors of the same step alone, by their weights or by fixed random ones
    (e-prop 1).
    """

    PROPAGATED = "propagated"
    SYMMETRIC = "symmetric"
    RANDOM = "random"


@dataclass(frozen=True)
class IntervalRule:
    """The gradient of an interval.

    synthetic: whether synthetic gradients give the boundary values at its end, which are otherwise
    0. whole: whether the whole sequence is one interval. Raises :class:`ParameterError` for choices
    that are unknown or do not go together.
    """

    name: str
    meaning: str
    traces: Traces = Traces.NONE
    signal: Signal = Signal.PROPAGATED
    synthetic: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        for field, kind in (("traces", Traces), ("signal", Signal)):
            try:        # by their names, too
                object.__setattr__(self, field, kind(getattr(self, field)))
            except ValueError:
                raise ParameterError(
                    f"interval rule {self.name!r}: {field}={getattr(self, field)!r} is unknown; "
                    f"choose one of {[each.value for each in kind]}") from None
        if self.signal is not Signal.PROPAGATED and (self.synthetic or self.traces is Traces.NONE):
            raise ParameterError(
                f"interval rule {self.name!r}: a {self.signal.value} learning signal needs "
                "eligibility traces and takes no synthetic gradients; use a propagated one")
        if self.whole and self.synthetic:
            raise ParameterError(f"interval rule {self.name!r}: a whole sequence has no end for "
                                 "synthetic gradients; leave out one of the two")


TRUNCATED_BPTT = IntervalRule("truncated-bptt", "backpropagation within each interval")
INTERVAL_RULES: dict[str, IntervalRule] = {rule.name: rule for rule in (
    TRUNCATED_BPTT,
    IntervalRule("truncated-bptt-sg", "truncated BPTT and synthetic gradients (eq. 65)",
                 synthetic=True),
    IntervalRule("traces", "truncated BPTT and eligibility traces", Traces.CARRIED),
    IntervalRule("eprop1", "eligibility traces, errors by the readouts' weights (eq. 4)",
                 Traces.CARRIED, Signal.SYMMETRIC),
    IntervalRule("eprop1-random", "eligibility traces, errors by random weights",
                 Traces.CARRIED, Signal.RANDOM),
    IntervalRule("eprop3", "eligibility traces and synthetic gradients (eq. 70)",
                 Traces.CARRIED, synthetic=True),
    IntervalRule("truncated-traces", "e-prop 3 with traces of the step itself alone",
                 Traces.TRUNCATED, synthetic=True),
    IntervalRule("bptt", "backpropagation through the whole sequence", whole=True))}
"""The rules that the paper compares, by name."""


def find_interval_rule(name: object) -> IntervalRule:
    """The rule of a name. Raises :class:`ParameterError` for an unknown one."""
    if isinstance(name, str) and name in INTERVAL_RULES:
        return INTERVAL_RULES[name]
    raise ParameterError(f"interval rule {name!r} is unknown; choose one of "
                         f"{list(INTERVAL_RULES)}")

"""Learning in intervals: e-prop 3, e-prop 1, truncated BPTT and synthetic gradients (eq. 62 to 70).

A network of recurrent units (:mod:`~pynn_eprop.intervals.network`) learns sequences with an update
after every few steps (:mod:`~pynn_eprop.intervals.learning`), by one of several rules
(:mod:`~pynn_eprop.intervals.rules`), on one of two machines
(:mod:`~pynn_eprop.intervals.machine`).
"""

from pynn_eprop.intervals.learning import IntervalLearning, SyntheticGradients
from pynn_eprop.intervals.machine import IntervalMachine, build_machine
from pynn_eprop.intervals.network import UnitNetwork
from pynn_eprop.intervals.rules import INTERVAL_RULES, IntervalRule, Signal, Traces

__all__ = ["INTERVAL_RULES", "IntervalLearning", "IntervalMachine", "IntervalRule", "Signal",
           "SyntheticGradients", "Traces", "UnitNetwork", "build_machine"]

"""Learning rules: how the eligibility trace of a synapse onto a cell follows from activity.

One file a rule. A rule is an immutable value, as optimisers are: ``EPropSynapse(rule=...)`` takes a
name or an object, and one object may serve many projections.
"""

from pynn_eprop.models.rules.clopath import ClopathRule
from pynn_eprop.models.rules.eprop import EligibilityVectors, EProp
from pynn_eprop.models.rules.postsynaptic_factor import PostsynapticFactor
from pynn_eprop.models.rules.registry import RULES, register_rule, resolve_rule
from pynn_eprop.models.rules.rule import Rule
from pynn_eprop.models.rules.simplified_traces import SimplifiedTraces
from pynn_eprop.models.rules.truncated_adaptation import TruncatedAdaptation
from pynn_eprop.models.rules.truncated_traces import TruncatedTraces

for _rule in (EProp, TruncatedTraces, TruncatedAdaptation, SimplifiedTraces, ClopathRule):
    register_rule(_rule)

__all__ = ["RULES", "ClopathRule", "EProp", "EligibilityVectors", "PostsynapticFactor", "Rule",
           "SimplifiedTraces", "TruncatedAdaptation", "TruncatedTraces", "register_rule",
           "resolve_rule"]

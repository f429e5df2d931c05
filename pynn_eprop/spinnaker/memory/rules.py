"""Learning rules on cores: a core has one, which constants of its filter, or a binary, express."""

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import ALIFCells
from pynn_eprop.models.network import E_PROP, Network
from pynn_eprop.models.rules import (
    ClopathRule,
    EProp,
    Rule,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
)

RULES: tuple[type[Rule], ...] = (
    EProp, TruncatedTraces, TruncatedAdaptation, SimplifiedTraces, ClopathRule)
"""The rules that cores have."""


def rule_onto(network: Network, population: int) -> Rule:
    """The rule of all synapses that learn onto a population of cells.

    Raises :class:`UnsupportedError` if they have different ones.
    """
    found: list[tuple[Rule, str]] = []
    for projection in network.projections:
        if projection.post == population and projection.optimizer is not None \
                and projection.rule not in [rule for rule, _ in found]:
            found.append((projection.rule, projection.label))
    if len(found) > 1:
        label = network.populations[population].label
        raise UnsupportedError(
            f"{label}: the synapses onto it have different rules, "
            + " and ".join(f"{rule} ({owner})" for rule, owner in found)
            + "; a SpiNNaker core filters with one. Give all of them one rule, or split the "
            "population")
    return found[0][0] if found else E_PROP


def check_rules(network: Network) -> None:
    """Raise :class:`UnsupportedError` for rules that cores cannot run."""
    for index, cells in network.learning_cells.items():
        if not isinstance(rule_onto(network, index), ClopathRule):
            continue
        missing = None
        if isinstance(cells, ALIFCells):
            missing = "adaptation, as both do not fit a core; use EPropLIF cells"
        elif any(network.populations[projection.pre].emits_values
                 for projection in network.projections if projection.post == index):
            missing = "analog sources, as both do not fit a core; use spikes"
        if missing is not None:
            raise UnsupportedError(f"{cells.label}: the program for rule {ClopathRule.name!r} has "
                                   f"no {missing}, or another backend")

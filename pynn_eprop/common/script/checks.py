"""Checks that the parts of a network fit together, before any work is done."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.groups import members
from pynn_eprop.common.standardmodels import EPropReadout, EPropSynapse, LearningSignal
from pynn_eprop.common.standardmodels.cells import LearningCell
from pynn_eprop.common.standardmodels.kinds import emits_values, is_source, learns
from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.models.cells import LEARNING_RECEPTOR
from pynn_eprop.models.checks import check_directions


def check_ends(projection: Any) -> None:
    """Check the cells at both ends of a projection, when it is made.

    Raises :class:`NetworkError` for a LearningSignal anywhere but from readouts to the
    ``learning_signal`` receptor of e-prop cells, for anything else there, for synapses from
    readouts or to sources, between cells of which some run trials backwards, and for learning
    synapses onto cells that do not learn.
    """
    synapse, label = projection.synapse_type, projection.label
    sources = [member.population for member in members(projection.pre)]
    targets = [member.population for member in members(projection.post)]
    if isinstance(synapse, LearningSignal):
        if projection.receptor_type != LEARNING_RECEPTOR:
            raise NetworkError(
                f"{label}: a LearningSignal with receptor_type={projection.receptor_type!r}; use "
                f"Projection(..., LearningSignal(...), receptor_type={LEARNING_RECEPTOR!r})")
        _check_kind(sources, EPropReadout, f"{label}: a LearningSignal leads from EPropReadout")
        _check_kind(targets, LearningCell, f"{label}: a LearningSignal leads to cells that learn, "
                    "such as EPropLIF and EPropALIF")
        return
    if projection.receptor_type == LEARNING_RECEPTOR:
        others = " or ".join(repr(each) for each in projection.post.receptor_types
                             if each != LEARNING_RECEPTOR)
        raise NetworkError(f"{label}: {type(synapse).__name__} cannot lead to the receptor "
                           f"{LEARNING_RECEPTOR!r}; only LearningSignal can, others use "
                           f"{others}")
    for population in sources:
        if isinstance(population.celltype, EPropReadout):
            raise NetworkError(f"{label}: readouts ({population.label}) do not spike; a "
                               "LearningSignal is all that can lead from them")
    check_analog(sources, targets, label)
    _check_directions(sources, targets, label)
    if isinstance(synapse, EPropSynapse):
        for population in targets:
            if not learns(population.celltype):
                raise NetworkError(
                    f"{label}: {type(population.celltype).__name__} ({population.label}) does not "
                    "learn; use StaticSynapse for it, or EPropLIF or EPropALIF cells")


def _check_directions(sources: Iterable[Any], targets: Iterable[Any], label: str) -> None:
    for source in sources:
        for target in targets:
            if not is_source(source.celltype) and not isinstance(target.celltype, EPropReadout):
                check_directions(source.label, getattr(source.celltype, "backwards", False),
                                 target.label, getattr(target.celltype, "backwards", False), label)


def check_analog(sources: Iterable[Any], targets: Iterable[Any], label: str) -> None:
    """Raise :class:`NetworkError` if values lead to cells that only take spikes."""
    for source in sources:
        for target in targets:
            if emits_values(source.celltype) and not learns(target.celltype):
                raise NetworkError(
                    f"{label}: {type(target.celltype).__name__} ({target.label}) takes spikes "
                    f"only; the values of {source.label} go to cells that learn with e-prop, or "
                    "to readouts; inject a current source into others")


def _check_kind(populations: Iterable[Any], kind: type, rule: str) -> None:
    for population in populations:
        if not isinstance(population.celltype, kind):
            raise NetworkError(f"{rule}, not {type(population.celltype).__name__} "
                               f"({population.label})")


def check_is_ours(given: Any, base: type, ours: Sequence[type], what: str, others: str = ""
                  ) -> None:
    """Raise :class:`UnsupportedError` for a cell or synapse type of another backend.

    given: a type or an object of it; ``base``: the base class of such types; ``what``: the noun for
    them; ``others``: further choices, for the message.
    """
    kind = given if isinstance(given, type) else type(given)
    if issubclass(kind, base) and not issubclass(kind, tuple(ours)):
        raise UnsupportedError(f"{kind.__module__}.{kind.__name__} is not a {what} of this "
                               f"backend; choose one of {[each.__name__ for each in ours]}{others}")


def check_takes_input(group: Any, label: str | None) -> None:
    """Raise :class:`NetworkError` if a projection leads to sources."""
    for member in members(group):
        if is_source(member.population.celltype):
            what = "spike sources" if not emits_values(member.population.celltype) \
                else "analog sources"
            raise NetworkError(f"{label or 'projection'}: {what} "
                               f"({member.population.label}) take no input")


def check_learning(populations: Sequence[Any], projections: Sequence[Any],
                   options: SharedOptions, from_signals: bool = True) -> None:
    """Check that all that should learn can, when the network is complete.

    ``from_signals``: whether cells learn from learning signals, so that they need one.

    Raises :class:`NetworkError` for a plastic projection, or biases, without ``update_interval``,
    without a loss (readouts) or without a learning signal (cells).
    """
    for population in populations:
        if options.interval_steps is None \
                and getattr(population.celltype, "bias_optimizer", None) is not None:
            raise NetworkError(f"{population.label}: biases learn at the end of intervals; give "
                               "setup(update_interval=...), or leave bias_optimizer out")
    taught: dict[int, np.ndarray] = {}
    for signal in projections:
        if isinstance(signal.synapse_type, LearningSignal):
            for bundle in signal.bundles:
                reached = taught.setdefault(bundle.post.index,
                                            np.zeros(bundle.post.size, dtype=bool))
                reached[bundle.post_index] = True
    for projection in projections:
        if getattr(projection.synapse_type, "optimizer", None) is None:
            continue
        if options.interval_steps is None:
            raise NetworkError(f"{projection.label}: plastic synapses learn at the end of "
                               "intervals; give setup(update_interval=...), or "
                               "EPropSynapse(optimizer=None) for weights that stay")
        for bundle in projection.bundles:
            _check_taught(projection, bundle, taught, from_signals)


def _check_taught(projection: Any, bundle: Any, taught: dict[int, np.ndarray],
                  from_signals: bool) -> None:
    celltype = bundle.post.celltype
    if isinstance(celltype, EPropReadout):
        if celltype.loss is None:
            raise NetworkError(f"{projection.label}: plastic synapses onto {bundle.post.label}, "
                               "which has loss=None and so no error; give it a loss and a target, "
                               "or use EPropSynapse(optimizer=None)")
        return
    reached = taught.get(bundle.post.index, np.zeros(bundle.post.size, dtype=bool))
    if from_signals and len(bundle.post_index) and not np.any(reached[bundle.post_index]):
        raise NetworkError(
            f"{projection.label}: no learning signal reaches {bundle.post.label}; connect a "
            "readout with Projection(readout, cells, AllToAllConnector(), LearningSignal(...), "
            f"receptor_type={LEARNING_RECEPTOR!r}), or use EPropSynapse(optimizer=None)")

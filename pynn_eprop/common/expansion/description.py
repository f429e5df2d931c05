"""From PyNN objects to the network description that machines are built from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.feedback import describe_signals
from pynn_eprop.common.expansion.synapses import Bundle
from pynn_eprop.common.standardmodels import LearningSignal
from pynn_eprop.common.standardmodels.kinds import has_separate_ports, kind_of, ports_of
from pynn_eprop.common.standardmodels.targets import repeats, to_matrix
from pynn_eprop.errors import TargetError, UnsupportedError
from pynn_eprop.models.cells import AnalogSources, Given, Population, Readouts
from pynn_eprop.models.network import E_PROP, Network, Projection


@dataclass
class Description:
    """A network, and the places of the PyNN objects in it.

    projections: for each PyNN projection, by its index, the indices of its bundles in
    ``network.projections`` (none for learning signals).
    """

    network: Network
    projections: dict[int, list[int]] = field(default_factory=dict)


def describe(populations: Sequence[Any], projections: Sequence[Any], options: SharedOptions,
             threads: int = 1) -> Description:
    """Describe a network.

    ``populations`` and ``projections`` are in the order in which they were made; each has
    ``index``, its place there. Raises the errors of the parts that do not fit.
    """
    described = Description(Network(options.settings(threads)))
    synapses: list[Projection] = []
    signals = []
    for projection in projections:
        if isinstance(projection.synapse_type, LearningSignal):
            signals.append(projection)
            continue
        first = len(synapses)
        synapses += [describe_bundle(projection, bundle) for bundle in projection.bundles]
        described.projections[projection.index] = list(range(first, len(synapses)))
    described.network = Network(
        described.network.settings,
        tuple(describe_population(population, options) for population in populations),
        tuple(synapses),
        tuple(describe_signals(signals, projections, described.projections, options)))
    return described


def describe_bundle(projection: Any, bundle: Bundle) -> Projection:
    """Describe the synapses of a projection that lead from one population to another."""
    synapse, synapses = projection.synapse_type, projection.synapses
    label = projection.label
    if len(projection.bundles) > 1:
        label = f"{label} ({bundle.pre.label} to {bundle.post.label})"
    return Projection(
        label, bundle.pre.index, bundle.post.index, bundle.pre_index, bundle.post_index,
        bundle.take(synapses.weight), bundle.take(synapses.delay),
        optimizer=getattr(synapse, "optimizer", None),
        w_min=getattr(synapse, "w_min", -np.inf), w_max=getattr(synapse, "w_max", np.inf),
        inhibitory=projection.receptor_type == "inhibitory"
        and has_separate_ports(bundle.post.celltype),
        rule=getattr(synapse, "rule", E_PROP),
        receptor=projection.receptor_type if ports_of(bundle.post.celltype) else "")


def describe_population(population: Any, options: SharedOptions) -> Population:
    """Describe one population.

    ``population``: has label, size, celltype, ``values`` (arrays of parameters by name),
    ``initial`` (arrays by state variable), ``target_start`` and, of analog sources,
    ``largest_value``. Raises :class:`TargetError`, and :class:`UnsupportedError` for a cell type of
    another backend.
    """
    kind = kind_of(population.celltype)
    if kind is None:
        raise UnsupportedError(f"{population.label}: {type(population.celltype).__name__} cannot "
                               "be described")
    components = {name: getattr(population.celltype, name, None) for name in kind.components()}
    if issubclass(kind, Readouts):
        components |= _target(population, options)
    if issubclass(kind, AnalogSources):
        components["largest"] = population.largest_value
    given = Given(population.values, population.initial, components, options.timestep)
    return kind.described(population.label, population.size, given)


def _target(population: Any, options: SharedOptions) -> dict[str, Any]:
    """The fields of readouts about their target."""
    loss, target = population.celltype.loss, to_matrix(population.values["target"],
                                                       population.label)
    if target is None and loss is not None:
        raise TargetError(f"{population.label}: loss={loss.name!r} needs a target; give "
                          "EPropReadout(target=...), or loss=None for readouts that only listen")
    # its length and values were checked when the population took it
    repeated = target is None or repeats(target, options.interval_steps)
    return {"target": target, "target_repeats": repeated,
            "target_start": 0 if repeated else population.target_start}

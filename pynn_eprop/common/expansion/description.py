"""From PyNN objects to the network description that machines are built from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyNN.standardmodels import cells as stock

from pynn_eprop.common.arguments.grid import LARGEST_STEPS
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.feedback import describe_signals
from pynn_eprop.common.expansion.synapses import Bundle
from pynn_eprop.common.standardmodels import EPropReadout, LearningSignal
from pynn_eprop.common.standardmodels.cells import EPropCell
from pynn_eprop.common.standardmodels.targets import check_target, to_matrix
from pynn_eprop.errors import TargetError, UnsupportedError
from pynn_eprop.models.network import (
    E_PROP,
    Network,
    Population,
    Projection,
    Readouts,
    Sources,
    SpikingCells,
    StockCells,
)
from pynn_eprop.models.time_grid import first_steps

SOURCES = (stock.SpikeSourceArray, stock.SpikeSourcePoisson)
STOCK_CELLS = (stock.IF_curr_exp, stock.IF_curr_delta)


@dataclass
class Description:
    """A network, and where the PyNN objects are in it.

    projections: for each PyNN projection, by its index, the indices of its bundles in
    ``network.projections`` (none for learning signals).
    """

    network: Network
    projections: dict[int, list[int]] = field(default_factory=dict)


def describe(populations: Sequence[Any], projections: Sequence[Any], options: SharedOptions,
             threads: int = 1) -> Description:
    """Describe a network.

    ``populations`` and ``projections`` in the order of their making; each has ``index``, its place
    there. Raises the errors of the parts that do not fit.
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
        and isinstance(bundle.post.celltype, STOCK_CELLS),
        rule=getattr(synapse, "rule", E_PROP))


def describe_population(population: Any, options: SharedOptions) -> Population:
    """Describe one population.

    ``population``: has label, size, celltype, ``values`` (arrays of parameters by name),
    ``initial`` (arrays by state variable) and ``target_start``. Raises :class:`TargetError`, and
    :class:`UnsupportedError` for a cell type of another backend.
    """
    celltype = population.celltype
    if isinstance(celltype, SOURCES):
        return Sources(population.label, population.size)
    if isinstance(celltype, EPropCell):
        return _describe_cells(population, options)
    if isinstance(celltype, EPropReadout):
        return _describe_readouts(population, options)
    if isinstance(celltype, STOCK_CELLS):
        return _describe_stock(population, options)
    raise UnsupportedError(f"{population.label}: {type(celltype).__name__} cannot be described")


def _steps(times: np.ndarray, timestep: float) -> np.ndarray:
    """Refractory times as whole steps; those off the grid (stock cells only) last longer.

    One of more steps than fit into 32 bits never ends.
    """
    return np.minimum(first_steps(times, timestep), LARGEST_STEPS).astype(np.int32)


def _describe_cells(population: Any, options: SharedOptions) -> SpikingCells:
    values, initial, celltype = population.values, population.initial, population.celltype
    adaptive = {} if not celltype.adaptive else {
        "adaptive": True, "beta": values["beta"], "tau_a": values["tau_a"],
        "a_initial": initial["a"]}
    return SpikingCells(
        population.label, population.size, values["tau_m"], values["v_thresh"],
        _steps(values["tau_refrac"], options.timestep), values["f_target"], values["c_reg"],
        celltype.pseudo_derivative, initial["v"], **adaptive)


def _describe_readouts(population: Any, options: SharedOptions) -> Readouts:
    values, celltype = population.values, population.celltype
    target = to_matrix(values["target"], population.label)
    if target is None and celltype.loss is not None:
        raise TargetError(f"{population.label}: loss={celltype.loss.name!r} needs a target; give "
                          "EPropReadout(target=...), or loss=None for readouts that only listen")
    repeats = True
    if target is not None:
        repeats = check_target(target, celltype.loss, options.interval_steps, population.label)
    return Readouts(
        population.label, population.size, float(values["tau_m"][0]), values["bias"],
        population.initial["y"], celltype.loss, target, repeats,
        0 if repeats else population.target_start, celltype.bias_optimizer)


def _describe_stock(population: Any, options: SharedOptions) -> StockCells:
    values, initial = population.values, population.initial
    exponential = isinstance(population.celltype, stock.IF_curr_exp)
    synaptic = {} if not exponential else {
        "tau_syn_E": values["tau_syn_E"], "tau_syn_I": values["tau_syn_I"],
        "isyn_exc_initial": initial["isyn_exc"], "isyn_inh_initial": initial["isyn_inh"]}
    return StockCells(
        population.label, population.size, exponential, values["tau_m"], values["cm"],
        values["v_rest"], values["v_thresh"], values["v_reset"],
        _steps(values["tau_refrac"], options.timestep), values["i_offset"], initial["v"],
        **synaptic)

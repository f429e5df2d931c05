"""Makes the synapses of a network in NEST, and reads their weights.

NEST's e-prop synapses have no labels, so every bundle of a projection gets a model of its own, by
which its synapses are found again. Two synapses between the same cells go to different models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import nest
import numpy as np

from pynn_eprop.common.expansion.synapses import Bundle
from pynn_eprop.common.standardmodels import EPropReadout
from pynn_eprop.models.optimizers import ScheduledOptimizer
from pynn_eprop.nest import translation
from pynn_eprop.nest.kernel_time import KernelTime


@dataclass(frozen=True)
class Layer:
    """Synapses of a bundle with a NEST model of their own; no two connect the same cells.

    which: their places in the bundle.
    """

    model: str
    which: np.ndarray


class Wiring:
    """The synapses that NEST has.

    factors: by index of the postsynaptic population, the ratio of NEST's gradient to the paper's
    (``translation.trace_factor``; 1 for readouts). taught: by the same index, tau_m of the
    readouts that teach the cells.
    """

    def __init__(self, kernel: KernelTime, trials: int, factors: dict[int, float],
                 taught: dict[int, float]) -> None:
        self._kernel = kernel
        self._trials = trials
        self._factors = factors
        self._taught = taught
        self._layers: dict[tuple[int, int], list[Layer]] = {}
        self._learning: list[tuple[Layer, ScheduledOptimizer, float]] = []
        self._models = 0

    def connect(self, projections: Sequence[Any]) -> None:
        """Make all synapses."""
        for projection in projections:
            for number, bundle in enumerate(projection.bundles):
                if len(bundle.pre_index):
                    self._connect(projection, number, bundle)

    def normalise(self, readouts: Sequence[Any]) -> None:
        """Connect readouts with a softmax to each other."""
        for readout in readouts:
            if translation.LOSSES.get(type(readout.celltype.loss)) == translation.NORMALISED:
                others = {"rule": "all_to_all", "allow_autapses": False}
                nest.Connect(readout.node_collection, readout.node_collection, others, {
                    "synapse_model": translation.RATE, "delay": self._kernel.timestep,
                    "receptor_type": translation.NORMALISATION_PORT, "weight": 1.0})

    def _connect(self, projection: Any, number: int, bundle: Bundle) -> None:
        weight = bundle.take(projection.synapses.weight)
        if projection.is_feedback:
            self._join(bundle, np.arange(len(weight)), weight, translation.FEEDBACK)
        elif getattr(projection.synapse_type, "optimizer", None) is not None:
            self._connect_plastic(projection, number, bundle, weight)
        elif _is_plain(bundle):
            self._join(bundle, np.arange(len(weight)), weight, "static_synapse")
        else:
            # spikes in flight at the end of an interval must be dropped, as plastic synapses do
            self._models += 1
            model = f"eprop_static_{self._models}"
            self._copy(model, translation.static_parameters())
            self._join(bundle, np.arange(len(weight)), weight, model)

    def _connect_plastic(self, projection: Any, number: int, bundle: Bundle,
                         weight: np.ndarray) -> None:
        synapse, factor = projection.synapse_type, self._factors[bundle.post.index]
        layers = []
        for which in _without_repeats(bundle):
            self._models += 1
            layer = Layer(f"eprop_plastic_{self._models}", which)
            self._copy(layer.model, translation.optimizer_parameters(
                synapse.optimizer, self._trials, factor, synapse.w_min, synapse.w_max))
            tau_out = self._taught.get(bundle.post.index)
            extra = {} if tau_out is None else {"tau_m_readout": np.full(len(which), tau_out)}
            self._join(bundle, which, weight[which], layer.model, **extra)
            layers.append(layer)
            self._learning.append((layer, synapse.optimizer, factor))
        self._layers[projection.index, number] = layers

    @staticmethod
    def _copy(model: str, optimizer: dict[str, Any]) -> None:
        # NEST checks the model's default weight, too
        weight = min(max(0.0, optimizer["Wmin"]), optimizer["Wmax"])
        nest.CopyModel(translation.PLASTIC, model, {
            "weight": weight, "optimizer": optimizer, "average_gradient": False})

    def _join(self, bundle: Bundle, which: np.ndarray, weight: np.ndarray, model: str,
              **extra: np.ndarray) -> None:
        pre = _ids(bundle.pre)[bundle.pre_index[which]]
        post = _ids(bundle.post)[bundle.post_index[which]]
        nest.Connect(pre, post, "one_to_one", {
            "synapse_model": model, "weight": np.asarray(weight, dtype=float),
            "delay": np.full(len(pre), self._kernel.timestep), **extra})

    # --- while it runs ---

    def rate_changes(self, first: int, last: int) -> list[int]:
        """Updates u with first <= u <= last, u > 0, at which a learning rate changes."""
        changes = set()
        for _, optimizer, _ in self._learning:
            every = optimizer.schedule.every
            if optimizer.schedule.factor != 1.0:
                low = max(1, -(-first // every))
                changes |= {u * every for u in range(low, last // every + 1)}
        return sorted(changes)

    def set_rates(self, update: int) -> None:
        """Set the learning rates of an update. NEST applies each from its next update on."""
        for layer, optimizer, factor in self._learning:
            if optimizer.schedule.factor != 1.0:
                nest.SetDefaults(layer.model, {"optimizer": {"eta": translation.learning_rate(
                    optimizer, update, self._trials, factor)}})

    def weights(self, projection: Any) -> np.ndarray:
        """The weights that NEST has, (synapses,); for synapses that do not learn, those given."""
        values = np.array(projection.synapses.weight)
        for number, bundle in enumerate(projection.bundles):
            part = np.array(bundle.take(values))
            for layer in self._layers.get((projection.index, number), []):
                part[layer.which] = self._read(bundle, layer)
            bundle.put(values, part)
        return values

    @staticmethod
    def _read(bundle: Bundle, layer: Layer) -> np.ndarray:
        found = nest.GetConnections(synapse_model=layer.model).get(["source", "target", "weight"])
        order = np.lexsort((np.atleast_1d(found["target"]), np.atleast_1d(found["source"])))
        pre, post = (_ids(population)[index[layer.which]] for population, index in
                     ((bundle.pre, bundle.pre_index), (bundle.post, bundle.post_index)))
        weight = np.empty(len(pre))
        weight[np.lexsort((post, pre))] = np.atleast_1d(found["weight"])[order]
        return weight


def _is_plain(bundle: Bundle) -> bool:
    """Whether synapses that do not learn can be NEST's static ones, not e-prop ones."""
    return getattr(bundle.pre.celltype, "uses_parrot", False) \
        or isinstance(bundle.post.celltype, EPropReadout)


def remembering_populations(projections: Sequence[Any]) -> set[int]:
    """Indices of populations with NEST's e-prop synapses, for which NEST keeps a history."""
    return {bundle.post.index for projection in projections for bundle in projection.bundles
            if len(bundle.pre_index) and not projection.is_feedback
            and (getattr(projection.synapse_type, "optimizer", None) is not None
                 or not _is_plain(bundle))}


def _ids(population: Any) -> np.ndarray:
    return np.array(population.node_collection.tolist())


def _without_repeats(bundle: Bundle) -> list[np.ndarray]:
    """Places of a bundle's synapses, in as few groups without repeated pairs as possible."""
    pair = bundle.pre_index.astype(np.int64) * bundle.post.size + bundle.post_index
    order = np.argsort(pair, kind="stable")
    new = np.append(True, pair[order][1:] != pair[order][:-1])
    starts = np.flatnonzero(new)
    nth = np.arange(len(pair)) - np.repeat(starts, np.diff(np.append(starts, len(pair))))
    return [np.sort(order[nth == number]) for number in range(int(nth.max()) + 1)]

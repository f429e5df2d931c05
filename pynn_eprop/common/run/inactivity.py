"""Warnings of populations that cannot learn, or be learned from: no spikes, no pseudo-derivative.

The pseudo-derivative h is a factor of every eligibility trace (eq. 23, 27). If it is 0 for every
cell at every step of an update, the synapses onto these cells have a gradient of exactly 0, also
with the rate term. Without spikes, but with h > 0, they may still learn.
"""

from collections.abc import Iterable
from typing import Any

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import Boundary

_LOOK_AT = ("Look at v_thresh, at the weights and the rates of its input, at tau_refrac, and at "
            "height and width of its pseudo_derivative")


class InactivityWatch:
    """The warnings since training began: each population once for each kind of inactivity."""

    def __init__(self) -> None:
        self._silent: set[int] = set()
        self._flat: set[int] = set()

    def forget(self) -> None:
        """Forget all warnings, as training begins again from scratch."""
        self._silent.clear()
        self._flat.clear()

    def new(self, found: Iterable[Inactivity], populations: Any, projections: Iterable[Any],
            options: SharedOptions) -> list[str]:
        """Sentences of new warnings, about populations at synapses that learn."""
        sentences, learners = [], learning_populations(projections)
        for each in sorted(found, key=lambda entry: entry.update):
            if each.population not in learners:
                continue
            learns = learners[each.population]
            flat = learns and each.slope is False
            silent = each.spikes == 0
            if (silent and each.population not in self._silent) \
                    or (flat and each.population not in self._flat):
                sentences.append(_sentence(each, populations[each.population], learns, options))
            if silent:
                self._silent.add(each.population)
            if flat:
                self._flat.add(each.population)
        return sentences


def learning_populations(projections: Iterable[Any]) -> dict[int, bool]:
    """Populations at either end of plastic synapses, by index: whether any lead to it."""
    found: dict[int, bool] = {}
    for projection in projections:
        if getattr(projection.synapse_type, "optimizer", None) is None:
            continue
        for bundle in projection.bundles:
            if len(bundle.pre_index):
                found.setdefault(bundle.pre.index, False)
                found[bundle.post.index] = True
    return found


def _sentence(found: Inactivity, population: Any, learns: bool, options: SharedOptions) -> str:
    assert options.interval_steps is not None
    milliseconds = options.interval_steps * options.trials_per_update * options.timestep
    rate = 1000.0 * found.spikes / (milliseconds * population.size)
    where = f"update {found.update} ({rate:.3g} Hz over {milliseconds:g} ms)"
    zero = "0 but for what earlier intervals left" if options.boundary is Boundary.CONTINUOUS \
        else "exactly 0"
    if found.spikes:
        return (f"{population.label}: the pseudo-derivative was 0 for every cell at every step of "
                f"{where}, so that the gradient of the synapses onto it is {zero}; while this is "
                f"so they do not learn. {_LOOK_AT}")
    silent = f"{population.label}: no cell spiked in the whole of {where}"
    if not learns:
        return (f"{silent}; the gradient of the synapses from it is 0, and none onto it learn, so "
                f"that learning cannot bring it back. {_LOOK_AT}")
    if found.slope is None:
        return (f"{silent}; learning can bring it back only if the eligibility traces of the "
                f"synapses onto it were not 0 everywhere (record('h') or record('v') shows it). "
                f"{_LOOK_AT}")
    if found.slope:
        return (f"{silent}; its pseudo-derivative was not 0 everywhere, so that the synapses onto "
                f"it can still learn and bring it back. {_LOOK_AT}")
    return (f"{silent}, and the pseudo-derivative of all was 0 at every step; the gradient of the "
            f"synapses onto it is {zero}, so that learning cannot bring it back. {_LOOK_AT}")

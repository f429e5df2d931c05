"""Projections whose synapses are arrays, for any backend.

Backends mix :class:`SynapseArrays` into PyNN's Projection. ``_simulator.state.simulation`` of a
backend gives options and the projections, has the weights, and is told of changes.
"""

from collections.abc import Iterable
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
from pyNN import common as pynn
from pyNN.errors import NonExistentParameterError
from pyNN.space import Space

from pynn_eprop.common.checks import check_ends, check_takes_input
from pynn_eprop.common.connection_values import evaluate
from pynn_eprop.common.connections import (
    MULTIPLE_SYNAPSES,
    Connection,
    Connections,
    as_array,
    as_list,
)
from pynn_eprop.common.expansion import check_signs, expand, to_delay_steps
from pynn_eprop.common.grid import to_ms
from pynn_eprop.common.groups import blocks, members
from pynn_eprop.common.seeds import Draws, Purpose, seeded, seeded_synapse_type
from pynn_eprop.common.standardmodels import EPropReadout, LearningSignal
from pynn_eprop.common.standardmodels.cells import EPropCell
from pynn_eprop.errors import NetworkError, UnsupportedError

_EVERYWHERE = Space()


class SynapseArrays:
    """The synapses between two groups of cells.

    synapses: sorted by pre, then post; blocks: the same by the populations at their ends.
    """

    _simulator: Any
    label: str
    pre: Any
    post: Any
    shape: tuple[int, int]
    synapse_type: Any
    receptor_type: Any
    draws: Any

    def __init__(self, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                 synapse_type: Any = None, source: Any = None, receptor_type: str | None = None,
                 space: Space = _EVERYWHERE, label: str | None = None) -> None:
        if isinstance(postsynaptic_neurons, (pynn.BasePopulation, pynn.Assembly)):
            check_takes_input(postsynaptic_neurons, label)
        self._check_types(connector, synapse_type, label)
        # not what a backend's own Projection does for its parent's synapses
        pynn.Projection.__init__(self, self._end(presynaptic_neurons, label), postsynaptic_neurons,
                                 connector, synapse_type, source, receptor_type, space, label)
        self._expand(connector)

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        """Raise :class:`UnsupportedError` for types that belong to another backend."""

    def _end(self, group: Any, label: str | None) -> Any:
        """What stands for the presynaptic cells."""
        return group

    def _expand(self, connector: Any) -> None:
        """Make the synapses, once pre, post and types are known.

        Raises the errors of projections that cannot be.
        """
        self._simulation = self._simulator.state.simulation
        self._sets = 0
        self.draws = self._draws()
        self._check_belongs()
        check_ends(self)
        self._simulation.structure_changes(f"{self.label} is added")
        self.index = len(self._simulation.projections)
        self.synapses = expand(self, connector, self._simulation.options, self.draws)
        self.blocks = blocks(self.pre, self.post, self.synapses)
        self._simulation.projections.append(self)

    def _number(self) -> int:
        """The place among all projections that the script has made, which seeds follow."""
        return len(self._simulator.state.simulation.projections)

    def _draws(self) -> Draws:
        """Its seeds, as if it had not drawn yet."""
        draws: Draws = self._simulator.state.draws
        return draws.of(self._number())

    def _check_belongs(self) -> None:
        known = self._simulation.populations
        for member in (*members(self.pre), *members(self.post)):
            population = member.population
            if population.index >= len(known) or known[population.index] is not population:
                raise NetworkError(f"{self.label}: {population.label} belongs to a network that a "
                                   "later setup() ended; make it anew")

    def _guess_receptor_type(self) -> None:
        """Excitatory; for cells with two ports the sign of the last weight decides, as in PyNN.

        The learning signal's receptor is never guessed.
        """
        self.receptor_type = "excitatory"
        targets = [member.population.celltype for member in members(self.post)]
        if any(isinstance(target, (EPropCell, EPropReadout)) for target in targets) \
                or self.is_feedback:
            return
        weight = seeded_synapse_type(self.synapse_type, self._draws()).parameter_space["weight"]
        base = weight.base_value
        if isinstance(base, np.ndarray) and base.ndim:
            last = float(base.flat[-1])
        else:
            cells = [np.array([size - 1]) for size in self.shape]
            last = float(evaluate(deepcopy(weight), "weight", self, *cells)[0])
        if last < 0:
            self.receptor_type = "inhibitory"

    # --- size and single connections ---

    def __len__(self) -> int:
        """Number of connections."""
        return len(self.synapses)

    @property
    def is_feedback(self) -> bool:
        """Whether this is a learning signal."""
        return isinstance(self.synapse_type, LearningSignal)

    @property
    def connections(self) -> Connections:
        """The connections one by one."""
        return Connections(self)

    def __getitem__(self, place: int) -> Connection:
        """Connection number ``place``, sorted by pre, then post."""
        return self.connections[place]

    @property
    def shortest_delay(self) -> float:
        """In ms."""
        return float(to_ms(self.synapses.delay.min(), self._simulator.state.dt))

    # --- attributes ---

    def attribute(self, name: str) -> np.ndarray:
        """Values of "weight", "delay" (ms) or "gradient" now, (synapses,).

        Raises PyNN's ``NonExistentParameterError`` for another name.
        """
        signal = self.is_feedback
        if name == "weight" and signal and self.synapse_type.symmetric:
            return self._forward_weights()
        if name == "weight":
            return self._simulation.weights(self)
        if name == "delay" and not signal:
            return np.asarray(to_ms(self.synapses.delay, self._simulator.state.dt))
        if name == "gradient" and not signal:
            if getattr(self.synapse_type, "optimizer", None) is None:
                raise UnsupportedError(f"{self.label}: no gradient is computed for synapses that "
                                       "do not learn; use EPropSynapse(optimizer=...)")
            return self._simulation.gradient(self)
        readable = [*self.synapse_type.get_parameter_names(), *([] if signal else ["gradient"])]
        raise NonExistentParameterError(name, type(self.synapse_type).__name__, readable)

    def _forward_weights(self) -> np.ndarray:
        """Weights of the projection that a symmetric learning signal follows."""
        weights = np.zeros((self.post.size, self.pre.size))
        for forward in self._simulation.projections:
            if forward.pre == self.post and forward.post == self.pre \
                    and not forward.is_feedback:
                np.add.at(weights, (forward.synapses.pre, forward.synapses.post),
                          forward.attribute("weight"))
        return weights[self.synapses.post, self.synapses.pre]

    def get(self, attribute_names: str | Iterable[str], format: str, gather: bool | str = True,
            with_address: bool = True, multiple_synapses: str = "sum") -> Any:
        """Attributes ("weight", "delay", "gradient") of all connections, as in PyNN.

        format "list": tuples, with pre and post index if ``with_address``; "array": matrices
        (pre, post), NaN where there is no connection. ``multiple_synapses``: "sum", "min", "max",
        "first" or "last", for the matrix entries of cells connected more than once.
        """
        single = isinstance(attribute_names, str)
        names = [attribute_names] if isinstance(attribute_names, str) else list(attribute_names)
        columns = [self.attribute(name) for name in names]
        if format == "list":
            if single and not with_address:
                return columns[0].tolist()
            address = [self.synapses.pre, self.synapses.post] if with_address else []
            return as_list([*address, *columns])
        if format != "array":
            raise NetworkError(f"{self.label}: format={format!r} is unknown; "
                               "choose 'list' or 'array'")
        if multiple_synapses not in MULTIPLE_SYNAPSES:
            raise NetworkError(f"{self.label}: multiple_synapses={multiple_synapses!r} is unknown; "
                               f"choose one of {list(MULTIPLE_SYNAPSES)}")
        arrays = [as_array(column, self.synapses.pre, self.synapses.post, self.shape,
                           multiple_synapses) for column in columns]
        return arrays[0] if single else arrays

    def set(self, **attributes: Any) -> None:
        """Set weights or delays (ms) of all connections.

        Values: a number; an array (pre, post); one value per connection, in the order of
        ``get(format="list")``, or rows as that lists them; a RandomDistribution; a string or
        function of the distance. Raises :class:`NetworkError` for others.
        """
        checked, sets = {}, self._sets
        for name, value in attributes.items():
            if not self.synapse_type.has_parameter(name):
                raise NonExistentParameterError(name, type(self.synapse_type).__name__,
                                                self.synapse_type.get_parameter_names())
            sets += 1
            seed = partial(self.draws.seed, Purpose.SET + sets)
            checked[name] = evaluate(seeded(value, seed), name, self, self.synapses.pre,
                                     self.synapses.post)
        if "weight" in checked:
            self.set_weights(checked["weight"])
        if "delay" in checked:
            self._set_delays(checked["delay"])
        self._sets = sets

    def initialize(self, **initial_values: Any) -> None:
        """No synapse of this backend has state variables. Raises :class:`UnsupportedError`."""
        raise UnsupportedError(f"{self.label}: {type(self.synapse_type).__name__} has no state "
                               f"variables such as {', '.join(initial_values)}")

    def set_weights(self, weight: np.ndarray) -> None:
        """Set all weights, (synapses,). Raises :class:`UnsupportedError` for those of others."""
        if self.is_feedback:
            if self.synapse_type.symmetric:
                raise UnsupportedError(f"{self.label}: a symmetric learning signal has no weights "
                                       "of its own; set those of the projection to the readouts")
            self._simulation.structure_changes(f"{self.label}: new feedback weights")
            self.synapses.weight = np.array(weight)
            return
        check_signs(self, weight)
        self._simulation.set_weights(self, np.array(weight))

    def _set_delays(self, delay: np.ndarray) -> None:
        steps = to_delay_steps(self, delay, self._simulation.options)
        self._simulation.delays_change(self.label)
        self.synapses.delay = np.broadcast_to(steps, len(self))

    def set_one(self, name: str, place: int, value: float) -> None:
        """Set an attribute of one connection."""
        values = np.array(self.attribute(name))
        values[place] = value
        self.set(**{name: values})

    def weightHistogram(self, min: float | None = None, max: float | None = None,  # noqa: N802
                        nbins: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Counts and bin edges of the weights between ``min`` and ``max``."""
        weights = self.attribute("weight")
        low = weights.min() if min is None else min
        high = weights.max() if max is None else max
        return np.histogram(weights, np.linspace(low, high, nbins + 1))

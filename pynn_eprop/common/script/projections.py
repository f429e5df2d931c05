"""Projections whose synapses are arrays, for any backend.

Backends mix :class:`SynapseArrays` into PyNN's Projection. ``_simulator.state.simulation`` of a
backend gives options and the projections, has the weights, and is notified of changes.
"""

from collections.abc import Iterable
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
from pyNN import common as pynn
from pyNN.space import Space

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import check_projection, check_receptor
from pynn_eprop.common.arguments.calls import names as listed
from pynn_eprop.common.arguments.grid import to_ms
from pynn_eprop.common.expansion.connection_values import evaluate
from pynn_eprop.common.expansion.groups import members
from pynn_eprop.common.expansion.seeds import Draws, Purpose, seeded, seeded_synapse_type
from pynn_eprop.common.expansion.synapses import bundles, check_signs, expand, to_delay_steps
from pynn_eprop.common.script.checks import check_ends, check_takes_input
from pynn_eprop.common.script.connections import (
    MULTIPLE_SYNAPSES,
    Connection,
    Connections,
    as_array,
    as_list,
    weight_histogram,
)
from pynn_eprop.common.script.synapse_recording import RecordedSynapses
from pynn_eprop.common.standardmodels import EPropReadout, LearningSignal
from pynn_eprop.common.standardmodels.cells import LearningCell
from pynn_eprop.common.standardmodels.kinds import ports_of
from pynn_eprop.common.standardmodels.tables import check_names
from pynn_eprop.errors import (
    NetworkError,
    ParameterError,
    ProjectionError,
    UnknownParameterError,
    UnsupportedError,
)
from pynn_eprop.models.parameters import as_numbers

FORMATS = ("list", "array")
_EVERYWHERE = Space()


class SynapseArrays(RecordedSynapses):
    """The synapses between two groups of cells.

    synapses: sorted by pre, then post; bundles: the synapses by the populations at their ends.
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
        self._check_arguments(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
                              space, label)
        check_takes_input(postsynaptic_neurons, label)
        self._check_types(connector, synapse_type, label)
        pre = self._end(presynaptic_neurons, label)
        check_receptor(receptor_type, postsynaptic_neurons, label)
        drawn = [connector, getattr(synapse_type, "parameter_space", None)]
        with all_or_nothing(*self._simulator.state.changeable(), given=drawn):
            # not the __init__ of a backend's Projection, which is for its parent's synapses
            pynn.Projection.__init__(self, pre, postsynaptic_neurons, connector, synapse_type,
                                     source, receptor_type, space or _EVERYWHERE, label)
            if label is None and self._has_named_receptors():
                self.label = f"{self.label} ({self.receptor_type})"     # one for each of them
            self._expand(connector)

    @staticmethod
    def _check_arguments(pre: Any, post: Any, connector: Any, synapse_type: Any, space: Any,
                         label: str | None) -> None:
        """Check the kinds of the arguments, first of all."""
        check_projection(pre, post, connector, synapse_type, space, label)

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        """Raise :class:`UnsupportedError` for types that belong to another backend."""

    def _end(self, group: Any, label: str | None) -> Any:
        """The presynaptic group, or the one that a backend puts in its place."""
        return group

    def _expand(self, connector: Any) -> None:
        """Make the synapses, once pre, post and types are known.

        Raises the errors of impossible projections.
        """
        self._simulation = self._simulator.state.simulation
        self._sets = 0
        self.draws = self._draws()
        self._check_belongs()
        check_ends(self)
        self._check_kinds()
        self._simulation.structure_changes(f"{self.label} is added")
        self.index = len(self._simulation.projections)
        self.synapses = expand(self, connector, self._simulation.options, self.draws)
        self.bundles = bundles(self.pre, self.post, self.synapses)
        self._simulation.projections.append(self)

    def _number(self) -> int:
        """The place among all projections that the script has made, which seeds follow."""
        return len(self._simulator.state.simulation.projections)

    def _draws(self) -> Draws:
        """Its seeds, from the first draw on."""
        draws: Draws = self._simulator.state.draws
        return draws.of(self._number())

    def _check_belongs(self) -> None:
        known = self._simulation.populations
        for member in (*members(self.pre), *members(self.post)):
            population = member.population
            if population.index >= len(known) or known[population.index] is not population:
                raise NetworkError(f"{self.label}: {population.label} belongs to a network that a "
                                   "later setup() ended; make it again")

    def _check_kinds(self) -> None:
        """Raise :class:`UnsupportedError` for a rule or optimiser that this backend lacks."""
        onto_cells = any(isinstance(member.population.celltype, LearningCell)
                         for member in members(self.post))
        self._simulation.kinds.check_synapses(
            getattr(self.synapse_type, "optimizer", None),
            getattr(self.synapse_type, "rule", None) if onto_cells else None, self.label)

    def _has_named_receptors(self) -> bool:
        """Whether synapses lead to one of several receptors, each with a name."""
        return not self.is_feedback and any(
            len(ports_of(member.population.celltype)) > 1 for member in members(self.post))

    def _guess_receptor_type(self) -> None:
        """Excitatory; for cells with two ports the sign of the last weight decides, as in PyNN.

        The learning signal's receptor is never guessed, nor one of several that each have a name:
        raises :class:`ProjectionError`.
        """
        self.receptor_type = "excitatory"
        targets = [member.population.celltype for member in members(self.post)]
        for member in members(self.post):
            ports = ports_of(member.population.celltype)
            if len(ports) > 1 and not self.is_feedback:
                raise ProjectionError(
                    f"{self.label or 'projection'}: {member.population.label} has several "
                    f"receptors; give receptor_type=, one of {', '.join(map(repr, ports))}")
            self.receptor_type = next(iter(ports), self.receptor_type)
        if any(isinstance(target, (LearningCell, EPropReadout)) for target in targets) \
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
        """The shortest delay in ms; infinite without synapses."""
        if not len(self):
            return float(np.inf)
        return float(to_ms(self.synapses.delay.min(),
                           self._simulation.options.timestep))

    # --- attributes ---

    def attribute(self, name: str) -> np.ndarray:
        """Present values of "weight", "acting_weight", "delay" (ms) or "gradient", (synapses,).

        Raises :class:`UnknownParameterError` for another name.
        """
        self._check_readable([name])
        if name in ("weight", "acting_weight") and self.is_feedback and self.synapse_type.symmetric:
            return self._forward_weights(name)
        if name == "weight":
            return self._simulation.weights(self)
        if name == "acting_weight":
            return self._simulation.acting_weights(self)
        if name == "delay":
            return np.asarray(to_ms(self.synapses.delay, self._simulation.options.timestep))
        return self._simulation.gradient(self)

    def _check_readable(self, names: Iterable[str]) -> None:
        """Raise the errors of attributes that cannot be read, before reading any."""
        signal = self.is_feedback
        readable = [*self.synapse_type.get_parameter_names(), "acting_weight",
                    *([] if signal else ["gradient"])]
        for name in names:
            if name not in readable:
                raise UnknownParameterError(name, type(self.synapse_type).__name__, readable)
            if name == "gradient" and getattr(self.synapse_type, "optimizer", None) is None:
                raise UnsupportedError(f"{self.label}: no gradient is computed for synapses that "
                                       "do not learn; use EPropSynapse(optimizer=...)")
            if name == "gradient":
                self._simulation.check_gradient(self)
            if name == "acting_weight" and signal and self.synapse_type.window is not None:
                raise UnsupportedError(f"{self.label}: the weights of a LearningSignal(window=...) "
                                       "are drawn for each window; no one of them acts")

    def _forward_weights(self, name: str) -> np.ndarray:
        """Weights, or acting ones, of the projections that a symmetric learning signal follows."""
        weights = np.zeros(len(self.synapses.pre))
        for bundle in self.bundles:
            matrix = np.zeros((bundle.post.size, bundle.pre.size))
            for forward in self._simulation.projections:
                for other in () if forward.is_feedback else forward.bundles:
                    if other.pre is bundle.post and other.post is bundle.pre:
                        np.add.at(matrix, (other.pre_index, other.post_index),
                                  other.take(forward.attribute(name)))
            bundle.put(weights, matrix[bundle.post_index, bundle.pre_index])
        return weights

    def get(self, attribute_names: str | Iterable[str], format: str, gather: bool | str = True,
            with_address: bool = True, multiple_synapses: str = "sum") -> Any:
        """Attributes of all connections, as in PyNN.

        "weight", as given or learned; "acting_weight", as it acts at arrival, rounded in fixed
        point; "delay"; "gradient", of the last update.
        format "list": tuples, with pre and post index if ``with_address``; "array": matrices
        (pre, post), NaN for pairs that are not connected. ``multiple_synapses``: "sum", "min",
        "max", "first" or "last", for the matrix entries of cells connected more than once.
        """
        single = isinstance(attribute_names, str)
        names = listed(attribute_names, "get(): attributes", self.label)
        for what, given, choices in (("format", format, FORMATS),
                                     ("multiple_synapses", multiple_synapses, MULTIPLE_SYNAPSES)):
            if not isinstance(given, str) or given not in choices:
                raise NetworkError(f"{self.label}: {what}={given!r} is unknown; choose one of "
                                   f"{', '.join(repr(choice) for choice in choices)}")
        self._check_readable(names)
        columns = [self.attribute(name) for name in names]
        if format == "list":
            if single and not with_address:
                return columns[0].tolist()
            address = [self.synapses.pre, self.synapses.post] if with_address else []
            return as_list([*address, *columns])
        arrays = [as_array(column, self.synapses.pre, self.synapses.post, self.shape,
                           multiple_synapses) for column in columns]
        return arrays[0] if single else arrays

    def set(self, **attributes: Any) -> None:
        """Set weights or delays (ms) of all connections.

        Values: a number; an array (pre, post); one value per connection, in the order of
        ``get(format="list")``, or rows as that lists them; a RandomDistribution; a string or
        function of the distance. Raises :class:`NetworkError` for others, and
        :class:`SimulationError` in a network that a later ``setup()`` has ended.
        """
        self._check_current()
        check_names(self.synapse_type.get_parameter_names(), attributes,
                    type(self.synapse_type).__name__)
        with all_or_nothing(self, self.draws, self.synapses, self._simulation,
                            given=attributes.values()):
            checked = {}
            for name, value in attributes.items():
                self._sets += 1
                seed = partial(self.draws.seed, Purpose.SET + self._sets)
                checked[name] = evaluate(seeded(value, seed), name, self, self.synapses.pre,
                                         self.synapses.post)
            steps = None
            if "delay" in checked:
                steps = to_delay_steps(self, checked["delay"], self._simulation.options)
                self._simulation.check_delays(self.label)
            if "weight" in checked:
                self.check_weights(checked["weight"])
                self.set_weights(checked["weight"])
            if steps is not None:
                self._simulation.delays_change(self.label)
                self.synapses.delay = np.broadcast_to(steps, len(self))

    def initialize(self, **initial_values: Any) -> None:
        """Raise :class:`UnsupportedError`: no synapse of this backend has state variables."""
        raise UnsupportedError(f"{self.label}: {type(self.synapse_type).__name__} has no state "
                               f"variables such as {', '.join(initial_values)}")

    def check_weights(self, weight: np.ndarray) -> None:
        """Raise the errors of weights, (synapses,), that cannot be set now.

        :class:`UnsupportedError` for a symmetric learning signal, and the errors of the backend.
        """
        if not np.all(np.isfinite(weight)):
            raise NetworkError(f"{self.label}: weights must be finite")
        if self.is_feedback:
            if self.synapse_type.symmetric:
                raise UnsupportedError(f"{self.label}: a symmetric learning signal has no weights "
                                       "of its own; set those of the projection to the readouts")
            return
        check_signs(self, weight)
        self._simulation.check_weights(self, weight)

    def set_weights(self, weight: np.ndarray) -> None:
        """Set all weights, (synapses,), after :meth:`check_weights`."""
        if self.is_feedback:
            self._simulation.structure_changes(f"{self.label}: new feedback weights")
            self.synapses.weight = np.array(weight)
        else:
            self._simulation.set_weights(self, np.array(weight))

    def set_one(self, name: str, place: int, value: float) -> None:
        """Set an attribute of one connection."""
        number = as_numbers(value)
        if number is None or number.ndim:
            raise ParameterError(f"{self.label}: {name}={value!r} must be a number")
        if name == "weight" and not self.is_feedback:
            self._simulation.check_takes_weights(f"{self.label}: new weights")
        values = np.array(self.attribute(name))
        values[place] = number
        self.set(**{name: values})

    def weightHistogram(self, min: float | None = None, max: float | None = None,  # noqa: N802
                        nbins: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Counts and bin edges of the weights between ``min`` and ``max``."""
        return weight_histogram(self.attribute("weight"), min, max, nbins)

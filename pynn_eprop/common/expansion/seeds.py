"""Generators derived from the seed of ``setup()``, for draws without a seed of their own."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from enum import IntEnum
from functools import partial
from typing import Any

import numpy as np
from pyNN import connectors as pynn
from pyNN.parameters import LazyArray
from pyNN.random import AbstractRNG, NativeRNG, NumpyRNG, RandomDistribution

from pynn_eprop.common.arguments.calls import check_structure
from pynn_eprop.models.counter_random import derived_seed


class Purpose(IntEnum):
    """The purpose of a generator derived from (seed, number).

    INITIAL, PARAMETERS, SET and SYNAPSE are the first of several: further state variables,
    parameters and calls count on.
    """

    CONNECTOR = 0
    WEIGHT = 1
    DELAY = 2
    SAMPLE = 3
    POSITIONS = 4
    NUMBERS = 5             # of connections, of connectors that draw them
    ASSEMBLY = 6            # samples of assemblies, which have no number
    SIMULATOR = 7           # draws of a parent backend while it runs
    INITIAL = 8
    PARAMETERS = 16
    SET = 64
    RECORDED = 1 << 19      # synapses that are chosen for recording
    SYNAPSE = 1 << 20       # parameters of stock synapses beside weight and delay


class Draws:
    """The seeds of all that is drawn for one population or projection, or for the whole network.

    Among the objects of ``all_or_nothing``, draws of a refused call do not count.
    number: its place among all populations, or all projections, in the order in which they are
    made.
    """

    def __init__(self, run_seed: int, number: int = 0) -> None:
        self.run_seed, self.number = run_seed, number
        self._done: Counter[int] = Counter()

    def of(self, number: int) -> "Draws":
        """The draws of the population or projection with a number."""
        return Draws(self.run_seed, number)

    def seed(self, purpose: int) -> int:
        """A seed for the next draw for a purpose; no two are the same."""
        repeat = self._done[purpose]
        self._done[purpose] += 1
        return derived_seed(self.run_seed, self.number, purpose, repeat)

    def rng(self, purpose: int) -> NumpyRNG:
        """A generator for the next draw for a purpose."""
        return NumpyRNG(self.seed(purpose))


def seeded(value: Any, seed: Callable[[], int]) -> Any:
    """``value``, or a seeded copy if it is a RandomDistribution without a seed.

    Works on the base of a LazyArray, and on the operands of its operations, too. The original stays
    as it is.
    """
    if isinstance(value, LazyArray):
        base = seeded(value.base_value, seed)
        operations = [(function, seeded(argument, seed)) for function, argument in value.operations]
        if base is value.base_value and all(
                new[1] is old[1] for new, old in zip(operations, value.operations, strict=True)):
            return value
        lazy = LazyArray(base, shape=value.shape, dtype=value.dtype)
        lazy.operations = operations
        return lazy
    if isinstance(value, RandomDistribution) and isinstance(value.rng, NumpyRNG) \
            and value.rng.seed is None:
        return RandomDistribution(value.name, rng=NumpyRNG(seed()), **value.parameters)
    return value


def drawn(value: Any, size: int, seed: Callable[[], int]) -> Any:
    """``value``, or if something in it is drawn without a seed, one number for each of ``size``."""
    lazy = value if isinstance(value, (LazyArray, RandomDistribution)) else None
    found = seeded(lazy, seed)
    if found is lazy:
        return value
    return LazyArray(found, shape=(size,)).evaluate()


def drawn_values(values: Mapping[str, Any], size: int, draws: Draws, first: int,
                 names: Sequence[str]) -> dict[str, Any]:
    """Values by name, with :func:`drawn` numbers; ``names`` count on from the purpose ``first``."""
    def purpose(name: str) -> int:
        return first + (names.index(name) if name in names else len(names))

    return {name: drawn(value, size, partial(draws.seed, purpose(name)))
            for name, value in values.items()}


_DEFAULT_SEED = pynn.FixedProbabilityConnector(0.5).rng.seed


def seeded_connector(connector: Any, draws: Draws, native: bool = False) -> Any:
    """A copy of a connector with seeded generators; the original stays as it is.

    A generator with a seed is the script's choice, and stays; with ``native``, so does a
    simulator's own.
    """
    own = copy(connector)
    rng = getattr(connector, "rng", None)
    if isinstance(rng, AbstractRNG) and rng.seed in (None, _DEFAULT_SEED) \
            and not (native and isinstance(rng, NativeRNG)):
        own.rng = draws.rng(Purpose.CONNECTOR)
    if hasattr(connector, "n"):
        own.n = seeded(connector.n, partial(draws.seed, Purpose.NUMBERS))
    return own


def seeded_synapse_type(synapse_type: Any, draws: Draws) -> Any:
    """A copy of a synapse type with a seed for all that is drawn without one."""
    fixed = {"weight": Purpose.WEIGHT, "delay": Purpose.DELAY}
    space = synapse_type.parameter_space
    changed = {}
    for place, (name, value) in enumerate(sorted(space.items())):
        purpose = fixed.get(name, Purpose.SYNAPSE + place)
        found = seeded(value, partial(draws.seed, purpose))
        if found is not value:
            changed[name] = found
    return with_parameters(synapse_type, changed)


def with_parameters(model: Any, changed: dict[str, Any]) -> Any:
    """A copy of a cell or synapse type with some parameters changed; itself if there are none."""
    if not changed:
        return model
    own = copy(model)
    own.parameter_space = copy(model.parameter_space)
    own.parameter_space._parameters = {**dict(model.parameter_space.items()), **{
        name: value if isinstance(value, LazyArray) else LazyArray(value)
        for name, value in changed.items()}}
    return own


def seeded_structure(structure: Any, draws: Draws) -> Any:
    """A copy of a structure with a seeded generator for the positions that it draws."""
    if structure is None or not hasattr(structure, "rng") \
            or getattr(structure, "fill_order", "random") != "random" \
            or (structure.rng is not None and structure.rng.seed is not None):
        return structure
    own = copy(structure)
    own.rng = draws.rng(Purpose.POSITIONS)
    return own


class SeededPlaces:
    """For populations: positions that are drawn follow the seed of ``setup()``.

    draws: the population's, or None in a network that another ``setup()`` began.
    """

    draws: Any
    label: str

    @property
    def structure(self) -> Any:
        """The structure that gives the positions; None if they were given one by one."""
        return self._get_structure()    # type: ignore[attr-defined]

    @structure.setter
    def structure(self, structure: Any) -> None:
        check_structure(structure, self.label)
        if self.draws is not None:
            structure = seeded_structure(structure, self.draws)
        self._set_structure(structure)  # type: ignore[attr-defined]


class OwnGlobalGenerator:
    """NumPy's global generator as a parent backend draws from it, apart from the script's."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.restart()

    def restart(self) -> None:
        """Go back to the first draw."""
        self._state = np.random.RandomState(self._seed).get_state()

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """A context in which the global generator is this one; the script's stays as it is."""
        before = np.random.get_state()
        np.random.set_state(self._state)
        try:
            yield
        finally:
            self._state = np.random.get_state()
            np.random.set_state(before)

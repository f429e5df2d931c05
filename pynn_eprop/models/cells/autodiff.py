"""The base class of cells whose derivatives JAX takes."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import MissingDependencyError, ParameterError, SimulationError
from pynn_eprop.models.answers import as_answer, ask, called
from pynn_eprop.models.cells.spiking import SpikingCells
from pynn_eprop.models.jax_settings import own_settings

Slopes = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True, kw_only=True)
class AutodiffCells(SpikingCells):
    """Cells of which a kind gives the step and the distance alone, in ``jax.numpy``.

    A kind derives from this class and gives, beside its parameters and state variables as for
    :class:`SpikingCells`, :meth:`step` and :meth:`distance`; :meth:`constants` and :meth:`scale`
    may be NumPy. JAX differentiates both. With s^t = step(s^{t-1}, z^{t-1}, arriving^t), the
    eligibility vector is

        eps^t = J^t eps^{t-1} + (ds^t / d arriving^t) z_i^{t-d},
        J^t = ds^t / ds^{t-1} + (ds^t / dz^{t-1}) h^{t-1} (d distance^{t-1} / ds^{t-1}),

    at the state before and the input of this very step, which may enter in any way.

    In :meth:`step`, ``cells`` has the parameters, the constants, the state, ``z`` and ``z_reset``;
    in :meth:`distance` all of these but the spikes. Each cell's answer depends on that cell alone.
    A choice between two values is ``jnp.where()``, as the values are not known when JAX follows the
    computation. Whatever cannot be followed or differentiated is an error before anything runs.
    """

    looks_back: ClassVar[bool] = True

    def double_precision(self) -> AbstractContextManager[Any]:
        """JAX with 64 bits, on the processor."""
        return _double_precision()

    def check_step(self, cells: Any) -> None:
        """Raise :class:`ParameterError` or :class:`SimulationError` for methods that cannot work.

        They must be functions that JAX can follow, give one number for each cell that depends on
        that cell only, and have finite derivatives at the start of an interval.
        """
        self._in_jax(cells).check(cells)

    def transition(self, cells: Any) -> Mapping[tuple[str, str], np.ndarray]:
        """J of the step just done: also by way of the cell's own spike before, but for resets."""
        found, before = self._in_jax(cells), cells.before
        state = found.state(before)
        by = found.of_step((*state, "z"), cells, before, cells.arriving)
        spike = {name: before.h * slope for name, slope in found.of_distance(cells, state).items()}
        return {(to, name): by[name][to] + by["z"][to] * spike[name]
                for to in state for name in state}

    def drive(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """Derivatives of the state by the input of the step just done."""
        found = self._in_jax(cells)
        return found.of_step(("arriving",), cells, cells.before, cells.arriving)["arriving"]

    def distance_gradient(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """Derivatives of the distance by the present state."""
        found = self._in_jax(cells)
        return found.of_distance(cells, found.state(cells))

    def _in_jax(self, cells: Any) -> "_Followed":
        """The methods as JAX follows them, compiled once for each object."""
        found = self.__dict__.get("_followed")
        if found is None:
            found = self.__dict__["_followed"] = _Followed(self, cells.timestep)
        return found


class _Followed:
    """The step and the distance of a kind as functions of numbers, and their derivatives."""

    def __init__(self, kind: AutodiffCells, timestep: float) -> None:
        self.jax = import_jax()
        self.kind = kind
        self.shape = (kind.size,)
        # values are given in each call, as they may differ between machines
        self.unchanging = (*(entry.name for entry in fields(kind) if "parameter" in entry.metadata),
                           *kind.constants(timestep))
        self._of_step = self.jax.jit(self._slopes_of_step, static_argnums=0)
        self._of_distance = self.jax.jit(self._slopes_of_distance)

    def state(self, cells: Any) -> dict[str, np.ndarray]:
        """The state variables of a machine's cells."""
        return {name: getattr(cells, name) for name in self.kind.state_variables()}

    def of_step(self, by: tuple[str, ...], cells: Any, before: Any, arriving: np.ndarray
                ) -> Slopes:
        """Derivatives of the next state by state variables before, "z" and "arriving"."""
        values = {**self.state(before), "z": before.z, "z_reset": before.z, "arriving": arriving}
        return self._read(
            self._of_step(by, self._unchanging(cells), values, np.ones(self.shape)))

    def of_distance(self, cells: Any, state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Derivatives of the distance by the state variables."""
        slopes = self._read(
            self._of_distance(self._unchanging(cells), state, np.ones(self.shape)))
        return {name: each["distance"] for name, each in slopes.items()}

    def _read(self, slopes: Any) -> Any:
        """As NumPy's arrays, unless JAX follows a computation that this is a part of."""
        traced = any(isinstance(each, self.jax.core.Tracer)
                     for each in self.jax.tree.leaves(slopes))
        return slopes if traced else self.jax.device_get(slopes)

    def check(self, cells: Any) -> None:
        """See :meth:`AutodiffCells.check_step`."""
        rng, none = np.random.default_rng(0), np.zeros(self.shape)
        state, given = self.state(cells), self._unchanging(cells)
        start = {**state, "z": none, "z_reset": none, "arriving": none}
        # anywhere, so that no factor is 0 that is not always
        other = {name: value + rng.uniform(0.5, 1.5, self.shape) for name, value in start.items()}
        by = tuple(name for name in start if name != "z_reset")
        ones, tangent = np.ones(self.shape), rng.uniform(0.5, 1.5, self.shape)
        for method, slopes, at_start, elsewhere in (
                ("step", partial(self._of_step, by), start, other),
                ("distance", self._of_distance, state, {name: other[name] for name in state})):
            what = called(self.kind.label, "cell", self.kind, method)
            for name, to, slope in _entries(slopes(given, at_start, ones)):
                if not np.all(np.isfinite(slope)):
                    raise ParameterError(
                        f"{what}: the derivative of {to!r} by {name!r} is "
                        f"{slope[~np.isfinite(slope)][0]:g} at the start of an interval; it must "
                        "be finite")
            for (name, to, slope), (_, _, turned) in zip(
                    _entries(slopes(given, elsewhere, ones)),
                    _entries(slopes(given, elsewhere, tangent)), strict=True):
                if not np.allclose(turned, tangent * slope, rtol=1e-6, equal_nan=True):
                    raise ParameterError(
                        f"{what}: {to!r} of one cell depends on {name!r} of another; it may depend "
                        "on the cell itself only, as cells are connected by projections")

    def _unchanging(self, cells: Any) -> dict[str, Any]:
        return {name: getattr(cells, name) for name in self.unchanging}

    def _slopes_of_step(self, by: tuple[str, ...], given: dict[str, Any], values: dict[str, Any],
                        tangent: Any) -> Any:
        return self._slopes(partial(self._step, given), by, values, tangent)

    def _slopes_of_distance(self, given: dict[str, Any], state: dict[str, Any], tangent: Any
                            ) -> Any:
        return self._slopes(partial(self._distance, given), tuple(state), state, tangent)

    def _slopes(self, function: Any, by: tuple[str, ...], values: dict[str, Any], tangent: Any
                ) -> dict[str, dict[str, Any]]:
        """Derivatives by each of some values, in the direction of the tangent."""
        return {name: self.jax.jvp(lambda value, name=name: function({**values, name: value}),
                                   (values[name],), (tangent,))[1] for name in by}

    def _step(self, given: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        arriving, kept = values["arriving"], self.kind.state_variables()
        seen = {name: value for name, value in values.items() if name != "arriving"}
        state = self._ask("step", _Seen({**given, **seen}), arriving)
        what = called(self.kind.label, "cell", self.kind, "step")
        if not isinstance(state, Mapping):
            raise ParameterError(f"{what} gives {type(state).__name__}; it must give a dict of "
                                 "numbers by name")
        if set(state) != set(kept):
            raise ParameterError(f"{what} gives {sorted(map(str, state))}; it must give all state "
                                 f"variables, {sorted(kept)}")
        return {name: self._numbers(state[name], f"{what}: {name!r}") for name in kept}

    def _distance(self, given: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
        distance = self._ask("distance", _Seen({**given, **values}))
        return {"distance": self._numbers(
            distance, called(self.kind.label, "cell", self.kind, "distance"))}

    def _ask(self, method: str, *arguments: Any) -> Any:
        """The answer of a method that JAX follows."""
        try:
            return ask(self.kind.label, "cell", self.kind, method, *arguments)
        except SimulationError as failure:
            cause, errors = failure.__cause__, self.jax.errors
            if not isinstance(cause, (errors.JAXTypeError, errors.JAXIndexError)):
                raise
            raise ParameterError(
                f"{called(self.kind.label, 'cell', self.kind, method)} cannot be followed by JAX "
                f"({type(cause).__name__}); compute with jax.numpy instead of numpy and math, and "
                "choose with jnp.where() instead of if") from cause

    def _numbers(self, value: Any, what: str) -> Any:
        """One number with a derivative for each cell."""
        jnp = self.jax.numpy
        if not isinstance(value, self.jax.Array):
            value = jnp.asarray(as_answer(value, self.shape, what), float)
        if value.shape not in ((), self.shape) or not jnp.issubdtype(value.dtype, jnp.floating):
            raise ParameterError(f"{what} is {value.dtype} of shape {value.shape}; it must be real "
                                 "numbers, which have derivatives (not integers), of shape "
                                 f"{self.shape}, or one for all")
        return jnp.broadcast_to(value, self.shape)


class _Seen:
    """What a method may read of its cells."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        """Raise :class:`AttributeError`, with what there is."""
        raise AttributeError(f"it has no {name!r} to read; it has {sorted(vars(self))}")


def _entries(slopes: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Derivatives one by one: by what, of what, and the numbers."""
    for name, each in slopes.items():
        for to, slope in each.items():
            yield name, to, np.asarray(slope)


@contextmanager
def _double_precision() -> Iterator[None]:
    jax = import_jax()
    with own_settings(jax, jax.devices("cpu")[0], double=True):
        yield


def import_jax() -> Any:
    """The package ``jax``. Raises :class:`MissingDependencyError`."""
    try:
        import jax
    except ImportError as missing:
        raise MissingDependencyError("cells derived from AutodiffCells need JAX; install it with "
                                     "pip install 'pynn_eprop[jax]'") from missing
    return jax

"""Calls that change several things: all of them, or none if the call is refused."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from pyNN.parameters import LazyArray, ParameterSpace
from pyNN.random import NumpyRNG


@contextmanager
def all_or_nothing(*objects: Any, given: Iterable[Any] = ()) -> Iterator[None]:
    """A context that restores the attributes of objects if it ends in an error.

    ``given``: arguments of the call; their generators of random numbers are restored, too.

    Lists, dicts and sets among the attributes get their entries back, and stay the same objects;
    arrays are not copied, so a change has to put a new array in the old one's place. Nothing
    outside Python's objects is restored, so changes to a simulator come last.
    """
    before = [(each, {name: (value, copy(value) if isinstance(value, (list, dict, set)) else None)
                      for name, value in vars(each).items()})
              for each in objects if each is not None]
    drawn = [(rng, rng.get_state()) for rng in _generators(given)]
    try:
        yield
    except BaseException:
        for rng, position in drawn:
            rng.set_state(position)
        for each, attributes in before:
            vars(each).clear()
            for name, (value, entries) in attributes.items():
                if entries is not None:
                    _refill(value, entries)
                vars(each)[name] = value
        raise


def _generators(given: Iterable[Any]) -> Iterator[Any]:
    """The NumPy generators of a script's connectors and distributions."""
    for value in given:
        if isinstance(value, ParameterSpace):
            yield from _generators(each for _, each in value.items())
        elif isinstance(value, LazyArray):
            yield from _generators([value.base_value, *(each for _, each in value.operations)])
        else:
            for drawing in (value, getattr(value, "n", None)):
                rng = getattr(drawing, "rng", None)
                if isinstance(rng, NumpyRNG) and hasattr(rng.rng, "set_state"):
                    yield rng.rng


def _refill(container: Any, entries: Any) -> None:
    container.clear()
    if isinstance(container, list):
        container.extend(entries)
    else:
        container.update(entries)

"""Calls that change several things: all of them, or none where the call is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any


@contextmanager
def all_or_nothing(*objects: Any) -> Iterator[None]:
    """A context that gives objects their attributes back if it ends in an error.

    Lists, dicts and sets among the attributes get their entries back, and stay the same objects;
    arrays are not copied: what is given a new value must be given a new array. Nothing outside
    Python's objects is taken back, so what belongs to a simulator is done last.
    """
    before = [(each, {name: (value, copy(value) if isinstance(value, (list, dict, set)) else None)
                      for name, value in vars(each).items()})
              for each in objects if each is not None]
    try:
        yield
    except BaseException:
        for each, attributes in before:
            vars(each).clear()
            for name, (value, entries) in attributes.items():
                if entries is not None:
                    _refill(value, entries)
                vars(each)[name] = value
        raise


def _refill(container: Any, entries: Any) -> None:
    container.clear()
    if isinstance(container, list):
        container.extend(entries)
    else:
        container.update(entries)

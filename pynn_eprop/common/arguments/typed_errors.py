"""Errors of PyNN and NumPy about values, turned into errors of this package."""

import reprlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyNN import errors as pynn_errors

from pynn_eprop.errors import DimensionError, EPropError, ParameterError, ProjectionError

_RAISED = (TypeError, ValueError, KeyError, IndexError, AttributeError, AssertionError,
           OverflowError)


_NOTHING = object()
_WORDS = reprlib.Repr()
_WORDS.maxother = _WORDS.maxstring = 80


def in_words(value: object) -> str:
    """A value as a message shows it, never longer than a line."""
    shape = getattr(value, "shape", None)
    return f"an array of shape {shape}" if isinstance(shape, tuple) and shape \
        else _WORDS.repr(value)


@contextmanager
def as_error(error: Callable[[str], EPropError], what: str, value: object = _NOTHING
             ) -> Iterator[None]:
    """A context whose errors of PyNN and NumPy become ``error``, with ``what`` before their text.

    ``value``: shown in the place of ``{}`` in ``what``.

    An array of another size becomes a :class:`DimensionError` if ``error`` is a parameter's, PyNN's
    ConnectionError a :class:`ProjectionError`. Errors of this package pass.
    """
    try:
        yield
    except EPropError:
        raise
    except pynn_errors.InvalidDimensionsError as raised:
        kind = DimensionError if error is ParameterError else error
        raise kind(_text(what, value, raised)) from raised
    except pynn_errors.ConnectionError as raised:
        raise ProjectionError(_text(what, value, raised)) from raised
    except _RAISED as raised:
        raise error(_text(what, value, raised)) from raised


def _text(what: str, value: object, raised: Exception) -> str:
    if value is not _NOTHING:
        what = what.replace("{}", in_words(value), 1)
    return f"{what}: {str(raised).rstrip('.') or type(raised).__name__}"

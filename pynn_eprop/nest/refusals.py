"""Errors of NEST, turned into errors of this package."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import nest
from pyNN.errors import NoModelAvailableError

from pynn_eprop.errors import EPropError, ParameterError, UnsupportedError

_PREFIX = re.compile(r"^.*?with node ID \d+: (\w+_generator: )?", re.DOTALL)


@contextmanager
def typed(what: str, error: type[EPropError] = ParameterError) -> Iterator[None]:
    """Raise errors of NEST as ``error``, of models that it lacks as :class:`UnsupportedError`.

    ``what``: the thing that NEST refuses. For any error of NEST about a synapse model, PyNN reports
    that there is no such model; the error behind it decides.
    """
    try:
        yield
    except (nest.NESTError, NoModelAvailableError) as raised:
        cause = raised.__context__ if isinstance(raised, NoModelAvailableError) \
            and isinstance(raised.__context__, nest.NESTError) else raised
        missing = isinstance(cause, NoModelAvailableError) \
            or type(cause).__name__ == "UnknownModelName"
        said = " ".join(_PREFIX.sub("", str(cause)).split())
        raise (UnsupportedError if missing else error)(f"{what}: NEST says: {said}") from raised

"""Substrates by the names that ``setup()`` and the command line know."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pynn_eprop.common.arguments.setup import SHARED_KEYWORDS
from pynn_eprop.errors import EPropError, MissingDependencyError, ParameterError, SetupError
from pynn_eprop.in_the_loop.substrate import Substrate
from pynn_eprop.in_the_loop.substrates.brainscales import BrainScaleSSubstrate
from pynn_eprop.in_the_loop.substrates.model import Model
from pynn_eprop.in_the_loop.substrates.pynn import PyNNSubstrate
from pynn_eprop.in_the_loop.substrates.stand_in import StandIn

SUBSTRATES: dict[str, Callable[..., Substrate]] = {}
"""What makes each substrate; its parameters are keywords of ``setup()``."""

LOOP_KEYWORDS = ("substrate", "learner", "precision", "voltage", "rounding", "headroom",
                 "checkpoint")
"""Keywords of ``setup()`` beside those of all backends, and of substrates."""


def register_substrate(name: str, make: Callable[..., Substrate]) -> None:
    """Let a name stand for a substrate, in ``setup()`` and on the command line.

    make: a class, or a function with parameters that have defaults; one called ``seed`` gets that
    of the run. Raises :class:`ParameterError` for a name that is taken, and for parameters that
    ``setup()`` has itself.
    """
    if SUBSTRATES.get(name, make) is not make:
        raise ParameterError(f"substrate {name!r}: the name is taken; choose another")
    taken = [each for each in inspect.signature(make).parameters
             if each in (*SHARED_KEYWORDS, *LOOP_KEYWORDS) and each != "seed"]
    if taken:
        raise ParameterError(f"substrate {name!r}: setup() has {taken[0]} itself; register a "
                             "function whose parameters have other names")
    SUBSTRATES[name] = make


def keywords_of(name: str) -> tuple[str, ...]:
    """The keywords of a substrate. Raises :class:`SetupError` for an unknown name."""
    if name not in SUBSTRATES:
        raise SetupError(f"setup(): substrate={name!r} is unknown; choose one of "
                         f"{list(SUBSTRATES)}, or give a Substrate")
    return tuple(inspect.signature(SUBSTRATES[name]).parameters)


def make_substrate(name: str, keywords: Mapping[str, Any], seed: int) -> Substrate:
    """A substrate by its name.

    Raises as :func:`keywords_of`, and as the substrate does; :class:`SetupError` for errors that
    are not of this package, and if what is made is not a :class:`Substrate`.
    """
    known = keywords_of(name)
    given = {"seed": seed, **keywords} if "seed" in known else dict(keywords)
    try:
        made = SUBSTRATES[name](**given)
    except EPropError:
        raise
    except Exception as error:
        raise SetupError(f"setup(): substrate={name!r} could not be made with {keywords}: "
                         f"{type(error).__name__}: {error}") from error
    if not isinstance(made, Substrate):
        raise SetupError(f"setup(): substrate={name!r} makes {type(made).__name__}, which is not "
                         "a Substrate")
    return made


def nest(tau_syn: float = 2.0, sample_period: float | None = None) -> PyNNSubstrate:
    """``pyNN.nest`` with spikes on the time grid."""
    return PyNNSubstrate(_module("pyNN.nest", "nest"), tau_syn, sample_period=sample_period,
                         setup={"spike_precision": "on_grid", "t_flush": 200.0})


def brian2(tau_syn: float = 2.0, sample_period: float | None = None) -> PyNNSubstrate:
    """``pyNN.brian2``, with its own time step of 0.1 ms."""
    return PyNNSubstrate(_module("pyNN.brian2", "brian2"), tau_syn, timestep=0.1,
                         sample_period=sample_period)


def _module(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingDependencyError(f"{name} cannot be imported ({error}); "
                                     f"pip install 'pynn_eprop[{extra}]'") from error


for _name, _make in (("stand-in", StandIn), ("brainscales", BrainScaleSSubstrate),
                     ("model", Model), ("nest", nest), ("brian2", brian2)):
    register_substrate(_name, _make)

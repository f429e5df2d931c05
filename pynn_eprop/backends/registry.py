"""Backends by name."""

import dataclasses
import importlib
import importlib.util
import sys
from contextlib import nullcontext
from types import ModuleType

from pynn_eprop.backends.backend import Backend
from pynn_eprop.common.script.capabilities import ALL_CAPABILITIES, Capability
from pynn_eprop.errors import (
    EPropError,
    MissingDependencyError,
    ParameterError,
    PluginError,
    TaskError,
)

BACKENDS: dict[str, Backend] = {}
"""All backends that a name stands for, in the order of their registration."""

USED = ("setup", "end", "run", "get_current_time", "num_updates", "save_weights", "load_weights",
        "Population", "Projection", "AllToAllConnector", "SpikeSourceArray", "EPropReadout",
        "EPropSynapse", "LearningSignal")
"""Names that every experiment uses of a backend's module."""
_USED_IF_CAPABLE = {Capability.CHECKPOINTS: ("save_checkpoint", "load_checkpoint"),
                    Capability.PAUSED_LEARNING: ("set_learning",)}


def register_backend(backend: Backend) -> Backend:
    """Let the backend's name stand for it on the command line and in configurations.

    Raises :class:`ParameterError` for what is not a :class:`Backend`, and for a name, there or in
    ``compare``, that another has.
    """
    if not isinstance(backend, Backend):
        raise ParameterError(f"{backend!r} is not a backend; give a Backend(name, module, ...)")
    known = BACKENDS.get(backend.name)
    if known is not None and not _is_read_again(backend, known):
        raise ParameterError(f"backend {backend.name!r}: the name is taken by {known.module}; "
                             "choose another")
    taken = [each.name for other in BACKENDS.values() if other.name != backend.name
             for each in other.compared]
    for each in backend.compared:
        if taken.count(each.name):
            raise ParameterError(f"backend {backend.name!r}: the name {each.name!r} is taken in "
                                 "comparisons; choose another")
        taken.append(each.name)
    BACKENDS[backend.name] = backend
    return backend


def _is_read_again(backend: Backend, known: Backend) -> bool:
    """Whether a row is a known one again, because its module or file was read once more."""
    def plain(each: Backend) -> Backend:
        source = getattr(sys.modules.get(each.module), "__file__", None) or each.module
        return dataclasses.replace(each, module=source, context=nullcontext,
                                   under_conditions=None)

    return plain(backend) == plain(known)


def find_backend(name: str) -> Backend:
    """The backend by its name. Raises :class:`TaskError` for an unknown one."""
    try:
        return BACKENDS[name]
    except (KeyError, TypeError):
        raise TaskError(f"backend {name!r} is unknown; choose one of {list(BACKENDS)}") from None


def load_backend(name: str) -> ModuleType:
    """The PyNN module of a backend.

    Raises :class:`TaskError` for an unknown name or a module that is no backend,
    :class:`MissingDependencyError` if it, or what it needs, is not installed, and
    :class:`PluginError` if importing it fails otherwise.
    """
    backend = find_backend(name)
    try:
        module = importlib.import_module(backend.module)
        # a backend may load its simulator when it is first used
        missing = [each for each in USED if not hasattr(module, each)]
    except ModuleNotFoundError as error:
        extra = f"; install it with pip install 'pynn_eprop[{backend.extra}]'" \
            if backend.extra else ""
        raise MissingDependencyError(
            f"backend {name!r} needs the package {error.name!r}{extra}") from error
    except EPropError:
        raise
    except Exception as error:
        raise PluginError(f"backend {name!r}: importing {backend.module} fails with "
                          f"{type(error).__name__}: {error}") from error
    missing += [each for capability, names in _USED_IF_CAPABLE.items() if has(module, capability)
                for each in names if not hasattr(module, each)]
    if missing:
        raise TaskError(f"backend {name!r}: the module {backend.module} has no "
                        f"{', '.join(missing)}")
    return module


def has(sim: ModuleType, capability: Capability) -> bool:
    """Whether a backend module has a capability; one that says nothing has all."""
    return capability in getattr(sim, "CAPABILITIES", ALL_CAPABILITIES)

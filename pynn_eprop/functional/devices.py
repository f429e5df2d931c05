"""Devices that JAX finds, and number systems."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

from pynn_eprop.errors import SetupError, SimulationError
from pynn_eprop.functional.options import DEVICES
from pynn_eprop.models.jax_settings import own_settings


def find_device(name: str | None) -> Any:
    """The first device of a kind, "cpu" or "gpu"; None: the one that JAX prefers.

    Raises :class:`SetupError` for another name, and if there is none.
    """
    if name is None:
        return jax.devices()[0]
    if name not in DEVICES:
        raise SetupError(f"device={name!r} is unknown; choose one of {list(DEVICES)}, or None for "
                         "the one that JAX prefers")
    try:
        return jax.devices(name)[0]
    except RuntimeError:
        found = sorted({device.platform for device in jax.devices()})
        raise SetupError(
            f"device={name!r}: JAX finds none, only {found}; choose one of these, or install JAX "
            "for your GPU (pip install 'jax[cuda13]')") from None


_computed_in: set[int] = set()


@contextmanager
def computing(device: Any, precision: str) -> Iterator[None]:
    """JAX's settings for a device and a precision; see :func:`own_settings`.

    Raises :class:`SimulationError` in a process that was forked after JAX had computed: it would
    wait for JAX's threads, which a fork does not copy.
    """
    _computed_in.add(os.getpid())
    if len(_computed_in) > 1:
        raise SimulationError(
            "JAX cannot compute in a process forked from one in which it has computed; start "
            "processes with multiprocessing.get_context('spawn')")
    with own_settings(jax, device, precision == "float64"):
        yield

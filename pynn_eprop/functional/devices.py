"""Devices that JAX finds."""

from typing import Any

import jax

from pynn_eprop.errors import SetupError
from pynn_eprop.functional.options import DEVICES


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

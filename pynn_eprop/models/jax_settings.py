"""JAX's settings while the package computes, whatever the program beside it has chosen."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def own_settings(jax: Any, device: Any, double: bool) -> Iterator[None]:
    """A context in which JAX computes on a device, with 64 bits if ``double``.

    Numbers are promoted and broadcast as NumPy does it, functions are compiled, arrays may be
    copied to the device, and products of float32 have its precision on every device. The settings
    of the thread outside of it stay.
    """
    with (jax.enable_x64(double), jax.default_device(device), jax.disable_jit(False),
          jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"),
          jax.transfer_guard("allow"), jax.default_matmul_precision("highest")):
        yield

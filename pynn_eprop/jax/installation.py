"""Finds JAX, or says what to install."""

import importlib

from pynn_eprop.errors import MissingDependencyError

_HINT = "install it with pip install 'pynn_eprop[jax]' (for a GPU, docs/jax.md)"


def require_jax() -> None:
    """Raise :class:`MissingDependencyError` if JAX is missing, or too old."""
    try:
        jax = importlib.import_module("jax")
        importlib.import_module("optax")
    except ImportError as error:
        raise MissingDependencyError(f"backend 'jax' needs JAX ({error}); {_HINT}") from error
    if not hasattr(jax, "enable_x64"):
        raise MissingDependencyError(f"JAX {jax.__version__} is too old; {_HINT}")

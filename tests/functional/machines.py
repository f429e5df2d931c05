"""Factories of machines in JAX, as tests of agreement take them."""

from collections.abc import Callable
from typing import Any

from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.network import Network


def jax_machine(precision: str = "float64", gradient: str = "eprop", **options: Any
                ) -> Callable[[Network], JaxMachine]:
    """A factory with these options."""
    def make(network: Network) -> JaxMachine:
        return JaxMachine(network, JaxOptions(precision, gradient, **options))
    return make

"""What the tests let NEST do, each in a call: these run in NEST's process."""

import importlib
import warnings
from typing import Any

from tests.nest.networks import Plan, play


def backend() -> Any:
    """The NEST backend; whatever PyNN deprecates on the way is not what is tested."""
    warnings.simplefilter("ignore", DeprecationWarning)
    return importlib.import_module("pynn_eprop.nest")


def play_on_nest(plan: Plan, pieces: int = 1, **setup: Any) -> dict[str, Any]:
    """The plan's script on NEST."""
    sim = backend()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return play(sim, plan, pieces, **setup)

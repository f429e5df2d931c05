"""Test scripts for any backend, a file a theme; NEST has a process of its own, so that scripts are
called by name.

A chip in the loop has tests of its own (tests/brainscales): it runs whole trials only, and has no
cells but e-prop's, where these scripts stop anywhere and use PyNN's.
"""

import importlib
import warnings
from typing import Any

IN_PROCESS = ("host", "jax")        # stock cells are their own; on the others the parent's
BACKENDS = (*IN_PROCESS, "nest", "brian2", "spinnaker")


def call(backend: str, name: str, *arguments: Any) -> Any:
    """The result of the script ``theme.script`` on a backend."""
    theme, _, script = name.partition(".")
    scripts = importlib.import_module(f"{__name__}.{theme}")
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(scripts, script)(sim, *arguments)

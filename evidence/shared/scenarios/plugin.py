"""pytest plug-in that points PyNN's system scenarios at a backend.

PyNN marks each scenario with the simulators it is for; here all that are for point neurons run
on the module named by ``--backend``. ``--substitute A=B`` gives cell type B if a scenario asks
for A.
"""

import importlib

import pytest

_POINT_NEURONS = {"nest", "brian2"}      # scenarios for none of these need compartments


class Backend:
    """A backend module, with substitutes for cell types that it does not offer."""

    def __init__(self, module, substitutes):
        self._module = module
        self._substitutes = substitutes
        self.__name__ = module.__name__

    def __getattr__(self, name):
        return getattr(self._module, self._substitutes.get(name, name))


def pytest_addoption(parser):
    """Let the command line name the backend and substitutes."""
    parser.addoption("--backend", default="pyNN.mock")
    parser.addoption("--substitute", action="append", default=[])


def pytest_configure(config):
    """Run all scenarios for point neurons on the backend."""
    backend = Backend(importlib.import_module(config.getoption("--backend")),
                      dict(pair.split("=") for pair in config.getoption("--substitute")))

    def run_with_simulators(*names):
        marks = [] if _POINT_NEURONS & set(names) \
            else [pytest.mark.skip("for neurons with compartments only")]
        return pytest.mark.parametrize("sim", [pytest.param(backend, marks=marks, id="backend")])

    importlib.import_module("scenarios.fixtures").run_with_simulators = run_with_simulators

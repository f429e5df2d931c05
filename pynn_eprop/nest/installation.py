"""Finds NEST and PyNN's NEST backend, or says what to install."""

import importlib
import os
import sys
import warnings
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from pynn_eprop.errors import MissingDependencyError

MODELS = ("eprop_iaf_bsshslm_2020", "eprop_iaf_adapt_bsshslm_2020", "eprop_readout_bsshslm_2020")
_HINT = "install it with pip install 'pynn_eprop[nest]' (nest-simulator 3.10)"


def require_nest() -> ModuleType:
    """The module ``pyNN.nest``.

    Raises :class:`MissingDependencyError` if NEST is missing, or is a version without the e-prop
    models.
    """
    os.environ.setdefault("PYNEST_QUIET", "1")
    format_of_warnings = warnings.formatwarning
    try:
        nest = importlib.import_module("nest")
    except ImportError as error:
        raise MissingDependencyError(
            f"backend 'nest' needs the NEST simulator ({error}); {_HINT}") from error
    missing = sorted(set(MODELS) - set(nest.node_models))
    if missing:
        raise MissingDependencyError(f"NEST {nest.__version__} has no model {missing[0]!r}; "
                                     f"{_HINT}")
    warnings.formatwarning = format_of_warnings     # NEST has one of its own, for all warnings
    _warn_of_a_scripts_own_calls()
    _show_nest_config()
    with warnings.catch_warnings():
        # PyNN tries to compile two synapse models of its own, and warns at length if it cannot
        warnings.simplefilter("ignore")
        return importlib.import_module("pyNN.nest")


def _warn_of_a_scripts_own_calls() -> None:
    """Keep NEST from warning of deprecated functions that PyNN, not the script, calls."""
    helper: Any = importlib.import_module("nest.lib.hl_api_helper")
    warn = helper.show_deprecation_warning

    def warn_unless_pynn_calls(*arguments: Any, **options: Any) -> None:
        # this comes with each call, and inspect.stack() would take milliseconds
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals["__name__"].startswith("nest."):
            frame = frame.f_back
        if frame is None or not frame.f_globals["__name__"].startswith("pyNN."):
            warn(*arguments, **options)

    helper.show_deprecation_warning = warn_unless_pynn_calls


def _show_nest_config() -> None:
    """Put ``nest-config``, which pip leaves beside Python, on the PATH, where PyNN looks for it."""
    beside = Path(sys.executable).parent
    paths = os.environ.get("PATH", "").split(os.pathsep)
    if (beside / "nest-config").exists() and str(beside) not in paths:
        os.environ["PATH"] = os.pathsep.join([str(beside), *paths])

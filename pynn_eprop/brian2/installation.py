"""Finds Brian2 and PyNN's Brian2 backend, or says what to install."""

import importlib
import signal
import threading

from pynn_eprop.errors import MissingDependencyError

_HINT = "install it with pip install 'pynn_eprop[brian2]' (Brian2 2.9, NumPy below 2.4)"


def require_brian2() -> None:
    """Import Brian2 and make it run its equations with NumPy.

    Brian2 would by default compile each equation with Cython if it finds a C++ compiler, and
    otherwise fall back with a warning. NumPy does the same on every machine, needs no compiler, and
    saves seconds of compilation per equation; the traces of all synapses are arrays anyway, so that
    little speed is lost. Raises :class:`MissingDependencyError`.
    """
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        simulator = importlib.import_module("brian2")
        importlib.import_module("pyNN.brian2")
    except (ImportError, AttributeError) as error:      # Brian2 2.9 needs ndarray.ptp of old NumPy
        raise MissingDependencyError(
            f"backend 'brian2' needs the Brian2 simulator ({error}); {_HINT}") from error
    simulator.prefs.codegen.target = "numpy"
    if threading.current_thread() is threading.main_thread():
        # Brian2 takes SIGINT over when it is imported; other backends in the process handle it
        signal.signal(signal.SIGINT, on_interrupt)

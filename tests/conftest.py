"""Settings of all tests."""

import gc
import os
import signal

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")

# JAX compiles a network or more for each test: quickly, rather than for speed.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 "
                                   "--xla_llvm_disable_expensive_passes=true "
                                   "--xla_cpu_use_fusion_emitters=false "
                                   "--xla_cpu_parallel_codegen_split_count=1")

# Tests run side by side on all processors, and their matrices are small: threads would only wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Equal examples on every run and machine: a failure in continuous integration is one at home.
# `HYPOTHESIS_PROFILE=explore` looks for new ones. Results are judged with the normal engine: what
# the sanitizers watch, at some times its pace, is seen with the first of the same examples.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.register_profile("sanitized", derandomize=True, deadline=None, max_examples=40)
settings.load_profile(os.environ.get(
    "HYPOTHESIS_PROFILE", "sanitized" if os.environ.get("EPROP_SANITIZE") else "repeatable"))

# No test cuts the power, and waiting for the disk takes longer than most files take to write.
os.fsync = lambda _descriptor: None

LONGEST = ("test_packaging.py", "test_nest_scenarios.py", "test_brian2_scenarios.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with single tests that take long: at the end other processors would wait for them."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let garbage collection leave alone what is there for good, and be less frequent.

    It took a fourth of the time in which JAX follows a network, which makes many small objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_configure(config: pytest.Config) -> None:
    """Let interrupts through; refuse the normal engine if the sanitized one was asked for.

    A shell's background jobs, and what they start, begin with SIGINT ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.get("EPROP_SANITIZE"):
        from pynn_eprop.engine import _eprop

        if "sanitize" not in _eprop.__file__:
            raise pytest.UsageError(f"EPROP_SANITIZE is set, but the engine is {_eprop.__file__}")

"""Scripts on NEST, a function each, for a process of its own: NEST keeps one kernel a process."""

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evidence.shared.full_task import play_task
from evidence.shared.nest_plans import Plan, play
from pynn_eprop.errors import InactivityWarning


def backend() -> Any:
    """The NEST backend."""
    return importlib.import_module("pynn_eprop.nest")


def with_warnings(call: Callable[[], Any]) -> tuple[Any, list[str]]:
    """The result of a call, and our warnings except those of silent cells."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, [str(warning.message) for warning in caught
                    if issubclass(warning.category, UserWarning)
                    and not issubclass(warning.category, InactivityWarning)
                    and "deprecated" not in str(warning.message)]


def play_on_nest(plan: Plan, pieces: int = 1, **setup: Any) -> dict[str, Any]:
    """The plan's script on NEST."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return play(backend(), plan, pieces, **setup)


def task_on_nest(neurons: int | None = None) -> dict[str, Any]:
    """Task 1.1 on NEST."""
    return with_warnings(lambda: play_task(backend(), neurons))[0]


def load(script: Path) -> Any:
    """A script of examples/ as a module."""
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(script: Path, **options: Any) -> Any:
    """The result of main() of a script of examples/ on NEST."""
    return with_warnings(lambda: load(script).main("nest", **options))[0]

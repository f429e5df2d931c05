"""The compiled emulator, and the optional library that runs ARM code."""

import importlib.util
from pathlib import Path
from typing import Any, Final

from pynn_eprop.errors import MissingDependencyError, not_compiled

try:
    from pynn_eprop.emulator._emulator import ffi, lib
except ModuleNotFoundError as error:
    raise not_compiled("the emulated board", Path(__file__).parents[2]) from error

EXTRA: Final = 'pip install "pynn_eprop[spinnaker]"'
LIBRARIES: Final = ("libunicorn.so.2", "libunicorn.2.dylib", "libunicorn.so")

__all__ = ["NEVER", "ffi", "lib", "open_unicorn", "text"]

NEVER: Final = 2**64 - 1
"""The emulator's time of an event that does not come."""


def open_unicorn() -> None:
    """Open libunicorn, once per process.

    Raises MissingDependencyError if the package ``unicorn`` is missing or unusable.
    """
    spec = importlib.util.find_spec("unicorn")
    if spec is None or spec.origin is None:
        raise MissingDependencyError(
            f"the emulated board runs ARM code with the package unicorn: {EXTRA}")
    folder = Path(spec.origin).parent / "lib"
    paths = [folder / name for name in LIBRARIES if (folder / name).exists()]
    if not paths:
        raise MissingDependencyError(
            f"{folder} has none of {', '.join(LIBRARIES)}; install it again: {EXTRA}")
    problem = lib.emu_open_unicorn(str(paths[0]).encode())
    if problem != ffi.NULL:
        raise MissingDependencyError(f"{paths[0]}: {text(problem)}; install it again: {EXTRA}")


def text(pointer: Any) -> str:
    """A C string."""
    return str(ffi.string(pointer).decode())

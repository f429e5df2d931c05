"""The programs that cores of a SpiNNaker machine run: built from c_models by makefiles/spinnaker.

A wheel holds them. A checkout gets them when it is installed, where the cross compiler exists,
and by ``make binaries``.
"""

from pathlib import Path

from pynn_eprop.errors import MissingDependencyError

FOLDER = Path(__file__).parent
HOW_TO_BUILD = (
    "In a checkout, `make binaries` builds it (it needs gcc-arm-none-eabi and "
    "libnewlib-arm-none-eabi, and on Debian as root installs them); a wheel of pynn_eprop that was "
    "made where these are installed holds it")


def binary_path(name: str) -> Path:
    """The image of a program by its name without extension.

    Raises MissingDependencyError, which says how to build it, when it is not there.
    """
    path = FOLDER / f"{name}.aplx"
    if not path.is_file():
        raise MissingDependencyError(
            f"the SpiNNaker binary {path.name} is missing from {FOLDER}. {HOW_TO_BUILD}")
    return path


def symbols_path(name: str) -> Path | None:
    """The ELF file with a program's function names, or None; for the emulated board's reports."""
    path = FOLDER / f"{name}.elf"
    return path if path.is_file() else None


__all__ = ["FOLDER", "binary_path", "symbols_path"]

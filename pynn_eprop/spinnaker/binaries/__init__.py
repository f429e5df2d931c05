"""The programs of SpiNNaker cores: built from c_models by makefiles/spinnaker.

A wheel holds them. A checkout gets them when it is installed, if the cross compiler exists,
and by ``make binaries``.
"""

from pathlib import Path

from pynn_eprop.errors import MissingDependencyError

FOLDER = Path(__file__).parent
_PACKAGES = "gcc-arm-none-eabi and libnewlib-arm-none-eabi"


def how_to_build(folder: Path) -> str:
    """Advice on a missing program, for a checkout or for an installed package."""
    if (folder.parents[2] / "makefiles").is_dir():
        return f"`make binaries` builds it (with {_PACKAGES}, which it installs on Debian as root)"
    return (f"This installation was made without the cross compiler: install {_PACKAGES}, then in "
            "the checkout: pip install --force-reinstall --no-deps .")


def binary_path(name: str) -> Path:
    """The path of a program's image, by its name without extension.

    Raises MissingDependencyError, which says how to build it, if it is not there.
    """
    path = FOLDER / f"{name}.aplx"
    if not path.is_file():
        raise MissingDependencyError(
            f"the SpiNNaker binary {path.name} is missing from {FOLDER}. {how_to_build(FOLDER)}")
    return path


def symbols_path(name: str) -> Path | None:
    """The ELF file with a program's function names, or None; for the emulated board's reports."""
    path = FOLDER / f"{name}.elf"
    return path if path.is_file() else None


__all__ = ["FOLDER", "binary_path", "symbols_path"]

"""The folder of the user for data that can be made or downloaded again."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pynn_eprop.errors import DataError


def cache_folder(*parts: str, make: bool = False) -> Path:
    """A folder in the user's cache: under ``$XDG_CACHE_HOME``, or ``~/.cache`` without it.

    make: make it if it does not exist; raises :class:`DataError` if that is not possible.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    # the XDG specification: a relative path is to be ignored
    root = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    folder = root.joinpath("pynn-eprop", *parts)
    if make:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"{folder} cannot be made ({error.strerror}); set XDG_CACHE_HOME to a "
                            "folder that can be written to") from error
    return folder


def check_writable(path: Path) -> None:
    """Raise :class:`DataError` unless a file can be written there."""
    why = "it is a folder" if path.is_dir() else \
        f"there is no folder {path.parent}" if not path.parent.is_dir() else \
        f"the folder {path.parent} cannot be written to" \
        if not os.access(path.parent, os.W_OK | os.X_OK) else None
    if why:
        raise DataError(f"{path} cannot be written: {why}; choose another file name")


def write_whole(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call ``write`` with a new file, which replaces ``path`` when all of it is on the disk.

    Raises :class:`DataError` as :func:`check_writable`, ``OSError`` if the disk is full.
    """
    check_writable(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)

"""Files of named arrays, written so that a reader never sees an incomplete one."""

import glob
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.errors import CheckpointError

_HEADER = "__header__"


def write_archive(path: Any, arrays: Mapping[str, np.ndarray],
                  header: Mapping[str, Any] | None = None) -> None:
    """Write arrays (npz), with a ``header`` of plain data if given, atomically.

    The file appears under its name only when all of it is on the disk. Incomplete files of killed
    processes are removed. Raises :class:`CheckpointError` as :func:`check_writable`.
    """
    path = check_writable(path)
    _remove_leftovers(path)
    entries = dict(arrays)
    if header is not None:
        entries[_HEADER] = np.frombuffer(json.dumps(header, default=str).encode(), dtype=np.uint8)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            with zipfile.ZipFile(file, "w") as archive:     # as np.savez, but for any names
                for name, array in entries.items():
                    with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                        np.lib.format.write_array(entry, np.asanyarray(array), allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def check_writable(path: Any) -> Path:
    """A file's path. Raises :class:`CheckpointError` if the file cannot be written."""
    path = _checked_path(path)
    why = "it is a folder" if path.is_dir() or not path.name else \
        f"there is no folder {path.parent}" if not path.parent.is_dir() else \
        f"the folder {path.parent} cannot be written to" \
        if not os.access(path.parent, os.W_OK | os.X_OK) else None
    if why:
        raise CheckpointError(f"{path} cannot be written: {why}; choose another file name")
    return path


def _checked_path(path: Any) -> Path:
    if not isinstance(path, (str, os.PathLike)) or "\0" in str(path):
        raise CheckpointError(f"{path!r} is not a file name")
    return Path(path)


def _remove_leftovers(path: Path) -> None:
    """Remove files that processes which no longer run began to write under this name."""
    pattern = f".{glob.escape(path.name)}.*.partial"
    for leftover in path.parent.glob(pattern):
        writer = leftover.name.split(".")[-2]
        if writer.isdigit() and not _runs(int(writer)):
            leftover.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def read_archive(path: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and header of a file.

    Raises :class:`CheckpointError` for a file that is missing, damaged or something else.
    """
    path = _checked_path(path)
    try:
        if path.is_file() and os.access(path, os.R_OK) and not zipfile.is_zipfile(path):
            raise ValueError("no npz file, or a part of one")   # NumPy would advise to unpickle it
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(bytes(arrays.pop(_HEADER, np.zeros(0, np.uint8))) or b"{}")
        if not isinstance(header, dict):
            raise ValueError("its header is not a table")
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} does not exist") from error
    except (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError,
            NotImplementedError, zlib.error, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path} is damaged, or not a file of this kind ({error})") from error
    return arrays, header

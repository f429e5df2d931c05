"""sPyNNaker on a virtual board: mapping and data generation, no machine."""

import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pynn_eprop.emulator.waits import unsynchronized_databases


@contextmanager
def virtual_board(folder: Path, version: int = 5) -> Iterator[None]:
    """Configure sPyNNaker for a board of a version that is not there."""
    from spinn_utilities.data.utils_data_writer import UtilsDataWriter
    lines = ["[Machine]", "virtual_board = True", f"version = {version}",
             "[Java]", "use_java = False", "[Mode]", "mode = Production", "[Reports]",
             f"default_report_file_path = {folder}"]
    (folder / ".spynnaker.cfg").write_text("\n".join(lines) + "\n")
    before = os.environ.get("HOME")
    os.environ["HOME"] = str(folder)
    try:
        with unsynchronized_databases():
            yield
    finally:
        os.environ["HOME"] = before or ""
        atexit.unregister(UtilsDataWriter.write_errored_file)

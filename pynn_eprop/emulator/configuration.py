"""The configuration that makes unmodified sPyNNaker talk to an emulated board."""

import atexit
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

from pynn_eprop.emulator.waits import asking_at_once, unsynchronized_databases
from pynn_eprop.errors import MachineError

CFG_NAME: Final = ".spynnaker.cfg"

TIMEOUT_SECONDS: Final = 3600
"""Time for which sPyNNaker waits for cores after the end of a run: the board may be slower than
real time."""


def further_lines(monitors: bool) -> list[str]:
    """Lines for an emulated board under ``[Machine]``.

    Advanced monitors make transfers faster and send again what congestion lost; a board that loses
    nothing has no use for either, and their cores wake every 10 us. monitors: use them all the
    same.
    """
    return [f"enable_advanced_monitor_support = {monitors}", f"enable_reinjection = {monitors}",
            f"post_simulation_overrun_before_error = {TIMEOUT_SECONDS}"]


def machine_lines(address: str, version: int) -> str:
    """The two lines that name a board in a user's configuration, under ``[Machine]``."""
    return f"machine_name = {address}\nversion = {version}"


def configuration(address: str, version: int, reports: Path | None = None,
                  debug: bool = False, monitors: bool = False) -> str:
    """The whole configuration file for an emulated board.

    Java is switched off, and so are the advanced monitors and reinjection without ``monitors``.
    """
    lines = [
        "[Machine]", machine_lines(address, version), *further_lines(monitors), "", "[Java]",
        "use_java = False", "", "[Mode]", f"mode = {'Debug' if debug else 'Production'}", ""]
    if reports is not None:
        lines += ["[Reports]", f"default_report_file_path = {reports}", ""]
    return "\n".join(lines)


@contextmanager
def configured(address: str, version: int, debug: bool = False,
               waits: bool = True, monitors: bool = False) -> Iterator[Path]:
    """Let sPyNNaker in this process find a board, with a home folder of its own.

    ``waits``: whether sPyNNaker sleeps for as long as a run, or a start, takes on a real board
    before it asks whether the cores are done; a board that may be faster is asked at once.
    ``monitors``: whether advanced monitors and reinjection are on.

    Gives the folder, which has the reports. At the end it is removed, unless the block ends with a
    :class:`MachineError` that refers to files in it; HOME is put back, and so is the handler of
    SIGINT, which sPyNNaker replaces.
    """
    with _folder() as home:
        (home / CFG_NAME).write_text(configuration(address, version, home, debug, monitors))
        before = os.environ.get("HOME")
        os.environ["HOME"] = str(home)
        handler = signal.getsignal(signal.SIGINT)
        try:
            with unsynchronized_databases(), nullcontext() if waits else asking_at_once():
                yield home
        finally:
            if before is None:
                os.environ.pop("HOME", None)
            else:
                os.environ["HOME"] = before
            if handler is not None and threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, handler)
            _forget_reports()


@contextmanager
def _folder() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="pynn_eprop-board-"))
    kept = False
    try:
        yield home
    except MachineError as error:
        kept = error.folder is not None and home in error.folder.parents
        raise
    finally:
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def _forget_reports() -> None:
    """Keep sPyNNaker from marking a report folder that is gone as failed when Python ends."""
    module = sys.modules.get("spinn_utilities.data.utils_data_writer")
    if module is not None:
        atexit.unregister(module.UtilsDataWriter.write_errored_file)

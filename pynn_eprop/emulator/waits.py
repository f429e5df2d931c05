"""Waits of sPyNNaker that a board in software has no need of."""

import importlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

_POLL_SECONDS: Final = 0.005
_DATABASES: Final = "spinn_front_end_common.utilities.sqlite_db"
_RUNNER: Final = "spinn_front_end_common.interface.interface_functions.application_runner"
_SYSTEM_LOADER: Final = "spinn_front_end_common.utilities.system_control_logic"


@contextmanager
def unsynchronized_databases() -> Iterator[None]:
    """Let sPyNNaker write its databases without waiting for the disk.

    It waits after each of some hundred small writes in a run, as for files that outlive a crash of
    the computer. Those in the folder of an emulated board do not even outlive the board.
    """
    module = _module(_DATABASES)
    if module is None:
        yield
        return
    before = module.sqlite3

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = before.connect(*arguments, **options)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    module.sqlite3 = SimpleNamespace(**{**vars(before), "connect": connect})
    try:
        yield
    finally:
        module.sqlite3 = before


@contextmanager
def asking_at_once() -> Iterator[None]:
    """Let sPyNNaker ask whether cores are done, or ready to begin, instead of sleeping first."""
    runner, loader = _module(_RUNNER), _module(_SYSTEM_LOADER)
    if runner is None or loader is None:
        yield
        return
    sleep, load = runner.sleep, loader._load_application
    runner.sleep = lambda _seconds: None
    loader._load_application = _polling(loader, load)
    try:
        yield
    finally:
        runner.sleep, loader._load_application = sleep, load


def _polling(loader: Any, load: Any) -> Any:
    """``load``, which sleeps once for cores to become ready, asking them instead, for as long."""
    from spinnman.model.enums import CPUState

    def polling_load(targets: Any, app_id: int) -> None:
        transceiver = loader.FecDataView.get_transceiver()

        def wait(seconds: float) -> None:
            last = time.monotonic() + seconds
            while time.monotonic() < last and transceiver.get_core_state_count(
                    app_id, CPUState.READY) < targets.total_processors:
                time.sleep(_POLL_SECONDS)

        before, loader.time = loader.time, SimpleNamespace(sleep=wait)
        try:
            load(targets, app_id)
        finally:
            loader.time = before

    return polling_load


def _module(name: str) -> Any:
    """A module of sPyNNaker's; None without sPyNNaker."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None

"""Failed runs: a look at the machine before it is given back, and what sPyNNaker logs meanwhile."""

import io
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import spynnaker.pyNN as spynnaker
from pacman.exceptions import PacmanException
from spinn_front_end_common.data import FecDataView
from spinn_front_end_common.utilities.exceptions import ConfigurationException
from spinn_machine.exceptions import SpinnMachineException
from spinn_utilities.config_holder import get_config_str, set_config
from spinn_utilities.log import FormatAdapter
from spinn_utilities.log_store import LogStore
from spynnaker.pyNN.data import SpynnakerDataView

from pynn_eprop.errors import MachineError, PacketLossError
from pynn_eprop.spinnaker.board.post_mortem import LOSSES, PostMortem, write_losses

TALKATIVE = ("pacman", "spinn_front_end_common", "spinn_machine", "spinn_utilities", "spinnman",
             "spynnaker")
"""sPyNNaker's loggers."""
FOLDER = "failure"
"""Name of the folder that sPyNNaker's folder of a run gets."""
Describe = Callable[[], tuple[str, str]]
"""Gives two sentences: on what was being done, and on what can still be read."""
NOT_OF_THE_MACHINE = (PacmanException, ConfigurationException, SpinnMachineException)
"""Errors before anything is loaded: of the network, or of sPyNNaker's configuration."""


class Recovery:
    """A context for a run of sPyNNaker. After a failure, :meth:`error` says what happened.

    sPyNNaker writes what it can get of its own accord and gives the machine back. Before it does,
    the cores are examined; what it says from then on goes to a file instead of the screen.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._simulator: Any = vars(spynnaker)["__simulator"]
        self._found: PostMortem | None = None
        self._log = _Lines()
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        recover, stop = self._simulator._recover_from_error, self._simulator.stop

        def look_first(error: Exception) -> None:
            if self._look(error).reachable:
                recover(error)

        def stop_after_failure() -> None:
            error = sys.exception()
            if isinstance(error, NOT_OF_THE_MACHINE) or self._look(error).reachable:
                stop()
            else:           # do not wait for answers; a machine that is lent is given back
                with suppress(Exception):
                    self._simulator._close_allocation_controller()

        self._simulator._recover_from_error = look_first
        self._simulator.stop = stop_after_failure
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        del self._simulator._recover_from_error, self._simulator.stop
        self._undo.close()

    def _look(self, error: BaseException | None) -> PostMortem:
        if self._found is None:
            self._undo.enter_context(_captured(self._log))
            self._undo.enter_context(data_kept())
            self._found = PostMortem(error or RuntimeError("sPyNNaker stopped"))
        return self._found

    def error(self, error: Exception, head: str, tail: str) -> MachineError:
        """The error to raise. ``head``: what was being done; ``tail``: what can still be read.

        Writes the folder, and lets go of a machine that sPyNNaker still has.
        """
        found = self._look(error)
        if not FecDataView.is_shutdown():
            with suppress(Exception):
                self._simulator.stop()
            with suppress(Exception):
                self._simulator._data_writer.shut_down()
        if not found.had_machine:
            return MachineError("\n".join([head, *found.sentences()]))
        losses = error.losses if isinstance(error, PacketLossError) else ()
        folder = self._write(found, losses)
        what = "All that cores printed and counted" if found.cores else "A report"
        where = [] if folder is None else [f"{what} is in {folder}."]
        if isinstance(error, PacketLossError):
            return PacketLossError("\n".join([head, str(error), *where, tail]), folder, losses)
        return MachineError("\n".join([head, *found.sentences(), *where, tail]), folder)

    def _write(self, found: PostMortem, losses: Sequence[Any]) -> Path | None:
        try:
            folder = self._folder or Path(FecDataView.get_run_dir_path()) / FOLDER
            found.write(folder, self._log.lines)
            if losses:
                write_losses(folder / LOSSES, losses)
        except Exception as problem:        # the failure itself is to be raised
            logging.getLogger(__name__).warning("no report of the failure was written: %s", problem)
            return None
        return folder


class _Lines(logging.Handler):
    """A handler that keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class _NoStore(LogStore):
    """An empty store instead of sPyNNaker's, from which it repeats errors when Python ends."""

    def store_log(self, level: int, message: str, timestamp: Any = None) -> None:
        """Nothing."""

    def retreive_log_messages(self, min_level: int = 0) -> list[str]:
        """None."""
        return []

    def get_location(self) -> str:
        """Nowhere."""
        return ""


@contextmanager
def data_kept() -> Iterator[None]:
    """Keep recordings of sPyNNaker's cells in its database when it stops."""
    before = get_config_str("Reports", "keep_data_database")
    set_config("Reports", "keep_data_database", "True")
    try:
        yield
    finally:
        set_config("Reports", "keep_data_database", before)


@contextmanager
def readable() -> Iterator[None]:
    """Let recordings of sPyNNaker's cells be read even though it has shut down."""
    view: Any = SpynnakerDataView       # which inherits the check
    before = vars(view).get("check_user_can_act")
    view.check_user_can_act = staticmethod(lambda: None)
    try:
        yield
    finally:
        if before is None:
            del view.check_user_can_act
        else:
            view.check_user_can_act = before


@contextmanager
def _captured(handler: logging.Handler) -> Iterator[None]:
    """Send sPyNNaker's log to ``handler`` only, and its progress bars nowhere."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    before = [(logger.level, logger.propagate) for logger in loggers]
    store = vars(FormatAdapter)["_FormatAdapter__log_store"]
    FormatAdapter.set_log_store(_NoStore())
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.addHandler(handler)
    try:
        with redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, (level, propagate) in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
            logger.propagate = propagate
        FormatAdapter.set_log_store(store)


@contextmanager
def quiet(wanted: bool = True) -> Iterator[None]:
    """Leave out sPyNNaker's bars and remarks; warnings and errors stay."""
    if not wanted:
        yield
        return
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.level, logging.WARNING))
    try:
        with redirect_stderr(io.StringIO()):    # the log stays: only progress bars use it
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

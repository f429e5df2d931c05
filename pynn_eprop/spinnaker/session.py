"""sPyNNaker as this backend uses it: set up, run a number of machine steps, reset, end."""

import io
import logging
import signal
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, suppress
from typing import Any

import spynnaker.pyNN as spynnaker
from pacman.exceptions import PacmanException
from spinn_front_end_common.interface import abstract_spinnaker_base
from spinn_front_end_common.utilities.exceptions import ConfigurationException
from spinn_machine.exceptions import SpinnMachineException
from spynnaker.pyNN.data import SpynnakerDataView

from pynn_eprop.errors import NetworkError, SetupError, SimulationError
from pynn_eprop.spinnaker.binaries import FOLDER

_TALKATIVE = ("pacman", "spinn_front_end_common", "spinn_machine", "spinn_utilities", "spinnman",
              "spynnaker")


class Session:
    """One ``setup()`` of sPyNNaker and what was run since. It is one a process."""

    def __init__(self, timestep: float, min_delay: float, keywords: Mapping[str, Any]) -> None:
        try:
            spynnaker.setup(timestep=timestep, min_delay=min_delay, **keywords)
        except Exception as error:
            raise SetupError(f"setup(): sPyNNaker could not be set up: {error}") from error
        SpynnakerDataView.register_binary_search_path(str(FOLDER))
        self._timestep = timestep
        self.machine_step = 0
        self.loaded = self.failed = False

    @property
    def virtual(self) -> bool:
        """Whether there is no machine: mapping and data only."""
        from spinn_utilities.config_holder import get_config_bool
        return bool(get_config_bool("Machine", "virtual_board"))

    def run(self, steps: int, cores: int, why: Callable[[], list[str]]) -> None:
        """Run ``steps`` machine steps.

        ``cores``: how many of ours there are. ``why``: asks cores that gave up for the reason.
        Raises :class:`NetworkError` where the network does not fit, :class:`SimulationError` where
        the machine fails; sPyNNaker has then logged what its cores printed, and given it back.
        """
        reasons: list[str] = []
        with _own_signals(), _quiet(self.loaded), _on_failure(lambda: reasons.extend(why())):
            try:
                spynnaker.run(round(steps * self._timestep, 9))
            except (PacmanException, ConfigurationException, SpinnMachineException) as error:
                if self.loaded:
                    raise
                raise NetworkError(f"the network does not fit the machine: it needs {cores} cores "
                                   f"beside those of sPyNNaker ({error})") from error
            except Exception as error:
                self.failed = True
                raise SimulationError("; ".join(reasons) or f"the machine failed: {error}"
                                      ) from error
        self.machine_step += steps
        self.loaded = not self.virtual

    def reset(self) -> None:
        """Back to machine step 0; what is loaded stays there."""
        if self.loaded:
            spynnaker.reset()
        self.machine_step = 0

    def needs_mapping(self) -> None:
        """Let the next run map and load everything anew (only at machine step 0)."""
        SpynnakerDataView.set_requires_mapping()
        self.loaded = False

    def end(self) -> None:
        """Give the machine back."""
        if not SpynnakerDataView.is_shutdown():
            spynnaker.end()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep sPyNNaker from taking SIGINT, which would end the process within an update."""
    module: Any = abstract_spinnaker_base
    quiet = types.SimpleNamespace(**{name: getattr(signal, name) for name in dir(signal)
                                     if not name.startswith("_")})
    quiet.signal = lambda number, handler: signal.getsignal(number)
    before, module.signal = module.signal, quiet
    try:
        yield
    finally:
        module.signal = before


@contextmanager
def _quiet(again: bool) -> Iterator[None]:
    """Leave out sPyNNaker's bars and remarks on each stretch after the first run."""
    if not again:
        yield
        return
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(max(logger.level, logging.WARNING))
    try:
        with redirect_stderr(io.StringIO()):    # its log goes where it went: only bars look there
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _on_failure(call: Callable[[], None]) -> Iterator[None]:
    """Let ``call`` look at the machine after a failure, before sPyNNaker gives it back."""
    simulator: Any = vars(spynnaker)["__simulator"]
    recover = simulator._recover_from_error

    def look_first(error: Exception) -> None:
        with suppress(Exception):      # the machine may be unreachable; sPyNNaker reports that
            call()
        recover(error)

    simulator._recover_from_error = look_first
    try:
        yield
    finally:
        del simulator._recover_from_error

"""sPyNNaker as this backend uses it: set up, run a number of machine steps, reset, end."""

import signal
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import spynnaker.pyNN as spynnaker
from spinn_front_end_common.interface import abstract_spinnaker_base
from spinn_utilities.config_holder import get_config_bool, get_config_str_or_none
from spinnman.exceptions import SpinnmanException
from spynnaker.pyNN.data import SpynnakerDataView

from pynn_eprop.errors import MachineError, NetworkError, SetupError
from pynn_eprop.spinnaker.binaries import FOLDER
from pynn_eprop.spinnaker.recovery import NOT_OF_THE_MACHINE, Recovery, Tell, quiet, readable
from pynn_eprop.spinnaker.waiting import limited


class Session:
    """One ``setup()`` of sPyNNaker and what was run since. It is one a process."""

    def __init__(self, timestep: float, min_delay: float, keywords: Mapping[str, Any],
                 failure_folder: Path | None = None, quietly: bool = False) -> None:
        self._quiet = quietly
        try:
            with quiet(quietly):
                spynnaker.setup(timestep=timestep, min_delay=min_delay, **keywords)
        except Exception as error:
            raise SetupError(f"setup(): sPyNNaker could not be set up: {error}") from error
        _check_configuration()
        SpynnakerDataView.register_binary_search_path(str(FOLDER))
        self._timestep = timestep
        self._failure_folder = failure_folder
        self.machine_step = 0
        self.loaded = self.failed = False

    @property
    def virtual(self) -> bool:
        """Whether there is no machine: mapping and data only."""
        return bool(get_config_bool("Machine", "virtual_board"))

    def run(self, steps: int, cores: int, prepare: Callable[[], None], tell: Tell) -> None:
        """Run ``steps`` machine steps.

        ``cores``: how many of ours there are. ``prepare``: writes what the run needs to the
        machine. ``tell``: what is done, and what can be read after a failure.
        Raises :class:`NetworkError` where the network does not fit, :class:`MachineError` where
        the machine fails; what cores printed and counted is then in a folder that it names.
        """
        self.check()
        milliseconds = steps * self._timestep * SpynnakerDataView.get_time_scale_factor()
        with _own_signals(), quiet(self.loaded or self._quiet), limited(milliseconds), \
                Recovery(self._failure_folder) as recovery:
            try:
                prepare()
                spynnaker.run(round(steps * self._timestep, 9))
            except Exception as error:
                if isinstance(error, NOT_OF_THE_MACHINE) and not self.loaded:
                    raise NetworkError(
                        f"the network does not fit the machine: it needs {cores} cores beside "
                        f"those of sPyNNaker ({error})") from error
                self.failed = True
                raise recovery.error(error, *tell()) from error
        self.machine_step += steps
        self.loaded = not self.virtual

    @contextmanager
    def talking(self, tell: Tell) -> Iterator[None]:
        """A context for reading and writing the machine's memory between runs.

        Raises :class:`MachineError` where it does not answer, or has failed before.
        """
        self.check()
        with Recovery(self._failure_folder) as recovery:
            try:
                yield
            except (SpinnmanException, OSError) as error:
                self.failed = True
                raise recovery.error(error, *tell()) from error

    def data_of_stock_cells(self) -> AbstractContextManager[None]:
        """A context for reading what sPyNNaker's cells recorded, also after a failure."""
        return readable() if self.failed else nullcontext()

    def check(self) -> None:
        """Raise :class:`MachineError` if a run has failed."""
        if self.failed:
            raise MachineError("the machine failed in an earlier run; call setup() and build the "
                               "network again to go on")

    def reset(self) -> None:
        """Back to machine step 0; what is loaded stays there."""
        self.check()
        if self.loaded:
            spynnaker.reset()
        self.machine_step = 0

    def needs_mapping(self) -> None:
        """Let the next run map and load everything anew (only at machine step 0)."""
        SpynnakerDataView.set_requires_mapping()
        self.loaded = False

    def end(self) -> None:
        """Give the machine back; a warning says that it did not answer."""
        if SpynnakerDataView.is_shutdown():
            return
        try:
            with quiet(self._quiet):
                spynnaker.end()
        except (SpinnmanException, OSError) as error:
            warnings.warn(f"the machine did not answer when it was given back: {error}",
                          stacklevel=3)


def _check_configuration() -> None:
    """Raise :class:`SetupError` where sPyNNaker's configuration names no machine."""
    if get_config_bool("Machine", "virtual_board") or any(
            get_config_str_or_none("Machine", name)
            for name in ("machine_name", "spalloc_server", "remote_spinnaker_url")):
        return
    raise SetupError("setup(): sPyNNaker's configuration names no machine; put under [Machine] of "
                     "~/.spynnaker.cfg what your machine is (machine_name = ADDRESS and version = "
                     "3 or 5, or spalloc_server = ...), or what `pynn-eprop board` prints")


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

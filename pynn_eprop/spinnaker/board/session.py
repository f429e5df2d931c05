"""sPyNNaker as this backend uses it: set up, run a number of machine steps, reset, end."""

import math
import signal
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import spynnaker.pyNN as spynnaker
from pacman.exceptions import PacmanException
from spinn_front_end_common.interface import abstract_spinnaker_base
from spinn_utilities.config_holder import get_config_bool, get_config_str_or_none
from spinn_utilities.configs.no_config_found_exception import NoConfigFoundException
from spinn_utilities.exceptions import SimulatorShutdownException
from spinnman.spalloc import is_server_address
from spynnaker.pyNN.data import SpynnakerDataView

from pynn_eprop.errors import (
    EPropError,
    MachineError,
    NetworkError,
    PacketLossError,
    SetupError,
    SimulationError,
)
from pynn_eprop.spinnaker.binaries import FOLDER
from pynn_eprop.spinnaker.board.allocation import TROUBLE, while_getting_a_machine
from pynn_eprop.spinnaker.board.recordings import collected_at_once
from pynn_eprop.spinnaker.board.recovery import (
    NOT_OF_THE_MACHINE,
    Describe,
    Recovery,
    data_kept,
    quiet,
    readable,
)
from pynn_eprop.spinnaker.board.routers import Dropped, Routers
from pynn_eprop.spinnaker.board.waiting import limited
from pynn_eprop.spinnaker.memory.layout import Region
from pynn_eprop.spinnaker.transfer.bulk import read_in_time, read_many
from pynn_eprop.spinnaker.vertices.application import EPropVertex
from pynn_eprop.spinnaker.vertices.machine import (
    EPropMachineVertex,
    Wanted,
    places_of,
    write_regions,
)
from pynn_eprop.spinnaker.vertices.source import SourceVertex

OF_NUMBERS = (ArithmeticError, ValueError)
"""Errors of sPyNNaker for numbers that its cells and synapses cannot hold."""
LONGEST_TEXT = 200
GIVEN_BACK = "the machine has been given back; call setup() and build the network again to go on"
ON_VIRTUAL_BOARD = ("sPyNNaker's configuration has virtual_board = True, and on a virtual board "
                    "nothing is computed")
NAME_A_MACHINE = ("put under [Machine] of ~/.spynnaker.cfg what your machine is (machine_name = "
                  "ADDRESS and version = 3 or 5, or spalloc_server = ...), or what `pynn-eprop "
                  "board` prints")
REAL_BOARD = ("For results, put machine_name or spalloc_server in its place under [Machine] of "
              "~/.spynnaker.cfg, or use a board in software: pynn_eprop.emulator.Board, or "
              "--backend emulator of pynn-eprop run")


def time_of(steps: int, timestep: float) -> float:
    """A time in ms of which sPyNNaker, which divides it and rounds up, makes so many steps.

    The product alone may be the least bit too large, for instance 7 steps of 0.3 ms.
    """
    time = steps * timestep
    while math.ceil(time / timestep) > steps:
        time = math.nextafter(time, 0.0)
    return time


class Session:
    """One ``setup()`` of sPyNNaker and what was run since. A process has one at a time."""

    def __init__(self, timestep: float, min_delay: float, keywords: Mapping[str, Any],
                 failure_folder: Path | None = None, quietly: bool = False,
                 refuse_virtual_board: bool = False) -> None:
        self._quiet = quietly
        _let_spynnaker_refuse()
        try:
            with quiet(quietly):
                spynnaker.setup(timestep=timestep, min_delay=min_delay, **keywords)
        except NoConfigFoundException as error:
            raise SetupError("setup(): sPyNNaker had no configuration and has made "
                             f"~/.spynnaker.cfg; {NAME_A_MACHINE}") from error
        except Exception as error:
            raise SetupError(f"setup(): sPyNNaker could not be set up: {error}") from error
        _check_configuration(refuse_virtual_board)
        SpynnakerDataView.register_binary_search_path(str(FOLDER))
        self._timestep = timestep
        self._failure_folder = failure_folder
        self.machine_step = 0
        self.loaded = self.failed = self.ended = False
        self._told_virtual = self._refused = False
        self._routers = Routers()

    @property
    def virtual(self) -> bool:
        """Whether there is no machine: mapping and data only."""
        return bool(get_config_bool("Machine", "virtual_board"))

    @property
    def has_others(self) -> bool:
        """Whether packets go to or from anything but our cells, readouts and sources."""
        ours = EPropVertex, SourceVertex
        return any(not (isinstance(edge.pre_vertex, ours) and isinstance(edge.post_vertex, ours))
                   for partition in SpynnakerDataView.iterate_partitions()
                   for edge in partition.edges)

    @property
    def time_scale_factor(self) -> float:
        """Real time per script time: the keyword, or that of sPyNNaker's configuration."""
        return float(SpynnakerDataView.get_time_scale_factor())

    def run(self, steps: int, cores: int, prepare: Callable[[], None], describe: Describe,
            suspects: Callable[[], str], check: Callable[[Sequence[Dropped]], None]) -> None:
        """Run ``steps`` machine steps.

        ``cores``: the number of ours. ``prepare``: writes what the run needs to the
        machine. ``describe``: what is being done, and what can be read after a failure.
        ``suspects``: numbers of sPyNNaker's own cells that may be too large for it. ``check``:
        raises :class:`PacketLossError` for a run that lost packets, given what routers dropped.
        Raises :class:`NetworkError` if the network does not fit, :class:`MachineError` if
        the machine fails; what cores printed and counted is then in a folder that it names.
        """
        self.check("a run")
        milliseconds = steps * self._timestep * self.time_scale_factor
        with _own_signals(), quiet(self.loaded or self._quiet), limited(milliseconds), \
                collected_at_once(), Recovery(self._failure_folder) as recovery, \
                self._routers.watched():
            try:
                prepare()
                spynnaker.run(time_of(steps, SpynnakerDataView.get_simulation_time_step_ms()))
                if not self.virtual:
                    check(self._routers.dropped())
            except PacketLossError as error:
                self.failed = True
                raise recovery.error(error, *describe()) from None
            except EPropError:
                raise
            except Exception as error:
                if isinstance(error, (*NOT_OF_THE_MACHINE, *OF_NUMBERS)) and not self.loaded \
                        and not while_getting_a_machine(error):
                    self._refused = SpynnakerDataView.is_shutdown()
                    what = _refused(error, cores, suspects, self.virtual)
                    text = " ".join(str(error).split())[:LONGEST_TEXT]
                    raise NetworkError(f"{what} ({text})") from error
                self.failed = True
                raise recovery.error(error, *describe()) from error
        self.machine_step += steps
        self.loaded = not self.virtual
        if self.virtual and not self._told_virtual:
            self._told_virtual = True
            warnings.warn(f"{ON_VIRTUAL_BOARD}; the network was mapped, and nothing else: there "
                          "are no updates, weights are as they were set, and recordings hold what "
                          f"the script gave. {REAL_BOARD}", stacklevel=2)

    @contextmanager
    def talking(self, describe: Describe) -> Iterator[None]:
        """A context for reading and writing the machine's memory between runs.

        Raises :class:`MachineError` if it does not answer, or has failed before.
        """
        self.check("what the machine holds")
        with Recovery(self._failure_folder) as recovery:
            try:
                yield
            except TROUBLE as error:
                self.failed = True
                raise recovery.error(error, *describe()) from error

    # --- memory of cores, within run() or talking() ---

    @staticmethod
    def read(wanted: Sequence[Wanted]) -> list[bytes]:
        """The first bytes (None: all) of regions of vertices, read at once."""
        return read_many(places_of(wanted))

    @staticmethod
    def read_in_time(wanted: Sequence[Wanted],
                     seconds: float) -> tuple[list[bytes | None], float]:
        """Those that can be read in about this time, None for others; the share of all bytes."""
        return read_in_time(places_of(wanted), seconds)

    @staticmethod
    def write(contents: Sequence[tuple[EPropMachineVertex, Region, bytes]]) -> None:
        """Replace the beginning of regions of vertices at once."""
        write_regions(contents)

    def data_of_native_cells(self) -> AbstractContextManager[None]:
        """A context for reading what sPyNNaker's cells recorded, also after a failure."""
        return readable() if self.failed or self.ended else nullcontext()

    def check_open(self, what: str) -> None:
        """Raise :class:`SimulationError` for ``what`` if sPyNNaker has stopped."""
        if self.ended:
            raise SimulationError(f"{what} after end(): {GIVEN_BACK}")
        if self._refused:
            raise SimulationError(f"{what} after a run that was refused: {GIVEN_BACK}")

    def check(self, what: str) -> None:
        """Raise :class:`MachineError` if a run has failed, :class:`SimulationError` after end()."""
        self.check_open(what)
        if self.failed:
            raise MachineError("the machine failed in an earlier run; call setup() and build the "
                               "network again to go on")

    def reset(self) -> None:
        """Back to machine step 0; what is loaded stays there."""
        self.check("reset()")
        if self.loaded:
            spynnaker.reset()
        self.machine_step = 0

    def needs_mapping(self) -> None:
        """Let the next run map and load everything again (only at machine step 0)."""
        SpynnakerDataView.set_requires_mapping()
        self.loaded = False

    def end(self, keep_data: bool = False) -> None:
        """Give the machine back; warn if it does not answer.

        ``keep_data``: of sPyNNaker's own cells, to be read afterwards.
        """
        self.ended = True
        if SpynnakerDataView.is_shutdown():
            return
        try:
            with quiet(self._quiet), data_kept() if keep_data else nullcontext():
                spynnaker.end()
        except TROUBLE as error:
            warnings.warn(f"the machine did not answer when it was given back: {error}",
                          stacklevel=3)
        _refuse_for_spynnaker()


def _refused(error: Exception, cores: int, suspects: Callable[[], str], virtual: bool) -> str:
    """A sentence on an error before anything was loaded. cores, suspects: as of ``run``.

    virtual: there is no machine that could be refused; it is made for the network.
    """
    if isinstance(error, OF_NUMBERS):
        return "a number does not fit what sPyNNaker's own cells and synapses hold: " \
            f"{suspects() or 'see their parameters, weights and delays'}"
    if not (virtual or isinstance(error, PacmanException)):
        return "sPyNNaker refuses the machine, or its own configuration of it"
    return f"the network does not fit the machine: it needs {cores} cores beside those of " \
        f"sPyNNaker{_offered()}; use a larger machine, or more cells of a core " \
        "(setup(neurons_per_core=...))"


def _offered() -> str:
    """What the machine has for applications, beside its monitors."""
    if not SpynnakerDataView.has_machine():
        return ""
    machine = SpynnakerDataView.get_machine()
    boards = len(machine.ethernet_connected_chips)
    cores = machine.total_available_user_cores \
        - (machine.n_chips - boards) * SpynnakerDataView.get_all_monitor_cores() \
        - boards * SpynnakerDataView.get_ethernet_monitor_cores()
    return f", and there are {cores} for applications, on {machine.n_chips} chips"


def _refuse_for_spynnaker() -> None:
    """Let sPyNNaker's own populations and projections say what is to be done after end()."""
    view: Any = SpynnakerDataView
    check = view.check_user_can_act

    def check_user_can_act() -> None:
        try:
            check()
        except SimulatorShutdownException as error:
            raise SimulationError(f"a call of sPyNNaker after end(): {GIVEN_BACK}") from error

    view.check_user_can_act = staticmethod(check_user_can_act)


def _let_spynnaker_refuse() -> None:
    """Undo :func:`_refuse_for_spynnaker`, when another network begins."""
    view: Any = SpynnakerDataView
    if "check_user_can_act" in vars(view):      # it inherits its own
        del view.check_user_can_act


def _check_configuration(refuse_virtual_board: bool) -> None:
    """Raise :class:`SetupError` if sPyNNaker's configuration names no machine."""
    virtual = bool(get_config_bool("Machine", "virtual_board"))
    if virtual and refuse_virtual_board:
        raise SetupError(f"setup(): {ON_VIRTUAL_BOARD}. {REAL_BOARD}")
    server = get_config_str_or_none("Machine", "spalloc_server")
    if server and not is_server_address(server) \
            and not get_config_str_or_none("Machine", "spalloc_user"):
        raise SetupError("setup(): sPyNNaker's configuration has spalloc_server and no "
                         "spalloc_user, which a classic spalloc server needs; put "
                         "spalloc_user = YOUR-ADDRESS under [Machine] of ~/.spynnaker.cfg")
    if virtual or any(
            get_config_str_or_none("Machine", name)
            for name in ("machine_name", "spalloc_server", "remote_spinnaker_url")):
        return
    raise SetupError(f"setup(): sPyNNaker's configuration names no machine; {NAME_A_MACHINE}")


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

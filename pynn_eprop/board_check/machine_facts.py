"""Facts about the machine, the packages and the programs of cores, for the report."""

import platform
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType
from typing import Any

import pynn_eprop
from pynn_eprop.errors import EPropError, SetupError
from pynn_eprop.spinnaker.binaries import FOLDER

PACKAGES = ("sPyNNaker", "SpiNNFrontEndCommon", "SpiNNaker_PACMAN", "SpiNNMan", "SpiNNMachine",
            "SpiNNUtilities", "spalloc", "PyNN", "neo", "numpy", "scipy")
CLOCK_SECONDS = 1.0
"""Host time over which the machine's clock is compared with the host's."""
LOOPBACK = "127."
"""Addresses of emulated boards, whose clocks stand while nothing is due."""
_NOT_WIRED = frozenset({(0, 0, 3), (0, 0, 4), (0, 1, 3), (0, 1, 4), (1, 0, 0), (1, 0, 1),
                        (1, 1, 0), (1, 1, 1)})
"""Links (x, y, direction) that boards of 4 chips do not have."""
_FOUR_CHIPS = 3     # the version of such a board

Facts = dict[str, str]
"""What is known, by what it is about, in the order of the report."""


def of_packages() -> Facts:
    """Versions of this package, of Python and of what sPyNNaker is made of."""
    found = {"pynn_eprop": pynn_eprop.__version__,
             "Python": f"{platform.python_version()} on {sys.platform}, {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def of_binaries() -> Facts:
    """On what the programs of cores stand, and how much of a core's memory each takes."""
    from pynn_eprop.spinnaker.binaries.record import RUNTIMES
    from pynn_eprop.spinnaker.description import describe

    found = describe()
    facts = {"programs on": f"{RUNTIMES.get(found.runtime, found.runtime)} ({found.version})",
             "compiled by": found.compiler, "content": found.content, "of sources": found.sources,
             **{f"problem {number}": text for number, text in enumerate(found.problems, 1)}}
    for name in found.programs:
        summary = FOLDER / f"{name}.txt"
        lines = summary.read_text(encoding="utf-8").splitlines() if summary.is_file() else []
        facts[f"program {name}"] = lines[0].partition(" ")[2] if lines else "its size is not known"
    return facts


@dataclass(frozen=True)
class Machine:
    """What sPyNNaker says of the machine.

    emulated: whether it is in software. clock: milliseconds of the host and of the machine in the
    same time; None if not measured.
    """

    facts: Facts
    chips: int
    emulated: bool
    clock: tuple[float, float] | None


def of_machine(sim: ModuleType, setup: Mapping[str, Any]) -> Machine:
    """The machine that sPyNNaker's configuration names. With spalloc, one board is asked for.

    Raises :class:`SetupError` if there is none.
    """
    from pynn_eprop.spinnaker.board.recovery import quiet

    sim.setup(timestep=1.0, n_boards_required=1, **setup)
    try:
        with quiet():
            machine = sim.get_machine()
    except EPropError:
        raise
    except Exception as error:
        words = " ".join(str(error).split())
        raise SetupError(f"sPyNNaker got no machine ({type(error).__name__}: {words}); see "
                         "[Machine] in ~/.spynnaker.cfg: machine_name and version, or "
                         "spalloc_server") from error
    try:
        facts = {**_configuration(), **_shape(machine), **_scamp()}
        emulated = str(machine.boot_chip.ip_address).startswith(LOOPBACK)
        return Machine(facts, int(machine.n_chips), emulated,
                       None if emulated else _compare_clocks())
    finally:
        sim.end()


def _configuration() -> Facts:
    """Lines of sPyNNaker's configuration that matter; no user of a server is among them."""
    from spinn_utilities.config_holder import get_config_str_or_none

    names = ("machine_name", "spalloc_server", "remote_spinnaker_url", "version",
             "time_scale_factor", "enable_advanced_monitor_support", "enable_reinjection",
             "down_chips", "down_cores", "down_links")
    found = {name: get_config_str_or_none("Machine", name) for name in names}
    return {f"[Machine] {name}": _without_login(value)
            for name, value in found.items() if value not in (None, "None")
            for value in [str(value)]}


def _without_login(address: str) -> str:
    """An address without a user's name and password."""
    scheme, mark, rest = address.rpartition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _shape(machine: Any) -> Facts:
    from spynnaker.pyNN.data import SpynnakerDataView

    version = SpynnakerDataView.get_machine_version()
    dead = [xy for board in machine.ethernet_connected_chips
            for xy in machine.get_down_xys_by_ethernet(board.x, board.y)]
    lacking = [f"{chip.x},{chip.y} has {chip.n_processors}" for chip in machine.chips
               if chip.n_processors < version.max_cores_per_chip]
    gone = dead_links(machine, version.number == _FOUR_CHIPS)
    return {
        "machine": f"{version.name}, {len(machine.ethernet_connected_chips)} board(s), "
                   f"{machine.n_chips} chips, {machine.get_cores_count()} cores",
        "dead chips": ", ".join(f"{x},{y}" for x, y in dead) or "none",
        "cores": f"{version.max_cores_per_chip} a chip"
                 + "".join(f"; {each}" for each in lacking),
        "dead links": ", ".join(f"{x},{y} direction {link}" for x, y, link in gone) or "none"}


def dead_links(machine: Any, four_chips: bool) -> list[tuple[int, int, int]]:
    """Links between chips that are there, which sPyNNaker does not have: x, y, direction."""
    return [(chip.x, chip.y, link) for chip in machine.chips for link in range(6)
            if not chip.router.is_link(link)
            and machine.is_chip_at(*machine.xy_over_link(chip.x, chip.y, link))
            and not (four_chips and (chip.x, chip.y, link) in _NOT_WIRED)]


def _scamp() -> Facts:
    from spynnaker.pyNN.data import SpynnakerDataView

    transceiver: Any = SpynnakerDataView.get_transceiver()
    try:        # there is no public call for it
        info = transceiver._get_scamp_version()
        version = ".".join(map(str, info.version_number))
        return {"SCAMP": f"{info.name} {version} at {info.hardware}, built {_day(info.build_date)}"}
    except Exception as error:      # the rest of the report is worth having
        return {"SCAMP": f"not known ({type(error).__name__})"}


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _compare_clocks() -> tuple[float, float]:
    """Milliseconds of the host and of the machine, in the same time."""
    begun, first = _clocks()
    time.sleep(CLOCK_SECONDS)
    ended, last = _clocks()
    return ended - begun, last - first


def _clocks() -> tuple[float, float]:
    """Host and machine time in ms."""
    from spinnman.messages.spinnaker_boot import SystemVariableDefinition
    from spynnaker.pyNN.data import SpynnakerDataView

    transceiver: Any = SpynnakerDataView.get_transceiver()
    before = time.monotonic()
    machine = float(transceiver._get_sv_data(0, 0, SystemVariableDefinition.clock_milliseconds))
    return 500.0 * (before + time.monotonic()), machine

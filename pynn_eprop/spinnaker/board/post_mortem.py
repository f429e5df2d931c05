"""Reports of cores after a failure: states, reasons, what they printed, what they counted.

It is read before sPyNNaker gives the machine back, and written to a folder.
"""

import csv
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spinn_front_end_common.data import FecDataView
from spinn_machine import CoreSubsets
from spinn_utilities.config_holder import get_config_str_or_none
from spinn_utilities.make_tools.replacer import Replacer
from spinnman.exceptions import SpiNNManCoresNotInStateException
from spinnman.model.enums import CPUState, RunTimeError

from pynn_eprop.errors import PacketLossError
from pynn_eprop.spinnaker.board.allocation import taken_back
from pynn_eprop.spinnaker.board.failures import gave_up
from pynn_eprop.spinnaker.board.losses import Loss
from pynn_eprop.spinnaker.board.waiting import STOPPED
from pynn_eprop.spinnaker.description import describe
from pynn_eprop.spinnaker.memory.layout import Provenance, Region
from pynn_eprop.spinnaker.transfer.bulk import read_what_answers
from pynn_eprop.spinnaker.vertices.machine import (
    COMMON_COUNTERS,
    EPropMachineVertex,
    counters,
    places_of,
)

Place = tuple[int, int, int]

REPORT, COUNTERS, LOG, LOSSES = "report.txt", "counters.csv", "spynnaker.log", "losses.csv"
_NAMED = 3              # cores in the message; the report has all of them
_LAST_LINES = 3         # of what a core printed, in the message
_EXIT_SECONDS = 2.0     # for cores that still run to write their counters
_AT_WORK = frozenset({CPUState.RUNNING, CPUState.SYNC0, CPUState.SYNC1})
_UP_TO_DATE = frozenset({CPUState.READY, CPUState.PAUSED, CPUState.FINISHED})
_MEANING = {
    RunTimeError.RESET: "jump to address 0", RunTimeError.UNDEF: "undefined instruction",
    RunTimeError.SVC: "undefined supervisor call", RunTimeError.PABT: "prefetch abort",
    RunTimeError.DABT: "data abort", RunTimeError.DIVBY0: "division by zero",
    RunTimeError.SWERR: "stopped by its own program", RunTimeError.MALLOC: "no memory left",
    RunTimeError.API: "wrong use of its libraries",
}


@dataclass
class CoreReport:
    """One core. ``vertex``: of sPyNNaker's graph; ``info``: its state as the monitor has it."""

    place: Place
    label: str
    vertex: Any
    info: Any
    failed: bool = False
    reason: str = ""
    text: str = ""
    counters: list[int] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its cells and where it is."""
        return f"{self.label} on core {','.join(map(str, self.place))}"

    @property
    def condition(self) -> str:
        """The failure of the core, or its state."""
        if self.reason:
            return f", {self.reason}"
        state = self.info.state
        if state is CPUState.RUN_TIME_EXCEPTION:
            error = self.info.run_time_error
            what = _MEANING.get(error, error.name)
            return f": run-time exception, {what} (near 0x{self.info.link_register:08x})"
        if state is CPUState.WATCHDOG:
            return ": it hung, and the watchdog stopped it"
        return f": it did not end the run and is in state {state.name}" if self.failed \
            else f": {state.name}"

    def lines(self) -> list[str]:
        """The lines that it printed, without empty ones."""
        return [line for line in self.text.splitlines() if line.strip()]


class PostMortem:
    """A machine after a failure. ``error``: what sPyNNaker said."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.cores: list[CoreReport] = []
        self.dropped: dict[tuple[int, int], int] = {}   # by routers whose chip has a failed core
        self.reachable = True
        self.had_machine = bool(FecDataView.has_transceiver())
        self.taken_back = taken_back() if self.had_machine else None
        try:
            self._states()
        except Exception:
            self.reachable = not self.had_machine
            return
        with suppress(Exception):
            self._texts()
        with suppress(Exception):
            self._reasons()
        with suppress(Exception):
            self._counters()
        with suppress(Exception):
            self._read_routers()

    @property
    def failed(self) -> list[CoreReport]:
        """The cores that failed.

        Those that gave up come last, as that may follow from what others left undone.
        """
        return sorted((core for core in self.cores if core.failed),
                      key=lambda core: (bool(core.reason), core.place))

    # --- reading ---

    def _states(self) -> None:
        placements = {(place.x, place.y, place.p): place.vertex
                      for place in FecDataView.iterate_placemements()}
        if not placements or not self.had_machine:
            return
        infos = FecDataView.get_transceiver().get_cpu_infos(_subsets(placements))
        late = set[Place]()
        if isinstance(self.error, SpiNNManCoresNotInStateException):
            late = set(self.error.failed_core_states())
        for place in infos:
            vertex = placements[place]
            label = vertex.core.label if isinstance(vertex, EPropMachineVertex) else vertex.label
            self.cores.append(CoreReport(place, str(label), vertex, infos.get_cpu_info(*place)))
        stopped = {core.place for core in self.cores if core.info.state in STOPPED}
        for core in self.cores:
            core.failed = core.place in (stopped or late)

    def _texts(self) -> None:
        """Read the text that cores printed since the last stop."""
        replacer = Replacer()
        by_place = {core.place: core for core in self.cores}
        for buffer in FecDataView.get_transceiver().get_iobuf(_subsets(by_place)):
            by_place[buffer.x, buffer.y, buffer.p].text = "\n".join(
                replacer.replace(line) for line in buffer.iobuf.split("\n"))

    def _ours(self) -> Iterator[CoreReport]:
        return (core for core in self.cores if isinstance(core.vertex, EPropMachineVertex))

    def _reasons(self) -> None:
        for core, status in self._read(Region.STATUS):
            core.reason = gave_up(status) or ""

    def _counters(self) -> None:
        """Read the counters of our cores; those at work are asked to write them, and end."""
        transceiver = FecDataView.get_transceiver()
        working = {core.place: core for core in self._ours()
                   if core.info.state in _AT_WORK and not core.failed}
        for place in working:
            transceiver.send_chip_update_provenance_and_exit(*place)
        deadline = time.monotonic() + _EXIT_SECONDS
        while working and time.monotonic() < deadline:
            infos = transceiver.get_cpu_infos(_subsets(working))
            for place in infos:
                if infos.get_cpu_info(*place).state is CPUState.FINISHED:
                    working.pop(place).info = infos.get_cpu_info(*place)
            time.sleep(0.05)
        for core, data in self._read(Region.PROVENANCE):
            core.counters = counters(data)

    def _read(self, region: Region) -> Iterator[tuple[CoreReport, bytes]]:
        """A region of each of our cores whose chip answers."""
        ours = list(self._ours())
        found = read_what_answers(places_of([(core.vertex, region, None) for core in ours]))
        return ((core, data) for core, data in zip(ours, found, strict=True) if data is not None)

    def _read_routers(self) -> None:
        transceiver = FecDataView.get_transceiver()
        for x, y in sorted({core.place[:2] for core in self.failed}):
            found = transceiver.get_router_diagnostics(x, y)
            self.dropped[x, y] = int(found.n_dropped_multicast_packets)

    # --- reporting ---

    def sentences(self) -> list[str]:
        """The failure in lines: one for each of the first cores, and for what they printed last."""
        if not self.had_machine:
            return [f"sPyNNaker got no machine ({self._error()}); its configuration, mostly in "
                    "~/.spynnaker.cfg, has under [Machine]: " + ", ".join(
                        f"{name} = {value}" for name in ("machine_name", "spalloc_server",
                                                         "remote_spinnaker_url", "version")
                        if (value := get_config_str_or_none("Machine", name)))]
        if self.taken_back:
            return [f"{self.taken_back} ({self._error()})"]
        if not self.failed:
            what = "the machine does not answer any more" if not self.reachable else \
                "the machine failed"
            return [f"{what} ({self._error()})"]
        lines = []
        for core in self.failed[:_NAMED]:
            lines.append(f"{core.name}{core.condition}")
            lines += [f"  it printed: {line}" for line in core.lines()[-_LAST_LINES:]]
        if len(self.failed) > _NAMED:
            lines.append(f"and {len(self.failed) - _NAMED} more")
        lines += [f"the router of chip {x},{y} dropped {count} packets in this run: a core that "
                  "has stopped takes none, and what is for it and others may reach none of them"
                  for (x, y), count in self.dropped.items() if count]
        return lines

    def _error(self) -> str:
        words = " ".join(str(self.error).split()).removesuffix("Stack trace: []").rstrip()
        return f"{type(self.error).__name__}: {words}"

    def write(self, folder: Path, log: Sequence[str]) -> None:
        """Write report, texts, counters and sPyNNaker's log to a folder, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("iobuf_*.txt"), folder / REPORT, folder / COUNTERS, folder / LOG,
                    folder / LOSSES):
            old.unlink(missing_ok=True)
        (folder / REPORT).write_text(self._report(), encoding="utf-8")
        if log:
            (folder / LOG).write_text("".join(f"{line}\n" for line in log), encoding="utf-8")
        for core in self.cores:
            if core.failed or core.lines():
                x, y, p = core.place
                (folder / f"iobuf_{x}_{y}_{p}.txt").write_text(core.text + "\n", encoding="utf-8")
        if any(core.counters for core in self.cores):
            self._write_counters(folder / COUNTERS)

    def _write_counters(self, path: Path) -> None:
        with open(path, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["x", "y", "p", "cells", "state", "counted_until", *COMMON_COUNTERS,
                           *(item.name.lower() for item in Provenance)])
            for core in self._ours():
                if core.counters:
                    rows.writerow([*core.place, core.label, core.info.state.name,
                                   self._counted_until(core), *core.counters])

    @staticmethod
    def _counted_until(core: CoreReport) -> str:
        return "the failure" if core.reason or core.info.state in _UP_TO_DATE else "the last stop"

    def _report(self) -> str:
        # a loss is several sentences, a line each
        error = [f"{type(self.error).__name__}:", *str(self.error).splitlines()] \
            if isinstance(self.error, PacketLossError) else [self._error()]
        lines = [*error, "",
                 "core, cells, state (those that failed first)"]
        failed = self.failed
        for core in (*failed, *sorted((core for core in self.cores if not core.failed),
                                      key=lambda core: core.place)):
            lines.append(f"{core.name}{core.condition}")
            if core.info.state in STOPPED:
                lines += ["    " + line.strip()
                          for line in core.info.get_status_string().splitlines()]
        if not self.cores:
            lines.append("none could be asked")
        lines += ["", str(describe())]
        return "\n".join(lines) + "\n"


def write_losses(path: Path, losses: Iterable[Loss]) -> None:
    """Write a table of packets that were lost or came twice."""
    nothing = "", ""
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["receiver", "sender", "what", "sent", "heard", "first_interval",
                       "last_interval", "first_update", "last_update"])
        for loss in losses:
            rows.writerow([loss.receiver, loss.sender, loss.what, loss.sent, loss.heard,
                           *(loss.intervals or nothing), *(loss.updates or nothing)])


def _subsets(places: Any) -> CoreSubsets:
    subsets = CoreSubsets()
    for place in places:
        subsets.add_processor(*place)
    return subsets

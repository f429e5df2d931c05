"""Going through the cases: each on the host, then on the board, then compared and counted."""

import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any

from pynn_eprop.board_check.cases import Case
from pynn_eprop.board_check.counters import Reading, Verdict, read_all
from pynn_eprop.board_check.counts import Counts, read_counts
from pynn_eprop.board_check.machine_facts import Facts
from pynn_eprop.board_check.recorded import Difference, Recorded, Spikes, differences
from pynn_eprop.board_check.routers import counted
from pynn_eprop.errors import MachineError


class Result(Enum):
    """The outcome of a case."""

    EQUAL = "equal"
    DIFFERENT = "DIFFERENT"
    FAILED = "FAILED"
    NOT_RUN = "not run"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Row:
    """A case and its outcome.

    cores, chips: that had cells of ours. spikes, values: compared. seconds: on the board.
    differs: quantities that are not as expected, with the first difference of all in ``first``.
    message: why it failed or did not run. failure_folder: with what cores printed and counted.
    """

    case: Case
    result: Result
    cores: int = 0
    chips: int = 0
    spikes: int = 0
    values: int = 0
    seconds: float = 0.0
    differs: tuple[str, ...] = ()
    first: Difference | None = None
    message: str = ""
    warnings: tuple[str, ...] = ()
    failure_folder: Path | None = None

    @property
    def text(self) -> str:
        """The outcome in words."""
        if self.result is Result.EQUAL:
            return "equal"
        if self.result is Result.DIFFERENT:
            others = len(self.differs) - 1
            more = f" (and {others} more quantities)" if others else ""
            return f"{self.result.value}: {self.first}{more}"
        return f"{self.result.value}: {self.message}" if self.message else self.result.value


@dataclass
class Check:
    """What has been checked so far. ``rows`` has the cases that were begun.

    emulated: whether the board is one in software.
    """

    backend: str
    facts: Facts = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    planned: int = 0
    emulated: bool = False

    @property
    def readings(self) -> list[Reading]:
        """The counters, judged."""
        return read_all(self.counts)

    @property
    def finished(self) -> bool:
        """Whether all cases that were planned have been through."""
        return len(self.rows) == self.planned and \
            all(row.result is not Result.INTERRUPTED for row in self.rows)

    @property
    def wrong(self) -> list[str]:
        """What disagrees or was lost, in sentences; empty if nothing is wrong.

        Of a failure, what failed first: the row has the rest.
        """
        bad = [f"{row.case.name}: {' '.join(row.text.splitlines()[:2])}" for row in self.rows
               if row.result in (Result.DIFFERENT, Result.FAILED)]
        return bad + [f"{reading.counter.name}: {reading.text}, {reading.where}"
                      for reading in self.readings if reading.verdict is Verdict.WRONG]

    @property
    def verdict(self) -> Verdict:
        """The whole check in one word."""
        if self.wrong:
            return Verdict.WRONG
        worst = max((reading.verdict for reading in self.readings), default=Verdict.OK)
        return worst if self.finished else max(worst, Verdict.ATTENTION)


@dataclass(frozen=True)
class Board:
    """The board as the cases use it.

    sim: the module to run on. host: the one to compare with. setup: keywords of every ``setup()``.
    chips: of the machine. failures: the folder of what failing cases leave, one in it for each.
    """

    sim: ModuleType
    host: ModuleType
    setup: Mapping[str, Any]
    chips: int
    failures: Path


def run_cases(cases: Iterable[Case], board: Board, check: Check,
              after: Callable[[Row], None] = lambda row: None) -> None:
    """Run the cases one by one; add their rows and counts to ``check``, then call ``after``.

    A case that fails does not stop the others. KeyboardInterrupt and the like pass, after a row
    that says so.
    """
    cases = list(cases)
    check.planned += len(cases)
    for case in cases:
        reason = _not_possible(case, board)
        if reason:
            row = Row(case, Result.NOT_RUN, message=reason)
        else:
            try:
                row, counts = _run(case, board)
            except BaseException:
                check.rows.append(Row(case, Result.INTERRUPTED))
                after(check.rows[-1])
                raise
            check.counts.add(counts)
        check.rows.append(row)
        after(row)


def _not_possible(case: Case, board: Board) -> str:
    """Why a case cannot run on this machine, or an empty text."""
    from pynn_eprop.spinnaker.binaries import FOLDER

    if case.chips > board.chips:
        return f"it needs {case.chips} chips, and the machine has {board.chips}"
    if case.binary is not None and not (FOLDER / f"{case.binary}.aplx").is_file():
        return f"{case.binary} was not built"
    return ""


def _run(case: Case, board: Board) -> tuple[Row, Counts]:
    """One case: its row, and what was counted (nothing after a failure)."""
    folder = board.failures / case.name.replace(" ", "-").replace("'", "")
    begun, counts = time.monotonic(), Counts()
    row, of_host = Row(case, Result.FAILED), set[str]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            expected = (case.expected or case.script)(board.host, precision="fixed")
            of_host = {str(each.message) for each in caught}
            begun = time.monotonic()
            with counted() as routers:
                found = case.script(board.sim, **{**board.setup, "failure_folder": folder,
                                                  **case.setup})
            network = board.sim.simulator.state.simulation.network
            counts = read_counts(case.name, network, routers)
            row = _compared(row, expected, found)
        except KeyboardInterrupt:       # RunInterrupted is one, and an EPropError
            raise
        except MachineError as error:
            row = replace(row, message=str(error), failure_folder=error.folder)
        except Exception as error:      # of sPyNNaker, whatever they are, or of the package
            row = replace(row, message=f"{type(error).__name__}: {error}")
        finally:
            _end(board.sim)
    said = [str(each.message) for each in caught if str(each.message) not in of_host]
    return replace(row, cores=len(counts.cores), chips=counts.chips,
                   seconds=time.monotonic() - begun, warnings=tuple(dict.fromkeys(said))), counts


def _compared(row: Row, expected: Recorded, found: Recorded) -> Row:
    different = differences(expected, found)
    return replace(
        row, result=Result.DIFFERENT if different else Result.EQUAL,
        spikes=sum(each.size for each in expected.values() if isinstance(each, Spikes)),
        values=sum(each.size for each in expected.values() if not isinstance(each, Spikes)),
        differs=tuple(each.name for each in different), first=different[0] if different else None)


def _end(sim: ModuleType) -> None:
    """Give the machine back, whatever state it is in."""
    try:
        sim.end()
    except Exception as error:
        warnings.warn(f"the machine was not given back: {error}", stacklevel=2)

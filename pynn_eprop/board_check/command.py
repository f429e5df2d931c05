"""``pynn-eprop board-check``: check a board with small networks, and write a report."""

import argparse
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path
from typing import Any

from pynn_eprop.backends import find_backend, load_backend
from pynn_eprop.board_check import machine_facts, report
from pynn_eprop.board_check.cases import CASES, Case
from pynn_eprop.board_check.check import Board, Check, Row, run_cases
from pynn_eprop.emulator.conditions import Conditions, read_conditions
from pynn_eprop.errors import ResultsError, SetupError

EMULATOR, SPINNAKER = "emulator", "spinnaker"
AGREES, WRONG = 0, 1
CHIPS = 4
"""Chips of the emulated board."""


def run(options: argparse.Namespace) -> int:
    """Check the board; print the table, write the report; return the exit status.

    0: all agrees. 1: something disagrees or was lost, as the table says. Raises EPropError for bad
    input, a machine or binaries that are missing. What is done is in the report even if
    KeyboardInterrupt ends it.
    """
    from pynn_eprop.spinnaker.binaries import binary_path
    from pynn_eprop.spinnaker.placement.plan import BINARIES

    cases = [CASES[name] for name in CASES if not options.only or name in options.only]
    context = _context(options)
    sim, host = load_backend(options.backend), load_backend("host")
    for name in sorted(set(BINARIES.values())):
        binary_path(name)
    out = _folder(options.out)
    with context:
        setup = find_backend(options.backend).setup_keywords(None, "fixed", 1)
        machine = machine_facts.of_machine(sim, setup)
        check = Check(options.backend, {
            **machine_facts.of_packages(), **machine_facts.of_binaries(), **machine.facts,
            **_conditions_in_words(options.condition)}, emulated=machine.emulated)
        check.counts.clocks += [] if machine.clock is None else [machine.clock]
        _run(cases, Board(sim, host, setup, machine.chips, out / report.FAILURES), check, out)
    return WRONG if check.wrong else AGREES


def _run(cases: list[Case], board: Board, check: Check, out: Path) -> None:
    """Run the cases, and print and write as they go."""
    def show(row: Row) -> None:
        _print(report.row_lines(row))
        report.write(check, out)

    _print([*report.fact_lines(check), "", *report.heading()])
    try:
        run_cases(cases, board, check, show)
    except KeyboardInterrupt:       # RunInterrupted is one, and an error of a script's input, too
        raise KeyboardInterrupt from None
    finally:
        _print(["", *report.counter_lines(check), "", *report.verdict_lines(check)])
        report.write(check, out)
        _print([f"{out / report.TEXT} and {out / report.DATA} have it all"])


def _print(lines: list[str]) -> None:
    print("\n".join(lines), flush=True)


def _context(options: argparse.Namespace) -> AbstractContextManager[object]:
    """An emulated board if one is asked for; raises EmulatorError for unknown conditions."""
    if options.backend == EMULATOR:
        from pynn_eprop.emulator import Board as EmulatedBoard
        conditions = read_conditions(options.condition)
        return EmulatedBoard(chips=CHIPS, real_time=False, conditions=conditions)
    if options.condition:
        raise SetupError(f"board-check: --condition {options.condition[0][0]} is for --backend "
                         f"{EMULATOR}; a machine has its own")
    return find_backend(options.backend).context(0)


def _conditions_in_words(conditions: list[tuple[str, Any]]) -> machine_facts.Facts:
    return {f"condition {name}": str(value) for name, value in conditions}


def _folder(out: Path) -> Path:
    """The folder of the report, without what an earlier one has left. Raises ResultsError."""
    if out.exists() and not out.is_dir():
        raise ResultsError(f"{out} is a file; give --out a folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"{out} cannot be made: {error.strerror}") from error
    if (out / report.DATA).is_file():
        shutil.rmtree(out / report.FAILURES, ignore_errors=True)
        (out / report.DATA).unlink()
    return out


def add_parser(commands: Any, assignment: Callable[[str], tuple[str, Any]]) -> None:
    """Add the command to the parsers of ``pynn-eprop``. assignment: reads NAME=VALUE."""
    parser = commands.add_parser(
        "board-check", help="check a SpiNNaker board with small networks and write a report",
        description="Run small networks of every kind on a SpiNNaker board, compare each with the "
                    "host bit for bit, judge the counters, and write a report. Exit status: 0, all "
                    "agrees; 1, something disagrees or was lost; 2, bad input, no machine or no "
                    "binaries.")
    parser.set_defaults(command=run)
    parser.add_argument("--backend", choices=(EMULATOR, SPINNAKER), default=EMULATOR,
                        help="a board in software, or the machine of ~/.spynnaker.cfg (default: "
                             "%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("results", "board-check"), metavar="DIR",
                        help="folder of the report (default: %(default)s)")
    parser.add_argument("--only", action="append", default=[], choices=tuple(CASES),
                        metavar="NETWORK",
                        help=f"run this network only (may be repeated): {', '.join(CASES)}")
    parser.add_argument("--condition", action="append", default=[], type=assignment,
                        metavar="NAME=VALUE",
                        help="make the emulated board as hard as a real one in some way (may be "
                             f"repeated), as of `pynn-eprop board`: "
                             f"{', '.join(each.name for each in fields(Conditions))}")

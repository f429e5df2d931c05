"""``pynn-eprop board``: serve an emulated board until stopped."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import Any

from pynn_eprop.emulator.board import ADDRESS, Board
from pynn_eprop.emulator.conditions import Conditions, read_conditions
from pynn_eprop.emulator.emulated_machine import ENGINES
from pynn_eprop.emulator.geometry import CHIPS

NOT_MODELLED = ("It counts instructions and loses no packet; with --condition it models cycles and "
                "contention for SDRAM (timing=arm968), congestion (congestion=True) and faults. "
                "It models no power.")


def add_parser(commands: Any, assignment: Callable[[str], tuple[str, Any]]) -> None:
    """Add the command to the parsers of ``pynn-eprop``. assignment: reads NAME=VALUE."""
    parser = commands.add_parser(
        "board", help="serve a SpiNNaker board in software that sPyNNaker connects to",
        description="Serve an emulated SpiNNaker board on a loopback address until interrupted. "
                    + NOT_MODELLED)
    parser.set_defaults(command=run)
    parser.add_argument("--chips", type=int, default=4,
                        help=f"chips of a board: {', '.join(map(str, CHIPS))} (default: 4)")
    parser.add_argument("--boards", type=int, default=1,
                        help="48-chip boards side by side: 1, 3, 6, ... (default: 1)")
    parser.add_argument("--address",
                        help="loopback address of the first board (default: the first that is "
                             f"free from {ADDRESS} on)")
    parser.add_argument("--threads", type=int, default=1,
                        help="host threads; results do not depend on it (default: 1)")
    parser.add_argument("--fast", action="store_true",
                        help="run faster than a real board if the host can")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0],
                        help="engine that executes the instructions; results do not depend on it "
                             "(default: %(default)s)")
    parser.add_argument("--keep-abandoned", action="store_true",
                        help="keep what killed scripts have left, as a real board does; otherwise "
                             "it is cleared when the next one comes")
    parser.add_argument("--profile", action="store_true",
                        help="count cycles by function: instructions, unless they are modelled")
    parser.add_argument("--elf", type=Path, action="append", default=[], metavar="FILE",
                        help="program whose functions are named in reports (may be repeated)")
    parser.add_argument("--condition", action="append", default=[], type=assignment,
                        metavar="NAME=VALUE",
                        help="make the board as hard as a real one in some way (may be repeated): "
                             + "; ".join(f"{each.name}, {each.metadata['help']} (default: "
                                         f"{each.default})" for each in fields(Conditions)))
    parser.add_argument("--status", type=float, metavar="SECONDS",
                        help="print a table of the cores at this interval, and at the end")


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. SIGUSR1 prints the state of the cores."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    board = Board(options.chips, boards=options.boards, address=options.address,
                  threads=options.threads, real_time=not options.fast,
                  engine=options.engine, profile=options.profile,
                  clear_abandoned=not options.keep_abandoned,
                  programs=options.elf, conditions=read_conditions(options.condition))
    ended = threading.Event()
    asked = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()
        asked.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    previous[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, lambda *_: asked.set())
    try:
        _announce(board)
        board.start()
        while not ended.is_set():
            if asked.wait(options.status) or options.status:
                asked.clear()
                print(board.status(), flush=True)
    finally:
        board.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0


def _announce(board: Board) -> None:
    boards = len(board.addresses)
    size = f"{len(board.geometry.board) // boards} chips"
    print(f"{boards} board{'s' * (boards > 1)} of {size} on {', '.join(board.addresses.values())}. "
          f"{NOT_MODELLED}")
    print("Put this into ~/.spynnaker.cfg, or into spynnaker.cfg beside the script:\n\n[Machine]")
    print(board.configuration_lines)
    if not board.machine.options.conditions.monitors:
        print("# without these lines everything works, but slower:")
    print(board.faster_lines, flush=True)

"""The option ``--data`` of commands: a folder or file of the user's, as a parameter of the task."""

import argparse
from pathlib import Path

from pynn_eprop.experiments.command_line import DATA


def add_data_option(parser: argparse.ArgumentParser) -> None:
    """Add the option to a command."""
    parser.add_argument("--data", type=Path, metavar="PATH",
                        help="folder or file with the task's data, of tasks with a parameter "
                        f"{DATA!r}")


def data_parameter(data: Path | None) -> tuple[tuple[str, str], ...]:
    """The parameter, as (name, value), or nothing if the option was not given."""
    return () if data is None else ((DATA, str(data)),)

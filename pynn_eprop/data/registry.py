"""Data sets by name."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """Data with a command that makes or checks them, ``pynn-eprop data NAME``.

    meaning: a phrase for lists. add_arguments: adds the options of the command. run: does it, and
    returns the exit status.
    """

    name: str
    meaning: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


DATA_SETS: dict[str, DataSet] = {}
"""All data sets by name."""

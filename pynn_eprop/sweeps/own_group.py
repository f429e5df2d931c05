"""Loaded by each dask worker as it starts: a group of processes of its own.

A key in the terminal, or ``timeout``, signals the whole group. The sweep passes a signal on to the
runs, for which it needs its workers.
"""

import os
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leave the group of the sweep."""
    del worker
    os.setpgid(0, 0)

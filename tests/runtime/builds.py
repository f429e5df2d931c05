"""The test application, built on the own runtime or on the official libraries."""

import fcntl
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build/spinnaker/tests"


@cache
def build(official: bool = False) -> Path:
    """The folder with ``exerciser.aplx`` and ``exerciser.elf``, made when needed.

    ``official``: with the libraries under SPINN_DIRS.
    """
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("no arm-none-eabi-gcc; on Debian: apt-get install gcc-arm-none-eabi "
                    "libnewlib-arm-none-eabi")
    folder = BUILD / ("official" if official else "own")
    environment = {**os.environ, "SPINN_DIRS": os.environ["SPINN_DIRS"] if official else ""}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:    # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "-s", "-C", Path(__file__).parent / "application",
                        f"OUT={folder}"], check=True, env=environment, stdout=subprocess.DEVNULL)
    return folder

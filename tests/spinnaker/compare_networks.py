"""Whole networks on the e-prop binaries of a build: what they record and learn.

``python -m tests.spinnaker.compare_networks FOLDER FILE`` runs the scripts of test_learning.py
under unmodified sPyNNaker on an emulated board with the binaries of a folder, in a process of its
own, and pickles the results.
"""

import os
import pickle
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from evidence.shared.core_scripts import play
from tests.runtime.builds import BUILD, ROOT
from tests.spinnaker.test_learning import SCRIPTS


def build_binaries(official: bool) -> Path:
    """The folder with the e-prop binaries of a build, made when needed."""
    folder = BUILD / ("eprop-official" if official else "eprop-own")
    environment = {**os.environ, "SPINN_DIRS": os.environ["SPINN_DIRS"] if official else ""}
    subprocess.run(["make", "-s", "-C", ROOT / "makefiles/spinnaker", f"OUT={folder}"],
                   check=True, env=environment)
    return folder


def play_all(folder: Path) -> dict[str, dict[str, Any]]:
    """Results of all scripts, on a board of their own each."""
    import pynn_eprop.spinnaker as sim
    from pynn_eprop.emulator import Board
    from pynn_eprop.spinnaker.board import session

    session.FOLDER = folder  # where sPyNNaker looks for them
    found = {}
    for name, script in SCRIPTS.items():
        with Board(chips=4, real_time=False,
                   programs=sorted(folder.glob("*.elf"))) as board:
            with warnings.catch_warnings(record=True) as given:
                warnings.simplefilter("always")
                found[name] = play(sim, script, **{"quiet": True, **script.setup})
            found[name]["warnings"] = sorted(str(warning.message) for warning in given)
            cores = [core for core in board.status().cores
                     if core.application.startswith("eprop_")]
            sim.end()
        # a function has a name only if the core runs just the program of an ELF file
        assert cores and all(core.symbol for core in cores), cores
    return found


def results(official: bool) -> dict[str, dict[str, Any]]:
    """The results of a build's binaries."""
    folder = build_binaries(official)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "results"
        done = subprocess.run([sys.executable, "-m", __spec__.name, str(folder), str(file)],
                              cwd=ROOT, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"the scripts failed on the programs in {folder}:\n{done.stderr}")
        found: dict[str, dict[str, Any]] = pickle.loads(file.read_bytes())
        return found


def same(first: Any, second: Any) -> bool:
    """Whether two results are equal bit for bit."""
    if isinstance(first, list) or first is None or second is None:
        return bool(first == second and first is not None)
    return bool(np.array_equal(first, second, equal_nan=True))


def compare() -> tuple[list[str], int]:
    """Rows of a table, and the number of differences; which, is printed."""
    own, official = results(False), results(True)
    rows, differences = [], 0
    for name, values in own.items():
        other = official[name]
        different = [value for value in sorted({*values, *other})
                     if not same(values.get(value), other.get(value))]
        for value in different:
            print(f"{name}: {value} differs")
        spikes = sum(map(len, values["spikes"]))
        arrays = len(values) - 1    # beside the warnings
        rows.append(f"| {name} | {arrays} arrays, {spikes} spikes | {len(different)} |")
        print(rows[-1], flush=True)
        differences += len(different)
    return rows, differences


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(pickle.dumps(play_all(Path(sys.argv[1]))))

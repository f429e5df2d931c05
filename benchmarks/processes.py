"""An update of task 1.2 whose trials several processes share, with MPI (docs/mpi.md).

Each number of processes is started anew, and all in turns; each process has one thread.
"""

import argparse
import json
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import networks, worker

PROCESSES = (1, 2, 4)
CELLS = (20, 300)
"""Of the network: those of the task, and a larger one."""
STARTS, ROUNDS = 3, 10


def measure(interpreter: str) -> list[dict[str, Any]]:
    """One row for each number of cells and processes; none where there is no MPI."""
    beside = Path(interpreter).with_name("mpirun")
    mpirun = str(beside) if beside.exists() else shutil.which("mpirun")
    if mpirun is None:
        print("  processes: not measured, mpirun is missing: pip install -e .[mpi]", flush=True)
        return []
    rows = [{"cells": cells, "processes": count, "seconds": [], "cpu_seconds": []}
            for cells in CELLS for count in PROCESSES]
    for _ in range(STARTS):
        for row in rows:
            launcher = () if row["processes"] == 1 else (mpirun, "-n", str(row["processes"]))
            done = subprocess.run(
                [*launcher, interpreter, "-m", "benchmarks.processes", str(row["cells"])],
                stdout=subprocess.PIPE, text=True, check=True)
            (answer,) = (json.loads(line.removeprefix(worker.MARK))
                         for line in done.stdout.splitlines() if line.startswith(worker.MARK))
            for name in ("seconds", "cpu_seconds"):
                row[name] += answer[name]
            print(f"  {row['cells']} cells, {row['processes']} processes: "
                  f"{statistics.median(answer['seconds']):.4g} s", flush=True)
    return rows


def probe(cells: int) -> None:
    """Train in this process and those beside it; the first prints what updates took."""
    import pynn_eprop.host as sim
    from benchmarks import script

    built = script.build(sim, networks.workload("store-recall", cells), 1, threads=1)
    seconds, cpu = [], []
    for counted in [False] + [True] * ROUNDS:
        built.present()
        stopwatch = worker.Stopwatch()
        built.run(1)
        if counted:
            read = stopwatch.read()
            seconds.append(read["seconds"])
            cpu.append(read["cpu_seconds"])
    if sim.rank() == 0:
        worker.send(seconds=seconds, cpu_seconds=cpu)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cells", type=int)
    probe(parser.parse_args().cells)

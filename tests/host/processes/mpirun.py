"""Starting scripts and commands under mpirun."""

import os
import subprocess
import sys
from pathlib import Path

MPIRUN = Path(sys.executable).with_name("mpirun")
COMMAND = (sys.executable, "-m", "pynn_eprop.cli")


def start(processes, *words, **options):
    """A started mpirun of so many processes, or Python itself for one, without."""
    launcher = () if processes == 1 else (str(MPIRUN), "-n", str(processes))
    environment = {**os.environ, "PYTHONPATH": os.getcwd(), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen((*launcher, *words), text=True, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def run(processes, *words, seconds=120.0):
    """Status, output and errors of what :func:`start` starts."""
    started = start(processes, *words)
    try:
        output, errors = started.communicate(timeout=seconds)
    finally:
        started.kill()
    return started.returncode, output, errors


def ranks(mpirun):
    """Numbers of the system's processes that are Python, below a started mpirun."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                name = (folder / "comm").read_text()
            except OSError:     # it has ended meanwhile
                continue
            parents[int(folder.name)] = int(fields[1]), name
    below, found = [mpirun.pid], []
    while below:
        parent = below.pop()
        children = [pid for pid, (its, _) in parents.items() if its == parent]
        below += children
        found += [pid for pid in children if "python" in parents[pid][1]]
    return sorted(found)

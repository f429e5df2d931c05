"""Peak memory of the host engine against cells, steps and synapses, a fresh process for each."""

import argparse
import json
import subprocess
from typing import Any

from benchmarks import networks, worker

#: (cells, steps, recurrent inputs of each cell): each of the three grows alone.
SIZES = (
    (1000, 1000, 100), (1000, 2000, 100), (1000, 4000, 100), (1000, 8000, 100),
    (2000, 1000, 50), (4000, 1000, 25), (8000, 1000, 12),
    (1000, 1000, 200), (1000, 1000, 400), (1000, 1000, 800),
    (10_000, 1000, 1000),
)


def measure(interpreter: str) -> list[dict[str, Any]]:
    """One row for each of :data:`SIZES`."""
    rows = []
    for cells, steps, indegree in SIZES:
        done = subprocess.run(
            [interpreter, "-m", "benchmarks.memory", str(cells), str(steps), str(indegree)],
            stdout=subprocess.PIPE, text=True, check=True,
        )
        rows.append(json.loads(done.stdout.splitlines()[-1].removeprefix(worker.MARK)))
    return rows


def probe(cells: int, steps: int, indegree: int) -> None:
    """Build and train for two updates in this process, then print how much memory that took."""
    import pynn_eprop.host as sim
    from benchmarks import script

    before = worker.peak_memory()
    net = networks.Sparse(cells=cells, indegree=indegree, steps=steps, sources=20)
    script.build(sim, net, updates=3, threads=1).run(2)
    worker.send(cells=cells, steps=steps, synapses=net.synapses,
                peak_mb=worker.peak_memory() - before)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("cells", "steps", "indegree"):
        parser.add_argument(name, type=int)
    args = parser.parse_args()
    probe(args.cells, args.steps, args.indegree)

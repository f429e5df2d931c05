"""Networks of 1,000 to 100,000 cells with 1,000 inputs each: time to build, to learn, memory.

A fresh process for each size. Its figure shows the cost of a synapse, and of a synapse and a spike
of its presynaptic cell.
"""

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

from benchmarks import networks, worker

CELLS = (1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
ROUNDS = 4


def measure(interpreter: str, sizes: tuple[int, ...] = CELLS) -> list[dict[str, Any]]:
    """One row for each number of cells."""
    rows = []
    for cells in sizes:
        done = subprocess.run([interpreter, "-m", "benchmarks.large", str(cells)],
                              stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1].removeprefix(worker.MARK))
        print(f"  {cells} cells: built in {row['build_s']:.1f} s, {min(row['seconds']):.3g} s for "
              f"a learned second, {row['peak_mb']:.0f} MB", flush=True)
        rows.append(row)
    return rows


def probe(cells: int) -> None:
    """Build and train in this process, then print what that took.

    build: all until the end of the first learned second, less the time of a later one.
    """
    import pynn_eprop.host as sim
    from benchmarks import script

    before = worker.peak_memory()
    net = networks.workload("sparse", cells)
    assert isinstance(net, networks.Sparse)
    stopwatch = worker.Stopwatch()
    built = script.build(sim, net, updates=ROUNDS + 2, threads=1)
    built.run(1)
    first = stopwatch.read()
    rounds = []
    for _ in range(ROUNDS):
        stopwatch = worker.Stopwatch()
        built.run(1)
        rounds.append(stopwatch.read())
    seconds, cpu = ([each[name] for each in rounds] for name in ("seconds", "cpu_seconds"))
    peak, rate = worker.peak_memory() - before, built.rate()
    worker.send(cells=cells, synapses=net.synapses, seconds=seconds, cpu_seconds=cpu,
                build_s=first["seconds"] - min(seconds),
                build_cpu_s=first["cpu_seconds"] - min(cpu), peak_mb=peak,
                rate_hz=rate, arrivals=_arrivals(net, rate))


def _arrivals(net: networks.Sparse, rate: float) -> float:
    """Spikes that arrive at synapses in a second."""
    sources = sum(len(steps) for steps in net.source_steps()) * net.cells
    return sources + rate * net.cells * (net.indegree + net.readouts)


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """The figure: seconds; nanoseconds for each arrival of a spike; bytes for each synapse."""
    from pynn_eprop.plotting import save_figure, styled
    from pynn_eprop.plotting.style import BLUE, GREY, ORANGE, new_figure

    cells = [row["cells"] for row in rows]
    best = [min(row["cpu_seconds"]) for row in rows]
    with styled():
        figure = new_figure(8.0, 2.6)
        time, arrival, memory = figure.subplots(1, 3)
        time.loglog(cells, best, "o-", color=BLUE, label="learned second")
        time.loglog(cells, [row["build_cpu_s"] for row in rows], "s-", color=ORANGE, label="build")
        time.legend()
        arrival.semilogx(cells, [1e9 * seconds / row["arrivals"]
                                 for seconds, row in zip(best, rows, strict=True)], "o-",
                         color=BLUE)
        memory.semilogx(cells, [1e6 * row["peak_mb"] / row["synapses"] for row in rows], "o-",
                        color=BLUE)
        memory.axhline(40.0, color=GREY, linewidth=0.8)
        for axes, title in ((time, "CPU seconds"), (arrival, "ns per synapse and spike"),
                            (memory, "bytes per synapse")):
            axes.set_title(title)
            axes.set_xlabel("cells")
        arrival.set_ylim(bottom=0)
        memory.set_ylim(bottom=0)
        save_figure(figure, path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cells", type=int)
    probe(parser.parse_args().cells)

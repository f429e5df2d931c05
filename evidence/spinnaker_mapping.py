"""A large network mapped without a machine, and what a million cores would hold.

``python -m evidence.spinnaker_mapping`` writes docs/evidence/spinnaker/mapping.md. sPyNNaker
places the network on virtual boards, gives keys, routes, and writes the memory of each core. What
steps take is read from the results of evidence.spinnaker_cycles, which must have run.
"""

import argparse
import atexit
import io
import json
import os
import platform
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np

from evidence.spinnaker_cycles import KEPT as CYCLES
from pynn_eprop import Adam
from pynn_eprop.emulator.layout import CYCLES_PER_MS

PAGE = Path(__file__).parents[1] / "docs/evidence/spinnaker/mapping.md"
CONFIGURATION = """[Machine]
virtual_board = True
version = 5
[Java]
use_java = False
[Mode]
mode = Production
[Logging]
default = error
[Reports]
keep_dataspec_database = True
default_report_file_path = {folder}
"""
POPULATIONS, FAN_IN, READOUTS, INPUTS = 10, 50, 3, 1000
INTERVAL, CELLS_PER_CORE = 1000.0, 32
CORES, CORES_PER_CHIP, LINK_PACKETS = 1_000_000, 16, 6_000_000
"""Cores of the machine in Manchester; cores of a chip for cells; packets a second of a link."""
HZ, MAX_RATE = 10, 20.0
"""Mean rate of cells, for what a machine would have to do in a step; that which pauses are for."""


def build(neurons: int) -> None:
    """Build a ring of sparse populations, each with readouts of its own that teach it."""
    import pynn_eprop.spinnaker as sim
    rng = np.random.default_rng(1)
    size = neurons // POPULATIONS
    sim.setup(timestep=1.0, update_interval=INTERVAL, seed=1, max_rate=MAX_RATE,
              neurons_per_core=CELLS_PER_CORE)
    inputs = sim.Population(INPUTS, sim.SpikeSourcePoisson(rate=10.0), label="inputs")
    cells = [sim.Population(size, sim.EPropLIF(v_thresh=0.6), label=f"cells {k}")
             for k in range(POPULATIONS)]
    adam = Adam(lr=0.003)
    for k, population in enumerate(cells):
        for pre, number in ((inputs, FAN_IN // 5), (population, FAN_IN // 2),
                            (cells[k - 1], FAN_IN - FAN_IN // 5 - FAN_IN // 2)):
            sim.Projection(pre, population, sim.FixedNumberPreConnector(number),
                           sim.EPropSynapse(weight=0.1, optimizer=adam))
        readout = sim.Population(READOUTS, sim.EPropReadout(
            tau_m=20.0, target=np.zeros((READOUTS, int(INTERVAL)))), label=f"readouts {k}")
        sim.Projection(population, readout, sim.FixedProbabilityConnector(0.1),
                       sim.EPropSynapse(weight=0.1, optimizer=adam))
        sim.Projection(readout, population, sim.AllToAllConnector(),
                       sim.LearningSignal(weight=rng.normal(size=(READOUTS, size))),
                       receptor_type="learning_signal")


def map_network(neurons: int) -> dict[str, float]:
    """Build and map; returns time taken and resources needed."""
    before = Path.cwd(), os.environ.get("HOME")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / ".spynnaker.cfg").write_text(CONFIGURATION.format(folder=folder))
        os.environ["HOME"] = folder
        os.chdir(folder)
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                return _map(neurons, Path(folder))
        finally:
            os.chdir(before[0])
            os.environ["HOME"] = before[1] or folder
            # its report folder does not exist any more
            from spinn_utilities.data.utils_data_writer import UtilsDataWriter
            atexit.unregister(UtilsDataWriter.write_errored_file)


def _map(neurons: int, folder: Path) -> dict[str, float]:
    import pynn_eprop.spinnaker as sim
    begun = time.perf_counter()
    build(neurons)
    built = time.perf_counter()
    sim.run(INTERVAL)
    mapped = time.perf_counter()
    from spynnaker.pyNN.data import SpynnakerDataView as View

    network = sim.simulator.state.simulation.network
    cores = network.plan.cores
    bytes_of = [sum(core.region_bytes.values()) + sum(core.recorded_bytes.values())
                for core in cores]
    placed = [View.get_placement_of_vertex(vertex) for vertex in View.iterate_machine_vertices()]
    chips = {(place.x, place.y) for place in placed}
    boards = {(View.get_chip_at(x, y).nearest_ethernet_x, View.get_chip_at(x, y).nearest_ethernet_y)
              for x, y in chips}
    entries = max(len(list(table.multicast_routing_entries))
                  for table in View.get_uncompressed().routing_tables)
    database = next(folder.rglob("ds.sqlite3"))
    with sqlite3.connect(database) as connection:
        written = connection.execute("SELECT SUM(LENGTH(content)) FROM region").fetchone()[0]
    result = {
        "cells": neurons, "synapses": sum(len(p.weight) for p in network.network.projections),
        "cores": len(placed), "own cores": len(cores), "chips": len(chips), "boards": len(boards),
        "bytes": sum(bytes_of), "largest core": max(bytes_of), "written": written or 0,
        "router entries": entries, "build seconds": built - begun, "map seconds": mapped - built,
        "peak bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "cells per core": max(core.size for core in cores),
        "pause": network.plan.pause_update,
    }
    sim.end()
    return result


def page(results: list[dict[str, float]]) -> str:
    """docs/evidence/spinnaker/mapping.md."""
    largest = results[-1]
    per_cell = largest["bytes"] / largest["cells"]
    lines = [
        "# Mapping without a machine",
        "",
        "Written by `python -m evidence.spinnaker_mapping` (part of `make evidence`): "
        "sPyNNaker's",
        "virtual board, mapping and data generation, no run. A ring of ten sparse populations, "
        f"{FAN_IN}",
        f"plastic synapses (Adam) to a cell, {INPUTS} inputs, {READOUTS} readouts with a learning "
        "signal to each",
        f"population, trials of 1 s. On one processor core ({platform.machine()}) of a shared "
        "machine.",
        "",
        "| cells | synapses | cores | chips | boards | largest routing table | SDRAM in all | of "
        "the largest core | written | script | mapping and data | peak memory of the host |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['cells']:,} | {r['synapses']:,} | {r['cores']:,} | {r['chips']} | {r['boards']} | "
        f"{r['router entries']:,} entries | {r['bytes'] / 2 ** 20:,.0f} MiB | "
        f"{r['largest core'] / 2 ** 20:.1f} MiB | {r['written'] / 2 ** 20:,.0f} MiB | "
        f"{r['build seconds']:.0f} s | {r['map seconds']:.0f} s | "
        f"{r['peak bytes'] / 2 ** 20:,.0f} MiB |" for r in results]
    million = CORES // CORES_PER_CHIP
    cells = CORES * largest["cells per core"]
    synapse = 28
    room = 110 * 2 ** 20 * million
    lines += [
        "",
        "A router has 1,023 entries for all that passes a chip; sPyNNaker compresses larger "
        "tables.",
        "",
        "## What a machine of a million cores would hold (computed, not tried)",
        "",
        f"- Cores: {million:,} chips with {CORES_PER_CHIP} cores each for cells; at "
        f"{largest['cells per core']:.0f} cells a core {cells / 1e6:,.0f} million cells.",
        f"- SDRAM: 110 MiB of each chip, {room / 2 ** 40:.1f} TiB. A plastic synapse with Adam "
        f"takes {synapse} bytes (sparse) or 26 (dense), so {room / synapse / 1e9:,.0f} thousand "
        "million synapses at most",
        f"  where nothing else is kept; networks like the one above take {per_cell:,.0f} bytes a "
        f"cell (log of a trial included), {room / per_cell / 1e6:,.0f} million cells.",
        f"- Packets: a link passes about {LINK_PACKETS / 1e6:.0f} million a second, "
        f"{LINK_PACKETS / 1000:,.0f} in a step of 1 ms. At 10 Hz the spikes of "
        f"{LINK_PACKETS / 10:,.0f} cells can cross one link.",
        f"- Keys: 32 bits, 4 of them the step. {2 ** 28 / 1e6:,.0f} million cells at most, "
        "readouts and the alignment of key blocks to powers of two left aside.",
        *_time(results),
        "- Learning signals: one packet for each readout and step reaches all cores of a "
        f"population; {READOUTS} readouts at 1 ms are {READOUTS * 1000:,} packets a second on each "
        "link of their tree, whatever the number of cells.",
        "- Mapping on the host grows with the synapses, as they are expanded there: the last row's "
        f"{largest['peak bytes'] / largest['synapses']:,.0f} bytes of host memory a synapse. For "
        "more than some 10 million synapses the script has to be split over hosts, which is not "
        "offered.",
        "",
        "The smallest number is that of " + ", then ".join(
            f"{name} ({number / 1e6:,.0f} million cells)" for number, name in sorted([
                (cells, "cores"), (room / per_cell, "SDRAM"), (2 ** 28, "keys")]))
        + "; but a population must not be larger than a core can hear, and long before that its "
        "updates take longer than its trials.",
        "",
    ]
    return "\n".join(lines)


def _time(results: list[dict[str, float]]) -> list[str]:
    """What limits by the model of a chip's cycles: steps and updates."""
    largest = results[-1]
    found = {name: by_timing["arm968"]
             for name, by_timing in json.loads(CYCLES.read_text())["spikes"].items()}
    met, missed = found["row onto 32 cells, a tenth"], found["row without synapses"]
    heard = (CYCLES_PER_MS - missed["step"]) / missed["spike"]
    in_ring = (2 * largest["cells"] / POPULATIONS + INPUTS) * HZ / 1000
    return [
        "- Time of a step, by [modelled cycles](cycles.md): a core of "
        f"{CELLS_PER_CORE} cells takes "
        f"{missed['step']:,.0f} of {CYCLES_PER_MS:,}, and {missed['spike']:,.0f} for each spike "
        f"that it hears, even if it meets no synapse ({met['spike']:,.0f} if it meets a tenth of "
        f"the cells): {heard:,.0f} spikes in a step of 1 ms, or {heard * 1000 / HZ:,.0f} cells at "
        f"{HZ} Hz.",
        "  A spike goes to all cores of a population that its own projects to, so this limits the "
        "size of populations, not their number. In the ring above a core hears two of them and the "
        f"inputs: {in_ring:,.0f} spikes, {in_ring * missed['spike'] / CYCLES_PER_MS:.0%} of a step "
        f"with {largest['cells'] / POPULATIONS:,.0f} cells each; "
        f"{(heard * 1000 / HZ - INPUTS) / 2:,.0f} would be the most.",
        f"- Time of updates, all cores at once: after each trial of {INTERVAL:,.0f} ms at "
        f"{MAX_RATE:.0f} Hz the networks above are given " + " and ".join(
            f"{r['pause']:,.0f} ms (populations of {r['cells'] / POPULATIONS:,.0f})"
            for r in results) + ".",
        "  Most of it is for sorting the spikes that a core heard and for looking at their rows, "
        "few of which have a synapse there: the log is gone through more often the more spikes it "
        "has, and each time takes longer the more sources there are. The number of populations "
        "does not matter.",
    ]


def main() -> None:
    """Map networks of the given sizes, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neurons", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    results = []
    for neurons in options.neurons:
        results.append(map_network(neurons))
        print(results[-1], file=sys.stderr, flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(results))


if __name__ == "__main__":
    main()

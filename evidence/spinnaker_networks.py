"""Large networks on emulated cores beside the host engine, and what they cost.

Run: python -m evidence.spinnaker_networks; it writes docs/evidence/spinnaker/networks.md.
Results are kept beside it, so that an interrupted run goes on with the next case.
"""

import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np

import pynn_eprop.host as host
from evidence.shared.core_scripts import Script, play
from pynn_eprop import SGD
from pynn_eprop.emulator import Board
from pynn_eprop.spinnaker.memory.layout import Provenance

FOLDER = Path(__file__).parents[1] / "docs/evidence/spinnaker"
KEPT = FOLDER / "networks.json"
MHZ = 200
TASK = {"cells": 600, "parameters": {"v_thresh": 0.61, "tau_refrac": 5.0}}
"""Cells of task 1.1."""
SLOW = {**TASK, "parameters": {"v_thresh": 0.88, "tau_refrac": 5.0}}
"""The same with a threshold for about 10 Hz."""

CASES: dict[str, Script] = {
    "20 inputs, 600 LIF, about 10 Hz": Script(
        **SLOW, inputs=20, readouts=3, steps=1000, updates=1, drive=1.0, rate=20.0),
    "20 inputs, 600 LIF, about 60 Hz": Script(
        **TASK, inputs=20, readouts=3, steps=1000, updates=1, drive=1.6, rate=50.0),
    "the first, 20 cells a core, on two chips": Script(
        **SLOW, inputs=20, readouts=3, steps=1000, updates=2, drive=1.0, rate=20.0,
        setup={"neurons_per_core": 20}),
    "20 inputs, 600 LIF, squared error, Adam": Script(
        **TASK, inputs=20, readouts=3, steps=1000, updates=3, drive=1.0, rate=20.0),
    "20 inputs, 600 LIF that fire often": Script(
        **TASK, inputs=20, readouts=3, steps=1000, updates=2, drive=2.0, rate=60.0),
    "the same, 128 cells a core": Script(
        **TASK, inputs=20, readouts=3, steps=1000, updates=2, drive=2.0, rate=60.0,
        setup={"neurons_per_core": 128}),
    "100 inputs, 600 adaptive, softmax of 5, Adam, 4 trials": Script(
        **{**TASK, "parameters": {**TASK["parameters"], "c_reg": 0.0}}, inputs=100,
        readouts=5, steps=250, trials=4, updates=2, model="EPropALIF",
        loss="cross_entropy", missing=0.3, rate=20.0),
    "100 inputs, 600 LIF, squared error, SGD, 4 trials, rate term": Script(
        **TASK, inputs=100, readouts=3, steps=250, trials=4, updates=2, rate=20.0,
        optimizer=SGD(lr=1e-5)),
    "620 inputs, 600 adaptive, softmax of 61, SGD": Script(
        **TASK, inputs=620, readouts=61, steps=250, updates=2, model="EPropALIF",
        loss="cross_entropy", rate=10.0, optimizer=SGD(lr=1e-4)),
    "620 inputs, 600 LIF, squared error, Adam": Script(
        **TASK, inputs=620, readouts=3, steps=500, updates=3, rate=10.0),
}


def equal(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, int]:
    """How many values were compared, by quantity; raises if any differ."""
    counts: dict[str, int] = {}
    for name, expected in theirs.items():
        if name == "spikes":
            assert ours[name] == expected, name
            counts["spikes"] = sum(map(len, expected))
            continue
        np.testing.assert_array_equal(ours[name], expected, err_msg=name)
        kind = name.split()[-1]
        counts[kind] = counts.get(kind, 0) + int(np.size(expected))
    return counts


def run(script: Script) -> dict[str, Any]:
    """One case on both: numbers of equal values, and the costs of the busiest neuron core."""
    expected = play(host, script, precision="fixed")
    with Board(chips=4, real_time=False) as board:
        import pynn_eprop.spinnaker as sim
        started = time.time()
        found = play(sim, script, **script.setup)
        seconds = time.time() - started
        network = sim.simulator.state.simulation.network
        kinds = {"eprop_neuron": [], "eprop_readout": []}
        for core, provenance in network.reports.counted():
            kinds[core.binary].append(provenance)
        lines = str(board.status()).splitlines()
        sim.end()
    counts = equal(found, expected)
    # columns of the table: chip, core, application, state, instructions
    spent = [int(words[4]) for words in map(str.split, lines)
             if len(words) > 5 and words[2] == "eprop_neuron" and re.fullmatch(r"\d+", words[4])]
    cores = np.array(kinds["eprop_neuron"])
    steps = script.duration
    intervals = script.updates * script.trials
    update = cores[:, Provenance.LONGEST_UPDATE].max()
    duration = script.duration / 1000
    forward = (max(spent) - update * MHZ * script.updates) / steps
    return {
        "compared": counts, "cores": len(cores),
        "rate": counts["spikes"] / script.cells / duration,
        "step": forward, "longest": int(cores[:, Provenance.LONGEST_TICK].max()),
        "overruns": int(cores[:, Provenance.OVERRUNS].max()),
        "late": int(cores[:, Provenance.LATE_SPIKES].max()),
        "update": int(update), "given": int(cores[:, Provenance.GIVEN_UPDATE].max()),
        "megabytes": float(cores[:, Provenance.UPDATE_BYTES].max()) / 1e6,
        "readout_update": int(max(p[Provenance.LONGEST_UPDATE] for p in kinds["eprop_readout"])),
        "intervals": intervals, "seconds": seconds,
    }


_HEAD = """# Large networks on emulated cores

Unmodified sPyNNaker, the binaries on the own runtime and an emulated board of four chips, beside
the host engine in fixed point: what was recorded and what was learned is equal bit for bit.

    python -m evidence.spinnaker_networks

| network | intervals | rate, Hz | spikes | weights and gradients | other values | differ |
|---|---|---|---|---|---|---|"""
_COSTS = """
What it costs, of the busiest neuron core. A step has 200,000 instructions. Times are instructions
at 200 MHz, one a cycle, which a chip will not reach ([modelled cycles](cycles.md)): loads and
branches take more, and all cores of a chip share its SDRAM, whose traffic in an update is given for
one core (15 cores at 600 MB/s together: 25 ms for each MB).

| network | cores | step, instructions | of a step | longest step, us | late spikes | update, ms |\
 its SDRAM traffic, MB | readout core, ms | pause given, ms |
|---|---|---|---|---|---|---|---|---|---|"""


def page(results: dict[str, dict[str, Any]]) -> str:
    """The tables."""
    text = [_HEAD]
    results = {name: results[name] for name in CASES if name in results}
    for name, r in results.items():
        counts = r["compared"]
        learned = counts.get("weight", 0) + counts.get("gradient", 0)
        rest = sum(counts.values()) - learned - counts["spikes"]
        text.append(f"| {name} | {r['intervals']} | {r['rate']:.1f} | {counts['spikes']:,} | "
                    f"{learned:,} | {rest:,} | 0 |")
    text.append(_COSTS)
    for name, r in results.items():
        text.append(f"| {name} | {r['cores']} | {r['step']:,.0f} | {r['step'] / 2000:.1f}% | "
                    f"{r['longest']} | {r['late']} | {r['update'] / 1000:.1f} | "
                    f"{r['megabytes']:.2f} | {r['readout_update'] / 1000:.1f} | "
                    f"{r['given'] / 1000:.0f} |")
    return "\n".join(text) + "\n"


def main() -> None:
    """Run the cases that are missing, and write the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name, script in CASES.items():
        if name not in results:
            print(name, flush=True)
            results[name] = run(script)
            KEPT.write_text(json.dumps(results, indent=1))
            (FOLDER / "networks.md").write_text(page(results))


if __name__ == "__main__":
    main()

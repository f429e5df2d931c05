"""Instructions and modelled cycles side by side: what steps, spikes, updates and pauses take.

Run: python -m evidence.spinnaker_cycles; it writes docs/evidence/spinnaker/cycles.md. Results are
kept beside it, so that an interrupted run goes on with the next case.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from types import ModuleType
from typing import Any

import numpy as np

import pynn_eprop.host as host
from evidence.shared.core_scripts import Script, play
from evidence.spinnaker_networks import FOLDER, SLOW, TASK, equal
from pynn_eprop import Adam
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import TIMINGS, Conditions
from pynn_eprop.emulator.layout import CYCLES_PER_MS
from pynn_eprop.emulator.status import BoardStatus
from pynn_eprop.spinnaker.memory.layout import Provenance

KEPT = FOLDER / "cycles.json"
CYCLES_PER_US = CYCLES_PER_MS / 1000
STEPS = 1000
CASES = {
    "10 Hz": {**SLOW, "drive": 1.0, "rate": 20.0},
    "58 Hz": {**TASK, "drive": 1.6, "rate": 50.0},
    "66 Hz, with bursts": {**TASK, "drive": 2.0, "rate": 60.0},
    "66 Hz, 128 cells a core": {**TASK, "drive": 2.0, "rate": 60.0,
                                "setup": {"neurons_per_core": 128}},
}
"""The budget of task 1.1: 600 cells all to all, 20 inputs, 3 readouts, Adam, trials of 1 s."""
CELLS_PER_CORE = 48
"""Cells, readout and source then take 15 cores: monitors leave as many of an Ethernet chip."""
MARGIN = 1.25
"""Least pause, in updates as the model has them."""
SPIKES = {"row onto 48 cells, all of them": (48, 1.0), "row onto 32 cells, a tenth": (32, 0.1),
          "row without synapses": (32, 0.0005)}
"""Cells of a core and the probability of a synapse, for what a spike costs there."""
SOURCES, SPIKES_A_STEP, MEASURED = 1000, 40, 200


class Stops(ModuleType):
    """A backend's module that notes the state of a board at each stop."""

    def __init__(self, sim: ModuleType, board: Board) -> None:
        super().__init__("stops")
        self._sim, self._board = sim, board
        self.noted: list[BoardStatus] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sim, name)

    def run_until(self, time: float) -> None:
        """Run, and note."""
        self._sim.run_until(time)
        self.noted.append(self._board.status())


@contextmanager
def stops(timing: str) -> Iterator[Stops]:
    """The backend for SpiNNaker on a board, whose cores fit one chip."""
    with Board(chips=4, real_time=False, conditions=Conditions(timing=timing)) as board:
        import pynn_eprop.spinnaker as sim
        try:
            yield Stops(sim, board)
        finally:
            sim.end()


def costs(script: Script, timing: str, expected: dict[str, Any]) -> dict[str, Any]:
    """What the busiest cores of each kind take, in the second of two trials."""
    with stops(timing) as sim:
        compared = equal(play(sim, script, **script.setup, quiet=True), expected)
        network = sim.simulator.state.simulation.network
        counts: dict[str, list[Any]] = {"eprop_neuron": [], "eprop_readout": []}
        for core, provenance in network.reports.counted():
            counts[core.binary].append(provenance)
        before, after = sim.noted[-2:]
    result: dict[str, Any] = {"compared": sum(compared.values())}
    for binary, found in counts.items():
        def most(item: Provenance, found: list[Any] = found) -> int:
            return int(max(provenance[item] for provenance in found))

        spent = [(late.instructions - early.instructions, late.cycles - early.cycles)
                 for early, late in zip(before.cores, after.cores, strict=True)
                 if late.application == binary]
        instructions, cycles = max(spent)
        update = most(Provenance.LONGEST_UPDATE)
        result[binary] = {
            "cores": len(found), "instructions": instructions, "cycles": cycles,
            "step": cycles / CYCLES_PER_US / STEPS - update / STEPS,
            "longest": most(Provenance.LONGEST_TICK), "overruns": most(Provenance.OVERRUNS),
            "late": most(Provenance.LATE_SPIKES), "update": update,
            "given": most(Provenance.GIVEN_UPDATE),
            "megabytes": most(Provenance.UPDATE_BYTES) / 1e6}
    return result


def run(name: str) -> dict[str, Any]:
    """One case, with each timing.

    Raises AssertionError for a bit that differs, a late spike or a pause without its margin.
    """
    case = {"setup": {"neurons_per_core": CELLS_PER_CORE}, **CASES[name]}
    script = Script(**case, inputs=20, readouts=3, steps=STEPS, updates=2, stops=(float(STEPS),),
                    optimizer=Adam(lr=1e-6))        # so that both trials have the same rate
    expected = play(host, script, precision="fixed")
    spikes = Counter(chain.from_iterable(expected["spikes"]))
    result: dict[str, Any] = {"rate": spikes.total() / script.cells / script.duration * 1000,
                              "burst": max(spikes.values())}
    for timing in TIMINGS:
        print(f"{name}: {timing}", flush=True)
        result[timing] = costs(script, timing, expected)
    for kind in ("eprop_neuron", "eprop_readout"):
        figures = result[TIMINGS[1]][kind]
        assert figures["late"] == 0
        assert figures["given"] >= MARGIN * figures["update"], (kind, figures)
    return result


def of_a_step(cells: int, probability: float, spikes: int, timing: str) -> float:
    """Cycles of a step of a core whose cells are silent, with so many spikes that it hears."""
    with stops(timing) as sim:
        sim.setup(timestep=1.0, update_interval=2.0 * MEASURED, seed=1, quiet=True)
        # each source in its turn; the second stretch of so many steps is measured
        at = np.arange(1, 2 * MEASURED)[:, None]
        order = (at * spikes + np.arange(spikes)) % SOURCES
        times = [np.sort(at[(order == source).any(axis=1), 0]).astype(float)
                 for source in range(SOURCES)]
        sources = sim.Population(SOURCES, sim.SpikeSourceArray(spike_times=times))
        silent = sim.Population(cells, sim.EPropLIF(v_thresh=1e3))
        sim.Projection(sources, silent, sim.FixedProbabilityConnector(probability)
                       if probability < 1 else sim.AllToAllConnector(),
                       sim.EPropSynapse(weight=0.001, optimizer=Adam()))
        readout = sim.Population(1, sim.EPropReadout(target=np.zeros((1, 2 * MEASURED))))
        sim.Projection(silent, readout, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))
        sim.Projection(readout, silent, sim.AllToAllConnector(), sim.LearningSignal(weight=0.1),
                       receptor_type="learning_signal")
        for k in (1, 2):
            sim.run_until(float(k * (MEASURED - 10)))
        before, after = ([core.cycles for core in status.cores
                          if core.application == "eprop_neuron"] for status in sim.noted)
    return float(after[0] - before[0]) / (MEASURED - 10)


def of_spikes() -> dict[str, dict[str, Any]]:
    """What a step without spikes and each spike take, by the connections that it meets."""
    found: dict[str, dict[str, Any]] = {}
    for name, (cells, probability) in SPIKES.items():
        found[name] = {}
        for timing in TIMINGS:
            none, some = (of_a_step(cells, probability, spikes, timing)
                          for spikes in (0, SPIKES_A_STEP))
            found[name][timing] = {"step": none, "spike": (some - none) / SPIKES_A_STEP}
    return found


_HEAD = """# Instructions and cycles

The emulated board counts instructions, and with `Conditions(timing="arm968")` it models cycles of
the ARM968E-S at 200 MHz: results that come late, taken branches, words from SDRAM and devices, and
SDRAM that all cores of a chip share at 600 MB/s
([what, and from which sources](../../emulator.md#cycles)). Nothing of it has been compared with a
chip.

    python -m evidence.spinnaker_cycles

The budget of task 1.1 (600 LIF cells all to all, 20 inputs, 3 readouts, Adam, trials of 1 s) with
at most {cells} cells a core: {neurons} cores for cells, one for the readouts and one for the source
are the 15 that monitors and reinjection leave of a chip with Ethernet. Both runs gave the host's
results in fixed point, bit for bit ({compared:,} numbers each). Steps and updates are those of the
busiest core in the second of two trials; a step of 1 ms has 200,000 cycles.
"""
_COLUMNS = """
| network | core | | rate, Hz | mean step, us | of a step | longest step, us | \
most spikes in a step | update, ms | pause, ms | pause / update | cycles an instruction |
|---|---|---|---|---|---|---|---|---|---|---|---|"""
_SPIKES = """
The run fails if a pause is shorter than {margin} modelled updates, or if a spike is late.

## What a spike takes

A core of LIF cells that hears sources through plastic synapses, {spikes} of them in each step, and
none: cycles of a spike from its packet to the last synapse, log included, and how many spikes a
core could hear in a step of 1 ms.

| | cells | | a step without spikes | a spike | most spikes in a step |
|---|---|---|---|---|---|"""


def page(results: dict[str, dict[str, Any]]) -> str:
    """The tables."""
    cases = {name: results[name] for name in CASES if name in results}
    first = next(iter(cases.values()))[TIMINGS[1]]
    lines = [_HEAD.format(cells=CELLS_PER_CORE, neurons=first["eprop_neuron"]["cores"],
                          compared=first["compared"]) + _COLUMNS]
    for name, result in cases.items():
        for binary, kind in (("eprop_neuron", "cells"), ("eprop_readout", "readouts")):
            for timing, what in zip(TIMINGS, ("instructions", "cycles"), strict=True):
                r = result[timing][binary]
                lines.append(
                    f"| {name} | {kind} | {what} | {result['rate']:.1f} | {r['step']:.0f} | "
                    f"{r['step'] / 10:.0f}% | {r['longest']} | {result['burst']} | "
                    f"{r['update'] / 1000:.1f} | {r['given'] / 1000:.0f} | "
                    f"{r['given'] / r['update']:.1f} | {r['cycles'] / r['instructions']:.2f} |")
    lines.append(_SPIKES.format(margin=MARGIN, spikes=SPIKES_A_STEP))
    for name, by_timing in results.get("spikes", {}).items():
        for timing, what in zip(TIMINGS, ("instructions", "cycles"), strict=True):
            step, spike = by_timing[timing]["step"], by_timing[timing]["spike"]
            lines.append(f"| {name} | {SPIKES[name][0]} | {what} | {step:,.0f} | {spike:,.0f} | "
                         f"{(CYCLES_PER_MS - step) / spike:.0f} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Run the cases that are missing, and write the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name in CASES:
        if name not in results:
            results[name] = run(name)
            _keep(results)
    if "spikes" not in results:
        print("spikes", flush=True)
        results["spikes"] = of_spikes()
        _keep(results)


def _keep(results: dict[str, Any]) -> None:
    KEPT.write_text(json.dumps(results, indent=1))
    (FOLDER / "cycles.md").write_text(page(results))


if __name__ == "__main__":
    main()

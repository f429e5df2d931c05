"""A network on emulated boards that are as hard as real ones: what a run says, and what is right.

Run: python -m evidence.board_faults; it writes docs/evidence/spinnaker/faults.md. Results are kept
beside it, so that an interrupted run goes on with the next case. Lost packets have a page of their
own (packet_losses.py).
"""

import warnings
from pathlib import Path
from typing import Any

import pynn_eprop.host as host
from evidence.cases import run_missing, verdict
from evidence.packet_losses import different
from evidence.shared.core_scripts import Script, play
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import QUANTUM
from pynn_eprop.errors import EPropError

FOLDER = Path(__file__).parents[1] / "docs/evidence/spinnaker"
KEPT, PAGE = FOLDER / "faults.json", FOLDER / "faults.md"
SCRIPT = Script(inputs=8, cells=160, readouts=3, steps=60, updates=3, drive=1.6, rate=50.0,
                feedback={"symmetric": True}, setup={"neurons_per_core": 8, "quiet": True})
"""On 20 cores for cells and two others, of two chips."""
SLICE = 20
"""Cycles in which routers with congestion are realistic (docs/emulator.md)."""

CASES: dict[str, dict[str, Any]] = {
    "none": {},
    **{f"DMA: a clear takes {clear}, status stale for {stale} cycles": {
        "dma_clear": clear, "dma_stale_cycles": stale}
       for clear in ("one", "both", "first") for stale in (0, 12, 300)},
    "cycles of the ARM968E-S, SDRAM shared": {"timing": "arm968"},
    "timers of cores 0.6 ms apart": {"core_offset_us": 600.0},
    "timers of cores 2 ms apart": {"core_offset_us": 2000.0},
    "timers of chips 0.6 ms apart": {"chip_offset_us": 600.0},
    "timers of chips 2 ms apart": {"chip_offset_us": 2000.0},
    "timers of chips 16 ms apart, which keys cannot tell from none": {"chip_offset_us": 16000.0},
    "clocks of chips 30 ppm apart": {"chip_drift_ppm": 30.0},
    "clocks of chips 1000 ppm apart, 0.85 ms from the start": {
        "chip_drift_ppm": 1000.0, "chip_offset_us": 850.0},
    "the same, measured by the monitors": {
        "chip_drift_ppm": 1000.0, "chip_offset_us": 850.0, "drift_measured": True},
    "transmitters busy for 40 cycles": {"transmit_cycles": 40},
    "transmitters busy for 400 cycles": {"transmit_cycles": 400},
    "routers that wait 1.8 us, links of 6 packets in 1 us, transmitters busy for 40 cycles": {
        "congestion": True, "link_rate": 6.0, "transmit_cycles": 40},
    "monitors and reinjection on, core numbers permuted": {"monitors": True, "core_numbers": 5},
    "dead: a chip, two cores, a link": {
        "dead_chips": ((0, 1),), "dead_cores": ((0, 0, 3), (1, 0, 7)),
        "dead_links": ((0, 0, 1),)},
    "3% of the packets between host and board lost": {"lost_to_board": 0.03, "lost_to_host": 0.03},
    "5% of them doubled": {"doubled_to_board": 0.05, "doubled_to_host": 0.05},
    "10% of them late": {"late_to_board": 0.1, "late_to_host": 0.1},
    "a core that crashes at tick 50": {"crash_cores": ((0, 0, 4),), "crash_tick": 50},
}


def run(conditions: Conditions) -> dict[str, Any]:
    """A case: how many numbers differ, the error, and the sentences of warnings."""
    expected = play(host, SCRIPT, precision="fixed")
    error, found = "", None
    with Board(chips=4, real_time=False, quantum=SLICE if conditions.congestion else QUANTUM,
               conditions=conditions), warnings.catch_warnings(record=True) as said:
        import pynn_eprop.spinnaker as sim
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            found = play(sim, SCRIPT, **SCRIPT.setup)
        except EPropError as caught:
            error = f"{type(caught).__name__}: {' '.join(str(caught).splitlines()[:2])}"
        sim.end()
    return {"different": None if found is None else different(found, expected), "error": error,
            "warnings": list(dict.fromkeys(str(each.message) for each in said))}


_HEAD = """# A board as hard as a real one

Unmodified sPyNNaker and an emulated board of four chips under
[conditions](../../emulator.md#as-hard-as-a-real-board), beside the host engine in fixed point: 160
cells on 20 cores of two chips, 8 inputs, three readouts whose weights are mirrored, three updates
of 60 ms; without reinjection, but for the row that names it.

    python -m evidence.board_faults

Results are right if every number is the host's. A row whose results are not right must have an
error, or a warning with numbers. Packets that are lost, or come twice, are on
[a page of their own](losses.md).

| fault | results | what the run says |
|---|---|---|"""


def page(results: dict[str, dict[str, Any]]) -> str:
    """The table, and a sentence on rows that are wrong without a word."""
    lines, silent = [_HEAD], []
    for name in CASES:
        if name not in results:
            continue
        result = results[name]
        if result["different"] is None:
            right = "none"
        else:
            right = "right" if not result["different"] else \
                f"{result['different']:,} numbers differ"
        words = [result["error"]] if result["error"] else result["warnings"]
        if result["different"] and not words:
            silent.append(name)
        text = "; ".join(words[:2]) + (f"; and {len(words) - 2} more" if len(words) > 2 else "")
        lines.append(f"| {name} | {right} | {text.replace('|', '/') or 'nothing'} |")
    return "\n".join([*lines, "", verdict(silent)]) + "\n"


def main() -> None:
    """Run the cases that are missing, and write the page."""
    run_missing(CASES, run, KEPT, PAGE, page)


if __name__ == "__main__":
    main()

"""Networks on an emulated board that loses and doubles packets: what a run says, and what is right.

Run: python -m evidence.packet_losses; it writes docs/evidence/spinnaker/losses.md.
Results are kept beside it, so that an interrupted run goes on with the next case.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

import pynn_eprop.host as host
from evidence.cases import run_missing, verdict
from evidence.shared.core_scripts import Script, play
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import QUANTUM
from pynn_eprop.errors import PacketLossError

FOLDER = Path(__file__).parents[1] / "docs/evidence/spinnaker"
KEPT, PAGE = FOLDER / "losses.json", FOLDER / "losses.md"
SCRIPT = Script(inputs=20, cells=96, readouts=3, steps=200, updates=3, drive=1.6, rate=50.0,
                feedback={"symmetric": True}, setup={"neurons_per_core": 16, "quiet": True})
WIDE = Script(inputs=8, cells=160, steps=40, updates=2,
              setup={"neurons_per_core": 8, "quiet": True})
"""On two chips."""
LINKS = "two chips with links of 0.3 packets in 1 us"

SPIKES, LOADED = {"packet_kind": "plain"}, {"packet_kind": "payload"}
CASES: dict[str, dict[str, Any]] = {
    "none": {},
    "one spike, at one core": {**SPIKES, "lose_packet": 5000},
    "one spike, at all cores": {**SPIKES, "lose_packet": 700, "packet_place": "sender"},
    "one error or weight, at one core": {**LOADED, "lose_packet": 5000},
    "one error or weight, at all cores": {**LOADED, "lose_packet": 700, "packet_place": "sender"},
    "1 spike in 500": {**SPIKES, "lose_every": 500},
    "1 spike in 5000": {**SPIKES, "lose_every": 5000},
    "1 error or weight in 500": {**LOADED, "lose_every": 500},
    "1 packet in 20": {"lose_every": 20},
    "one spike twice": {**SPIKES, "double_packet": 5000},
    "one error or weight twice": {**LOADED, "double_packet": 5000},
    "1 packet in 500 twice": {"double_every": 500},
    "1 spike in 500, another twice": {**SPIKES, "lose_every": 500, "double_every": 499},
    "1 packet in 500, another twice": {"lose_every": 500, "double_every": 499},
    LINKS: {"congestion": True, "link_rate": 0.3},
    f"{LINKS}; some receivers get what is dropped": {
        "congestion": True, "link_rate": 0.3, "partial_drops": True},
    f"{LINKS}, with reinjection": {"congestion": True, "link_rate": 0.3, "monitors": True},
    f"{LINKS}, with reinjection; some receivers get what is dropped": {
        "congestion": True, "link_rate": 0.3, "monitors": True, "partial_drops": True},
}


def different(found: dict[str, Any], expected: dict[str, Any]) -> int:
    """How many numbers are not the host's."""
    count = 0
    for name, theirs in expected.items():
        ours = found[name]
        if name == "spikes":
            count += sum(one != other for one, other in zip(ours, theirs, strict=True))
            continue
        one, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
        count += int(np.count_nonzero(~((one == other) | (np.isnan(one) & np.isnan(other)))))
    return count


def run(conditions: Conditions) -> dict[str, Any]:
    """A case, by default and with ``on_loss="warn"``."""
    script = WIDE if conditions.congestion else SCRIPT
    expected = play(host, script, precision="fixed")
    with Board(chips=4, real_time=False, quantum=200 if conditions.congestion else QUANTUM,
               conditions=conditions) as board, warnings.catch_warnings(record=True) as said:
        import pynn_eprop.spinnaker as sim
        warnings.simplefilter("always")
        found = play(sim, script, on_loss="warn", **script.setup)
        packets = board.packets()
        losses = sim.simulator.state.simulation.network.reports.losses()
        sim.end()
        board.set_conditions(conditions)    # counts from here
        error = ""
        try:
            play(sim, script, **script.setup)
        except PacketLossError as caught:
            error = str(caught).splitlines()[1]
        sim.end()
    return {"packets": packets.seen, "lost": packets.lost + packets.dropped,
            "doubled": packets.doubled,
            "pairs": len(losses), "warnings": sum("heard" in str(each.message) for each in said),
            "error": error, "different": different(found, expected)}


_HEAD = """# Packets that are lost, or come twice

Unmodified sPyNNaker and an emulated board of four chips that loses or doubles packets
([conditions](../../emulator.md#as-hard-as-a-real-board)), beside the host engine in fixed point: 96
cells on six cores, 20 inputs, three readouts whose weights are mirrored, three updates of 200 ms;
where links are slow, 160 cells on 20 cores of two chips. Reinjection is off, but for the rows that
name it: what routers drop, counted as lost, is sent again there. When a host's commands arrive is
not the same in every run, and counts of packets under way then differ a little.

    python -m evidence.packet_losses

By default a run ends with the error; with `setup(on_loss="warn")` it goes on, with a warning of
each sort. Results are right if every number is the host's. A few losses do no harm, such as that of
a mirrored weight that has not changed yet, or an error that comes twice. The error's first sentence
is given. That every single packet of a network is missed, whatever its kind, is a test
(`tests/spinnaker/test_packet_losses.py`).

| fault | lost | doubled | results | sentences with `on_loss="warn"` | the error's first |
|---|---|---|---|---|---|"""


def silent(results: dict[str, dict[str, Any]]) -> list[str]:
    """Cases whose numbers are wrong and of which one of the two runs says nothing."""
    return [name for name, r in results.items()
            if r["different"] and not (r["pairs"] and r["warnings"] and r["error"])]


def page(results: dict[str, dict[str, Any]]) -> str:
    """The table, and a sentence on rows that are wrong without a word."""
    lines = [_HEAD]
    for name in CASES:
        if name not in results:
            continue
        r = results[name]
        right = "right" if not r["different"] else f"{r['different']:,} numbers differ"
        lines.append(f"| {name} | {r['lost']} | {r['doubled']} | {right} | {r['pairs']} | "
                     f"{r['error'] or 'none'} |")
    return "\n".join([*lines, "", verdict(silent(results))]) + "\n"


def main() -> None:
    """Run the cases that are missing, and write the page."""
    run_missing(CASES, run, KEPT, PAGE, page)


if __name__ == "__main__":
    main()

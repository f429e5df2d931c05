"""Round trips between host and machine in a run, of networks of a few cores and of many.

Run: python -m evidence.spinnaker_round_trips; it writes docs/evidence/spinnaker/round_trips.md.
"""

import argparse
import json
import sys
from pathlib import Path
from unittest.mock import patch

from evidence.shared.many_cores import INTERVAL, build
from evidence.shared.round_trips import counted
from pynn_eprop.emulator import Board

PAGE = Path(__file__).parents[1] / "docs/evidence/spinnaker/round_trips.md"
CORES = (2, 16, 64)
RTT_MS = 30
"""Of a proxy in another country, for the last columns."""
ONE_BY_ONE: dict[int, tuple[int, int]] = {2: (165, 71), 16: (510, 316), 64: (1696, 1157)}
"""The same counts when places were read one after the other (version 4e9ac16)."""
HEAD = """# Round trips of a run

Written by `python -m evidence.spinnaker_round_trips`: unmodified sPyNNaker and an emulated board of
48 chips. Cells are on cores of two each, and record spikes; one core has the readouts and records
losses. Counted is the second run, of one interval with an update: what is written before it,
sPyNNaker's own requests, recordings, counters, activity, and the copy of what was learned.

*In sequence* is the longest chain of requests of which each was sent after the answer to the one
before: what the host waits for, if all answers take the same time. *Before* is the version that
read one place after the other. The last column is without the copy of what was learned, which
ends after a second, or a tenth of the time since the last one
([docs](../../spinnaker.md#when-something-fails)).

| cores of ours | requests before | in sequence before | requests | in sequence | no copy |
|---|---|---|---|---|---|
"""
TAIL = """
Each core more costs {after:.1f} round trips in sequence, {without:.1f} without the copy, and
{before:.1f} before: sPyNNaker's libraries have 8 requests under way with a board. For the {board}
cores of a board this is {short:.0f} s and the copy if a round trip takes {rtt} ms, as through a
proxy, and {close:.1f} s at 0.3 ms, beside the machine; it was {long:.0f} s and {near:.0f} s.

This package asks boards side by side, so that its share does not grow with the number of boards.
sPyNNaker's own requests grow by two for each core, board after board, and its sources' cores are
read one after the other. Weights that a script reads after a stop are in the copy, and cost no
request.
"""
BOARD = 48 * 16


def measure(cores: int) -> tuple[int, int, int]:
    """Requests of a run of a network on so many cores, and those in sequence, with the copy.

    The third are those in sequence without it.
    """
    import pynn_eprop.spinnaker as sim
    from pynn_eprop.spinnaker.running import learned_memory
    with Board(chips=48, real_time=False), counted() as trips:
        build(sim, cores)
        sim.run(INTERVAL)
        trips.clear()
        sim.run(INTERVAL)
        found = trips.requests, trips.in_sequence
        with patch.multiple(learned_memory, CHEAP_SECONDS=-1.0, SHARE=-1.0):
            trips.clear()
            sim.run(INTERVAL)
        sim.end()
    return *found, trips.in_sequence


def page(found: dict[int, tuple[int, int, int]]) -> str:
    """docs/evidence/spinnaker/round_trips.md."""
    few, many = min(found), max(found)
    before, after, without = (
        (counts[many][place] - counts[few][place]) / (many - few)
        for counts, place in ((ONE_BY_ONE, 1), (found, 1), (found, 2)))
    rows = [f"| {cores} | " + " | ".join(f"{count:,}" for count in (
        *ONE_BY_ONE[cores], *counts)) + " |" for cores, counts in found.items()]
    long, short = BOARD * before / 1000, BOARD * without / 1000
    return HEAD + "\n".join(rows) + "\n" + TAIL.format(
        before=before, after=after, without=without, rtt=RTT_MS, board=BOARD, long=long * RTT_MS,
        short=short * RTT_MS, near=long * 0.3, close=short * 0.3)


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args()
    found = {}
    for cores in CORES:
        found[cores] = measure(cores)
        print(json.dumps({cores: found[cores]}), file=sys.stderr, flush=True)
    options.out.write_text(page(found))


if __name__ == "__main__":
    main()

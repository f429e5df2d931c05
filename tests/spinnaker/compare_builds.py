"""One application on the own runtime and on the official libraries, on emulated chips.

``make compare-builds`` with SPINN_DIRS set writes ``docs/evidence/spinnaker/builds.md``. Ends with
status 1 when the builds differ in anything that is compared.
"""

import logging
import os
import sys
from pathlib import Path

from tests.runtime.builds import ROOT, build
from tests.runtime.costs import Costs, costs
from tests.runtime.faults import FAULTS
from tests.runtime.scenarios import CLASSES
from tests.spinnaker import compare_networks

PAGE = ROOT / "docs/evidence/spinnaker/builds.md"
ITCM = 32512        # bytes, without the loader's
HEADING = """# Own runtime and official libraries

Written by `make compare-builds` with `SPINN_DIRS` set to the official libraries at tag 7.4.1
(how to build them: [SpiNNaker runtime](../../spinnaker-runtime.md)). The same sources of the test
application (`tests/runtime/application`) were built on both and run on an emulated chip, to which
packets, messages and signals were sent; interrupts could come between any two instructions.
All programs are compiled with `-Wall -Wextra -Wshadow -Werror`: a warning would end either build.

"""
COMPARED = """\
Compared are: every record of every step and event in their order, rows of memory, text, answers,
provenance, states, message buffers in use, packets sent, packets taken, and what the emulator's
checks found. Not compared: how long anything takes, and the libraries' own messages.
"""
NETWORKS = """\
The scripts of `tests/spinnaker/test_learning.py`, under unmodified sPyNNaker on an emulated board,
with the e-prop binaries of either build: spikes, voltages, errors, losses, gradients, weights, and
what a script is warned of.
Those of the own build equal the host engine's bit for bit (`make test`).
"""
ROOM = """\
Instructions of the e-prop programs, of the 32,512 bytes of ITCM that a core has for them.
"""
NO_LIBRARIES = """\
The official libraries are needed for this: set SPINN_DIRS to a checkout of spinnaker_tools (tag
7.4.1) that is built, with spinn_common and SpiNNFrontEndCommon's c_common installed into it.
docs/spinnaker-runtime.md has the commands."""


def compare(own: Path, official: Path) -> tuple[list[str], int]:
    """Rows of the table, and the number of differences; which, is printed."""
    rows, differences = [], 0
    for name, (scenario, seeds) in CLASSES.items():
        values = differing = 0
        for seed in seeds:
            first, second = scenario(own, seed), scenario(official, seed)
            values += len(first.values)
            different = first.differences(second)
            differing += len(different)
            for value in different:
                print(f"{name}, {seed}: {value}\n  own      {first.values.get(value)}\n"
                      f"  official {second.values.get(value)}")
        rows.append(f"| {name} | {len(seeds)} | {values} | {differing} |")
        differences += differing
        print(rows[-1], flush=True)
    return rows, differences


def faults(own: Path, official: Path) -> tuple[list[str], int]:
    """Rows of the table of faults, and how often the own runtime has one."""
    rows, mine = [], 0
    for name, (trial, count) in FAULTS.items():
        seen = [sum(trial(folder, number) for number in range(count))
                for folder in (own, official)]
        rows.append(f"| {name} | {seen[0]} of {count} | {seen[1]} of {count} |")
        mine += seen[0]
        print(rows[-1], flush=True)
    return rows, mine


def cost_rows(own: Costs, official: Costs) -> list[str]:
    """Rows of the table of costs."""
    names = {"itcm": "ITCM, bytes", "dtcm": "DTCM without stacks and heap, bytes",
             "step": "instructions of a step without input",
             "packet_fast": "instructions for a packet at priority -1",
             "packet_interrupt": "at priority 0", "packet_queued": "at priority 1",
             "message": "instructions for a message and its answer"}
    return [f"| {text} | {getattr(own, name):,.0f} | {getattr(official, name):,.0f} |"
            for name, text in names.items()]


def itcm(folder: Path) -> dict[str, int]:
    """Bytes of instructions of a build's programs."""
    found = {}
    for path in sorted(folder.glob("eprop_*.txt")):
        words = path.read_text().split()
        found[path.stem] = int(words[words.index("ITCM") + 1])
    return found


def room_rows(own: dict[str, int], official: dict[str, int]) -> list[str]:
    """Rows of the table of room in ITCM."""
    return [f"| {name} | {size:,} | {official[name]:,} | {official[name] - size:,} | "
            f"{ITCM - official[name]:,} |" for name, size in own.items()]


def main() -> int:
    """Compare and write the page."""
    if not os.environ.get("SPINN_DIRS"):
        print(NO_LIBRARIES, file=sys.stderr)
        return 2
    logging.disable(logging.WARNING)
    own, official = build(), build(official=True)
    compared, differences = compare(own, official)
    found, mine = faults(own, official)
    networks, more = compare_networks.compare()
    differences += more
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join([
        HEADING + "| scenario | how many | values compared | different |", "|---|---|---|---|",
        *compared, "",
        COMPARED,
        "## e-prop networks", "",
        NETWORKS,
        "| network | compared | different |", "|---|---|---|", *networks, "",
        "## Faults of the official libraries", "",
        "Looked for in both. The e-prop application does nothing of what the first two need.", "",
        "| fault | own runtime | official |", "|---|---|---|", *found, "",
        "## What they cost", "", "The test application's own memory and instructions are in them.",
        "",
        "| | own runtime | official |", "|---|---|---|",
        *cost_rows(costs(own), costs(official)), "",
        "## Room", "", ROOM,
        "| program | own runtime | official | more there | left there |", "|---|---|---|---|---|",
        *room_rows(*(itcm(compare_networks.build_binaries(which)) for which in (False, True))),
        ""]))
    print(f"{differences} differences; written: {PAGE.relative_to(ROOT)}")
    return 1 if differences or mine else 0


if __name__ == "__main__":
    sys.exit(main())

"""Brian2 against the engine in float64 on many random networks: a table for docs/evidence.

``python -m evidence.brian2_networks`` takes about five minutes. The networks are those of
``shared/random_scripts.py`` with seeds from 1 on; the tests have five of them.
"""

import sys
from pathlib import Path

import numpy as np

import pynn_eprop.brian2
import pynn_eprop.host
from evidence.shared.random_scripts import UPDATES, Outcome, RandomScript, relative

SEEDS = range(1, 41)
OUT = Path("docs/evidence/brian2/random_networks.md")
BOUND = 1e-9


def same_spikes(found: Outcome, expected: Outcome) -> bool:
    """Whether all cells spiked at the same times."""
    return all(np.array_equal(one, other) for label, trains in expected.spikes.items()
               for one, other in zip(found.spikes[label], trains, strict=True))


def row(seed: int) -> tuple[str, bool]:
    """A line of the table, and whether the two agree."""
    script = RandomScript(seed)
    expected = script.play(pynn_eprop.host, precision="float64")
    found = script.play(pynn_eprop.brian2)
    same = same_spikes(found, expected)
    spikes = sum(len(train) for label, trains in expected.spikes.items()
                 for train in trains if label.startswith("cells"))
    worst = {kind: max(relative(getattr(found, kind)[name], values)
                       for name, values in getattr(expected, kind).items())
             for kind in ("signals", "gradients", "weights", "biases")}
    weights = max(worst["weights"], worst["biases"])
    cells = sum(len(trains) for label, trains in expected.spikes.items()
                if label.startswith("cells"))
    print(f"seed {seed}: spikes {'same' if same else 'DIFFER'}, weights {weights:.1e}",
          file=sys.stderr, flush=True)
    return (f"| {seed} | {cells} | {script.boundary} | {script.trials} | {spikes} | "
            f"{'the same' if same else 'differ'} | {worst['signals']:.1e} | "
            f"{worst['gradients']:.1e} | {weights:.1e} |"), same and weights <= BOUND


def main() -> int:
    """Write the page; 1 if a network does not agree."""
    rows, agree = zip(*map(row, SEEDS), strict=True)
    page = [
        "# Brian2 beside the host engine",
        "",
        "Written by `python -m evidence.brian2_networks` (part of `make evidence`). Random",
        "networks run as one PyNN script on `pynn_eprop.host` (float64) and on",
        f"`pynn_eprop.brian2`, {UPDATES} updates and more each, with an interval in which "
        "learning is off.",
        "Differences are the largest of a network, as fractions of the largest value: of recorded "
        "v, a, h,",
        "y, errors and learning signals; of the last gradients; of final weights and biases.",
        "",
        f"**{sum(agree)} of {len(agree)} agree:** spikes at the same times, weights to {BOUND:g}.",
        "",
        "| seed | cells | boundary | batch | spikes | spike times | states | gradients | "
        "weights |",
        "|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(page), encoding="utf-8")
    return 0 if all(agree) else 1


if __name__ == "__main__":
    sys.exit(main())

"""All of PyNN's scenarios on pyNN.brian2 and pynn_eprop.brian2: a table for docs/evidence.

``python -m evidence.brian2_scenarios`` takes about ten minutes.
"""

import sys
import tempfile
from pathlib import Path

from evidence.shared.scenarios.fetch import fetch
from evidence.shared.scenarios.run import run_scenarios

OUT = Path("docs/evidence/brian2/conformance.md")
BACKENDS = ("pyNN.brian2", "pynn_eprop.brian2")


def outcomes(backend: str) -> dict[str, str]:
    """The results by scenario, the equations run by NumPy."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "brian_preferences").write_text("codegen.target = 'numpy'\n")
        return {name: outcome.result
                for name, outcome in run_scenarios(Path(folder), backend).items()}


def main() -> int:
    """Write the page; 1 if one fails that the parent passes."""
    fetch()
    parent, ours = (outcomes(backend) for backend in BACKENDS)
    worse = [name for name in parent if parent[name] == "passed" and ours[name] != "passed"]
    page = [
        "# PyNN's own scenarios on Brian2",
        "",
        "Written by `python -m evidence.brian2_scenarios` (part of `make evidence`). Of",
        f"{len(parent)} scenarios of PyNN 0.13.0, `pyNN.brian2` passes "
        f"{list(parent.values()).count('passed')} and `pynn_eprop.brian2`",
        f"{list(ours.values()).count('passed')}; {len(worse) or 'none'} of those that the parent "
        "passes fail" + ("s." if len(worse) == 1 else "."),
        "",
        f"| scenario | {BACKENDS[0]} | {BACKENDS[1]} |",
        "|---|---|---|",
        *(f"| `{name}` | {parent[name]} | {ours[name]} |" for name in parent),
        "",
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text("\n".join(page), encoding="utf-8")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())

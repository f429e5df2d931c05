"""Results on disk and as tables."""

import datetime
import json
import os
import platform
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return {
        "cpu": name, "cores": os.cpu_count(), "system": platform.system(),
        "python": platform.python_version(), "load_before": round(os.getloadavg()[0], 2),
        "date": datetime.date.today().isoformat(),
    }


def write(path: Path, command: str, about: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """One workload's results, with the command and the machine they come from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    results = {"command": command, "machine": about, "rows": rows}
    path.write_text(json.dumps(results, indent=1) + "\n")


def table(rows: list[dict[str, Any]]) -> str:
    """Timings as a markdown table; "spread" is (largest - smallest) / median of the rounds."""
    lines = [
        "| peer | threads | median s | spread | times ours | CPU s | times ours | rate Hz "
        "| peak MB | build s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        spread = (max(row["seconds"]) - min(row["seconds"])) / row["median_s"]
        lines.append(
            f"| {row['peer']} | {row['threads']} | {row['median_s']:.4g} | {spread:.0%} "
            f"| {_ratio(row, 'ratio_to_ours')} | {row['median_cpu_s']:.4g} "
            f"| {_ratio(row, 'cpu_ratio_to_ours')} | {row['rate_hz']:.1f} "
            f"| {row['memory_mb']:.0f} | {row['build_s']:.1f} |"
        )
    return "\n".join(lines)


def _ratio(row: dict[str, Any], name: str) -> str:
    return f"{row[name]:.3g}" if name in row else "?"


def memory_table(rows: list[dict[str, Any]]) -> str:
    """Peak memory as a markdown table."""
    lines = ["| cells n | steps T | synapses | peak MB over the import |", "|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['cells']} | {row['steps']} | {row['synapses']:.3g} | {row['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


TITLES = {
    "pattern": "Task 1.1, 600 cells all-to-all: seconds per update (1 s of network time)",
    "sparse": "10,000 cells with 1,000 recurrent inputs each: seconds per simulated second",
    "memory": "Peak memory of the host engine, with the script",
}


def summary(folder: Path) -> str:
    """All results in ``folder`` as one page."""
    parts = ["# Results\n\nWritten by `python -m benchmarks`; README.md beside it says how.\n"]
    for name, title in TITLES.items():
        path = folder / f"{name}.json"
        if not path.exists():
            continue
        results = json.loads(path.read_text())
        about = results["machine"]
        body = memory_table(results["rows"]) if name == "memory" else table(results["rows"])
        parts.append(
            f"## {title}\n\n{body}\n\n`{results['command']}` on {about['cores']} cores of "
            f"{about['cpu']}, {about['date']}, load {about['load_before']} before the run.\n"
        )
    return "\n".join(parts)

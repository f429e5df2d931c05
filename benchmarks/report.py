"""Results on disk and as tables."""

import argparse
import datetime
import json
import os
import platform
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.sequences import WORKLOADS as SEQUENCES

OURS = "pynn_eprop.host"
OUR_UPDATE = "compiled, truncated-bptt"

def machine() -> dict[str, Any]:
    """The machine, on which the timings depend."""
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


def command(args: argparse.Namespace) -> str:
    """The command line, without the paths of this machine."""
    words = ["python -m benchmarks"]
    for name in ("workloads", "peers", "device", "threads", "rounds", "cells"):
        value = getattr(args, name)
        if value is not None:
            words.append(f"--{name} " + " ".join(map(str, value if isinstance(value, list)
                                                     else [value])))
    return " ".join(words)


def write(path: Path, line: str, about: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """One workload's results, with the command and the machine they come from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    about = {**about, "load_after": round(os.getloadavg()[0], 2)}
    results = {"command": line, "machine": about, "rows": rows}
    path.write_text(json.dumps(results, indent=1) + "\n")


#: Ways to sum up the rounds of a peer: heading, and the value from a row.
MEASURES = (
    ("median s", lambda row: statistics.median(row["seconds"])),
    ("best s", lambda row: min(row["seconds"])),
    ("CPU s", lambda row: statistics.median(row["cpu_seconds"])),
)


def table(rows: list[dict[str, Any]]) -> str:
    """Timings as a markdown table, each with its ratio to ours at the same number of threads.

    "spread" is (largest - smallest) / median of the rounds.
    """
    measures = " | ".join(f"{heading} | x ours" for heading, _ in MEASURES)
    lines = [
        f"| peer | threads | {measures} | spread | rate Hz | peak MB | build s |",
        "|---" * (6 + 2 * len(MEASURES)) + "|",
    ]
    for row in rows:
        ours = [other for other in rows
                if other["peer"] == OURS and other["threads"] == row["threads"]]
        cells = [row["peer"], str(row["threads"])]
        for _, measure in MEASURES:
            ratio = f"{measure(row) / measure(ours[0]):.3g}" if ours else "?"
            cells += [f"{measure(row):.4g}", ratio]
        spread = (max(row["seconds"]) - min(row["seconds"])) / statistics.median(row["seconds"])
        cells += [f"{spread:.0%}", f"{row['rate_hz']:.1f}", f"{row['memory_mb']:.0f}",
                  f"{row['build_s']:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def interval_table(rows: list[dict[str, Any]]) -> str:
    """Rates of learning in intervals as a markdown table; times are those of an update."""
    lines = ["| machine, rule | threads | ms an update | x truncated BPTT, compiled | updates a "
             "second | steps of sequences a second | CPU ms an update | spread | peak MB |",
             "|---" * 9 + "|"]
    for row in rows:
        median = statistics.median(row["seconds"])
        ours = [statistics.median(other["seconds"]) / other["tokens"] for other in rows
                if other["peer"] == OUR_UPDATE and other["threads"] == row["threads"]]
        ratio = f"{median / row['tokens'] / ours[0]:.3g}" if ours else "?"
        cpu = statistics.median(row["cpu_seconds"]) / row["updates"]
        spread = (max(row["seconds"]) - min(row["seconds"])) / median
        lines.append("| " + " | ".join([
            row["peer"], str(row["threads"]), f"{1000 * median / row['updates']:.3g}", ratio,
            f"{row['updates'] / median:,.0f}", f"{row['tokens'] / median:,.0f}",
            f"{1000 * cpu:.3g}", f"{spread:.0%}", f"{row['memory_mb']:.0f}"]) + " |")
    return "\n".join(lines)


def memory_table(rows: list[dict[str, Any]]) -> str:
    """Peak memory as a markdown table."""
    lines = ["| cells n | steps T | synapses | peak MB over the import |", "|---|---|---|---|"]
    for row in rows:
        lines.append(
            f"| {row['cells']} | {row['steps']} | {row['synapses']:.3g} | {row['peak_mb']:.0f} |"
        )
    return "\n".join(lines)


def large_table(rows: list[dict[str, Any]]) -> str:
    """Times and memory of networks of many sizes as a markdown table."""
    lines = ["| cells | synapses | rate Hz | build s | CPU | learned second: best s | CPU | ns per "
             "synapse and spike | peak MB over the import | bytes per synapse |", "|---" * 10 + "|"]
    for row in rows:
        cpu = min(row["cpu_seconds"])
        lines.append("| " + " | ".join([
            f"{row['cells']:,}", f"{row['synapses']:.3g}", f"{row['rate_hz']:.1f}",
            f"{row['build_s']:.1f}", f"{row['build_cpu_s']:.1f}", f"{min(row['seconds']):.3g}",
            f"{cpu:.3g}", f"{1e9 * cpu / row['arrivals']:.2f}", f"{row['peak_mb']:.0f}",
            f"{1e6 * row['peak_mb'] / row['synapses']:.1f}"]) + " |")
    return "\n".join(lines)


def processes_table(rows: list[dict[str, Any]]) -> str:
    """Times of an update with several processes as a markdown table."""
    lines = ["| cells | processes | median s | of one process | best s | of one process | CPU s of "
             "the first | spread |", "|---" * 8 + "|"]
    for row in rows:
        (one,) = (other for other in rows
                  if other["processes"] == 1 and other["cells"] == row["cells"])
        median, best = statistics.median(row["seconds"]), min(row["seconds"])
        spread = (max(row["seconds"]) - best) / median
        lines.append("| " + " | ".join([
            str(row["cells"]), str(row["processes"]), f"{median:.4g}",
            f"{median / statistics.median(one['seconds']):.0%}", f"{best:.4g}",
            f"{best / min(one['seconds']):.0%}", f"{statistics.median(row['cpu_seconds']):.4g}",
            f"{spread:.0%}"]) + " |")
    return "\n".join(lines)


def table_of(workload: str) -> Callable[[list[dict[str, Any]]], str]:
    """What makes a workload's table."""
    return interval_table if workload in SEQUENCES else \
        {"memory": memory_table, "large": large_table, "processes": processes_table}.get(
            workload, table)


TITLES = {
    "pattern": "Task 1.1, 600 cells all-to-all: seconds per update (1 s of network time)",
    "store-recall": "Task 1.2, 20 cells, 128 trials: seconds per update (307 s of network time)",
    "processes": "Task 1.2 and the same with 300 cells, trials shared with MPI: seconds per update",
    "speech": "Task 1.3, 800 cells in two directions, 32 utterances: seconds per update (116 in an "
              "epoch)",
    "sparse": "10,000 cells with 1,000 recurrent inputs each: seconds per simulated second",
    "large": "1,000 recurrent inputs each, one thread: from 1,000 to 100,000 cells",
    "copy-repeat-64": "Task 3.1, 64 LSTM units, batch 16, intervals of 4 steps",
    "copy-repeat-128": "Task 3.1, 128 LSTM units, batch 64, intervals of 4 steps",
    "word-prediction": "Task 3.2 in its full size: 200 LSTM units, 10,000 words, batch 20, "
                       "intervals of 4 steps",
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
        body = table_of(name)(results["rows"])
        parts.append(
            f"## {title}\n\n{body}\n\n`{results['command']}` on {about['cores']} cores of "
            f"{about['cpu']}, {about['date']}, load average "
            f"{about['load_before']} before and {about['load_after']} after.\n"
        )
    return "\n".join(parts)

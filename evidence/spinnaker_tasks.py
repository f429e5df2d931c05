"""The paper's tasks on emulated cores through the command line, beside the host in fixed point.

Run: python -m evidence.spinnaker_tasks; it writes docs/evidence/spinnaker/tasks.md. Names of
tasks restrict it to these. Runs are kept in build/evidence/spinnaker and resumed after an
interruption.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "build/evidence/spinnaker"
FOLDER = ROOT / "docs/evidence/spinnaker"
KEPT = FOLDER / "tasks.json"

TASKS = {
    "pattern generation, 20 updates": ["pattern-generation", "--updates", "20"],
    "store-recall, 5 updates of 128 trials": [
        "store-recall", "--updates", "5", "--keep-training", "--set", "validation_trials=16",
        "--set", "confirmation_answers=30"],
    "store-recall with 32 trials of 10 periods, until solved": [
        "store-recall", "--updates", "60", "--set", "trials_per_update=32", "--set", "n_periods=10",
        "--set", "validation_trials=16"],
    "pattern generation, all 1000 updates": ["pattern-generation", "--updates", "1000"],
}
FIGURES = {
    "store-recall with 32 trials of 10 periods, until solved": (
        "store_recall_on_cores.png", "after training (the title has the recalls that were wrong)"),
    "pattern generation, all 1000 updates": ("pattern_generation_on_cores.png", "after training"),
}


def run(name: str, arguments: list[str], backend: list[str]) -> Path:
    """The finished folder of a run."""
    folder = RUNS / f"{name.replace(' ', '-').replace(',', '')}-{backend[0]}"
    subprocess.run([sys.executable, "-m", "pynn_eprop.cli", "run", *arguments, "--backend",
                    *backend, "--out", str(folder), "--resume", "--quiet"], check=True)
    return folder


def compare(name: str, arguments: list[str]) -> dict[str, object]:
    """Results that both have, and how many values of them are equal; raises if one is not."""
    cores = run(name, arguments, ["emulator"])
    host = run(name, arguments, ["host", "--precision", "fixed"])
    ours, theirs = (json.loads((folder / "results.json").read_text()) for folder in (cores, host))
    for curve in ("error_curve", "loss_curve", "solved_after"):
        assert ours[curve] == theirs[curve], curve
    values = 0
    with np.load(cores / "weights.npz") as found, np.load(host / "weights.npz") as expected:
        assert set(found.files) == set(expected.files)
        for label in expected.files:
            np.testing.assert_array_equal(found[label], expected[label], err_msg=label)
            values += int(np.count_nonzero(~np.isnan(expected[label])))
    curve = ours["error_curve"]
    return {"command": " ".join(arguments), "updates": ours["updates"], "first": curve[0],
            "last": curve[-1], "last50": ours["error_last50"], "solved": ours["solved_after"],
            "weights": values}


_HEAD = """# The paper's tasks on emulated cores

Each run twice, with `--backend emulator` and with `--backend host --precision fixed`: losses and
errors of all updates and all weights are equal bit for bit. Written by
`python -m evidence.spinnaker_tasks`.

| run | updates | error at first | at last | mean of the last 50 | solved after |\
 weights compared | differ |
|---|---|---|---|---|---|---|---|"""


def page(results: dict[str, dict[str, object]]) -> str:
    """The table."""
    text = [_HEAD]
    text += [f"| {name} | {r['updates']} | {r['first']:.4f} | {r['last']:.4f} | "
             f"{r['last50']:.4f} | {r['solved'] or ''} | {r['weights']:,} | 0 |"
             for name, r in results.items()]
    for name, (figure, caption) in FIGURES.items():
        if name in results:
            text += ["", f"{name.capitalize()}, {caption}:", "", f"![{name}]({figure})"]
    text += ["", "Commands:", ""]
    text += [f"    pynn-eprop run {r['command']} --backend emulator" for r in results.values()]
    return "\n".join(text) + "\n"


def main(names: list[str]) -> None:
    """Run the tasks that are missing, and write the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    for name, arguments in TASKS.items():
        if name in results or (names and not name.startswith(tuple(names))):
            continue
        results[name] = compare(name, arguments)
        if name in FIGURES:
            shutil.copy(run(name, arguments, ["emulator"]) / "figure.png",
                        FOLDER / FIGURES[name][0])
        KEPT.write_text(json.dumps(results, indent=1))
        (FOLDER / "tasks.md").write_text(page(results))


if __name__ == "__main__":
    main(sys.argv[1:])

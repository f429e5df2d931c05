"""Runs PyNN's scenarios on a backend and reads what came out."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from evidence.shared.scenarios.fetch import FOLDER

ROOT = Path(__file__).parents[3]
SUBSTITUTES = dict.fromkeys(
    ("IF_cond_exp", "IF_cond_alpha", "IF_curr_alpha", "EIF_cond_exp_isfa_ista"), "IF_curr_exp")


@dataclass(frozen=True)
class Outcome:
    """The outcome of a scenario: "passed", "failed" or "skipped", and why."""

    result: str
    message: str = ""


def run_scenarios(folder: Path, backend: str, substitutes: dict[str, str] | None = None,
                  only: str | None = None) -> dict[str, Outcome]:
    """Outcomes by "file::test". ``folder``: an empty one to work in; ``only``: as pytest's -k."""
    shutil.copytree(FOLDER, folder / "scenarios")
    (folder / "empty.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
               "-p", "evidence.shared.scenarios.plugin", "-c", "empty.ini",
               "--backend", backend, "--junitxml", "report.xml", "scenarios"]
    for name, substitute in (substitutes or {}).items():
        command += ["--substitute", f"{name}={substitute}"]
    if only is not None:
        command += ["-k", only]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
                   "MPLBACKEND": "Agg"}
    finished = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert (folder / "report.xml").exists(), finished.stdout + finished.stderr
    outcomes = {}
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        name = f"{case.get('classname').split('.')[-1]}.py::{case.get('name').split('[')[0]}"
        outcomes[name] = _outcome(case)
    return outcomes


def _outcome(case: ElementTree.Element) -> Outcome:
    for kind, result in (("failure", "failed"), ("error", "failed"), ("skipped", "skipped")):
        found = case.find(kind)
        if found is not None:
            return Outcome(result, f"{found.get('message')}\n{found.text}")
    return Outcome("passed")

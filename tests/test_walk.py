"""Five changes (docs/architecture.md): from outside in one module, and the package's own files.

The page lists the files that one kind of each sort touches. Here a search for its name finds just
these, so that a branch on it in another room is seen; and the tables that the page names are there
and have a row for it.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.experiments.command import results

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"

# --- in the package -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Walk:
    """A kind that the page follows through the package.

    names: in Python, as identifiers or whole strings. chip: in C, a part of identifiers. beyond:
    folders that use it as a script does, or have kinds of their own with the same names.
    """

    names: frozenset[str]
    chip: str = "(?!)"
    beyond: tuple[str, ...] = ("pynn_eprop/tasks", "pynn_eprop/learning_to_learn",
                               "pynn_eprop/sequence_tasks", "pynn_eprop/intervals")


WALKS = {
    "A cell": Walk(frozenset({"ALIFCells", "EPropALIF", "ALIF"}), "adaptive|alif"),
    "A rule": Walk(frozenset({"TruncatedTraces", "truncated-traces"}),
                   "(membrane|adaptation)_trace"),
    "An optimiser": Walk(frozenset({"SGD", "sgd"}), "sgd"),
    "A task": Walk(frozenset({"PatternGeneration", "pattern-generation"}), beyond=()),
    "A backend": Walk(frozenset({"BRIAN2", "brian2", "pynn_eprop.brian2"}), beyond=()),
    "A loss": Walk(frozenset({"CrossEntropy", "cross_entropy"}), "cross_entropy"),
    "A pseudo-derivative": Walk(frozenset({"Arctan", "arctan"}), "arctan"),
}


def rows(heading: str) -> list[tuple[list[str], list[str]]]:
    """The paths and the names of tables in each row of a walk's list."""
    section = PAGE.read_text().split(f"\n### {heading}\n")[1].split("\n#")[0]
    found = []
    for line in section.splitlines():
        if line.startswith("| `"):
            files, what = line.strip("| ").split(" | ", 1)
            found.append((re.findall(r"`([^`]+)`", files), re.findall(r"`(_?[A-Z][A-Z_]+)`", what)))
    return found


def listed(heading: str) -> set[str]:
    """All paths of a walk; those of the files in it for a folder."""
    paths = set()
    for files, _ in rows(heading):
        for name in files:
            path = ROOT / name
            assert path.exists(), f"docs/architecture.md, {heading}: there is no {name}"
            paths |= {str(each.relative_to(ROOT)) for each in path.rglob("*.py")} \
                if path.is_dir() else {name}
    return paths


def said(tree: ast.AST) -> Iterator[str]:
    """Identifiers and whole strings of a module or a part of one."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.ClassDef(name=name) \
                    | ast.FunctionDef(name=name) | ast.alias(name=name):
                yield name
            case ast.Constant(value=str(text)):
                yield text


def in_python(walk: Walk) -> set[str]:
    """Modules of the package that name the kind."""
    return {name for path in (ROOT / "pynn_eprop").rglob("*.py")
            if not (name := str(path.relative_to(ROOT))).startswith(walk.beyond)
            and walk.names & set(said(ast.parse(path.read_text())))}


def in_c(walk: Walk) -> set[str]:
    """C sources that name it, comments apart."""
    comment = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
    return {str(path.relative_to(ROOT)) for path in (ROOT / "c_models").rglob("*.[chS]")
            if re.search(walk.chip, comment.sub("", path.read_text()), re.I)}


def assigned(path: Path, name: str) -> ast.AST | None:
    """The value of a module's table."""
    for node in ast.parse(path.read_text()).body:
        targets = node.targets if isinstance(node, ast.Assign) else \
            [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return node
    return None


@pytest.mark.parametrize("heading", WALKS)
def test_the_walk_names_the_files_that_name_the_kind(heading: str) -> None:
    """All of them, and no other of the package; a folder may have more files than name it."""
    walk, on_page = WALKS[heading], listed(heading)
    found = in_python(walk) | in_c(walk)
    folders = tuple(f"{name.rstrip('/')}/" for files, _ in rows(heading) for name in files
                    if (ROOT / name).is_dir())
    assert found - on_page == set(), "not in docs/architecture.md"
    assert {name for name in on_page - found
            if name.startswith(("pynn_eprop/", "c_models/")) and not name.startswith(folders)
            } == set(), "in docs/architecture.md, but the kind is not named there"
    for name in on_page:
        if not name.startswith(("pynn_eprop/", "c_models/")):
            assert any(word in (ROOT / name).read_text() for word in walk.names), name


@pytest.mark.parametrize("heading", WALKS)
def test_the_tables_that_the_walk_names_have_a_row_for_the_kind(heading: str) -> None:
    tables = [(ROOT / file, table) for files, names in rows(heading) for table in names
              for file in files]
    for path, table in tables:
        value = assigned(path, table)
        assert value is not None, f"{path} has no table {table}"
        assert WALKS[heading].names & set(said(value)), f"{table} in {path} has no row for it"
    assert tables or heading in ("A task", "A backend")


def test_files_that_the_pages_name_are_there() -> None:
    """NAME stands for the reader's own."""
    pages = sorted((ROOT / "docs").glob("add_a*.md"))
    named = [(page.name, name) for page in pages for name in re.findall(
        r"`((?:pynn_eprop|c_models|tests|examples)/[^`\s]+)`", page.read_text())]
    assert len(pages) == 7 and len(named) > 20
    assert [each for each in named if "NAME" not in each[1] and not (ROOT / each[1]).exists()] == []


def test_a_branch_in_another_file_is_found(tmp_path: Path) -> None:
    branch = ast.parse("def f(x):\n    return isinstance(x.optimizer, optimizers.SGD)\n")
    assert "SGD" in set(said(branch)) and "SGD" not in set(said(ast.parse('"""SGD here."""')))
    assert "sgd" in set(said(ast.parse('x = optimizer.name == "sgd"')))


# --- from outside ---------------------------------------------------------------------------------

TOYS = '''
"""One of each: a cell, a rule, an optimiser, a task and a backend."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop import (Backend, Compared, LossTask, Optimizer, Rule, SpikingCells, host, initial,
                        parameter, register_backend, register_cell, register_optimizer,
                        register_rule, register_task)
from pynn_eprop.host import *
from pynn_eprop.tasks import CellsPlan, NetworkPlan, ReadoutPlan, Trials, quantity


@register_cell
@dataclass(frozen=True, kw_only=True)
class ToyCells(SpikingCells):
    tau: np.ndarray = parameter(20.0, "ms", "of the membrane", minimum=0.0, exclusive=True)
    v_thresh: np.ndarray = parameter(0.61, "dimensionless", "threshold", minimum=0.0)
    v_initial: np.ndarray = initial(0.0)
    name: ClassVar[str] = "ToyCell"

    def step(self, cells, arriving):
        return {"v": np.exp(-1.0 / cells.tau) * cells.v + arriving - cells.v_thresh * cells.z_reset}

    def distance(self, cells):
        return cells.v - cells.v_thresh

    def transition(self, cells):
        return {("v", "v"): np.exp(-1.0 / cells.tau)}

    def drive(self, cells):
        return {"v": 1.0}

    def distance_gradient(self, cells):
        return {"v": 1.0}


@register_rule
class ToyRule(Rule):
    name = "toy-rule"
    meaning = "the present spikes alone are eligible"

    def eligibility(self, traces, arriving, cells, post):
        return cells.h[post] * arriving


@register_optimizer
@dataclass(frozen=True)
class ToyOptimizer(Optimizer):
    lr: float = 0.001
    name: ClassVar[str] = "toy-optimizer"

    def update(self, gradient, state, weight, count):
        return weight - self.lr * gradient, state


@register_task
@dataclass(frozen=True)
class ToyTask(LossTask):
    name: ClassVar[str] = "toy-task"
    title: ClassVar[str] = "A ramp"
    error_name: ClassVar[str] = "loss"
    paper_updates: ClassVar[int] = 3
    timestep: ClassVar[float] = 1.0
    interval: ClassVar[float] = 50.0
    trials_per_update: ClassVar[int] = 1
    n_neurons: int = quantity(4, "", "cells")
    own_cells: int = quantity(0, "", "1: of the kind above")

    def network(self, seed, feedback, recurrent=True):
        rng, n = np.random.default_rng(seed), self.n_neurons
        return NetworkPlan.one_layer(
            timestep=1.0, interval=50.0, trials_per_update=1, n_inputs=5,
            cells=CellsPlan("cells", "ToyCell" if self.own_cells else "EPropLIF", n, {}),
            readout=ReadoutPlan("readout", 1, {}, "mse", np.linspace(0.0, 1.0, 50)[None]),
            input_weight=rng.normal(0.5, 0.2, (5, n)), recurrent_weight=None,
            output_weight=rng.normal(0.0, 0.5, (n, 1)), feedback=feedback,
            feedback_weight=feedback.weights(1, n, rng), optimizer=ToyOptimizer())

    def training_trials(self, seed, first_update, n_updates):
        times = np.arange(0.0, 50.0 * n_updates, 5.0)
        return Trials(n_updates, {"inputs": [times + each for each in range(5)]}, {})

    def draw_example(self, seed):
        return self.training_trials(seed, 0, 1)

    def error_of_loss(self, loss, seed):
        return loss


register_backend(Backend("toy-backend", __name__, takes=("threads",),
                         compared=(Compared("toy-backend", "float64"),)))


def __getattr__(name):
    return getattr(host, name)


def setup(timestep=1.0, min_delay="auto", **more):
    return host.setup(timestep, min_delay, **{"precision": "float64", **more})
'''

SCRIPT = '''
"""The weights that a small network learns, with each of the toys and with what is equal to it."""

import json

import numpy as np

import pynn_eprop.host as sim
import toys
from pynn_eprop import SGD, TruncatedTraces


def learned(celltype, rule, optimizer, machine):
    rng = np.random.default_rng(1)
    sim.setup(timestep=1.0, update_interval=50.0, seed=1, machine=machine, precision="float64")
    inputs = sim.Population(5, sim.SpikeSourceArray(
        spike_times=[np.arange(each, 150.0, 5.0) for each in range(5)]))
    cells = sim.Population(4, getattr(sim, celltype)())
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=np.ones((1, 50))))
    every = sim.AllToAllConnector()
    synapses = [sim.Projection(pre, post, every, sim.EPropSynapse(
        weight=rng.normal(0.3, 0.2, (pre.size, post.size)), rule=rule, optimizer=optimizer))
        for pre, post in ((inputs, cells), (cells, readout))]
    sim.Projection(readout, cells, every, sim.LearningSignal(weight=rng.normal(0.0, 1.0, (1, 4))),
                   receptor_type="learning_signal")
    cells.record("spikes")
    start = synapses[0].get("weight", "array").ravel().tolist()
    sim.run(150.0)
    spikes = sum(map(len, cells.get_data().segments[0].spiketrains))
    weights = synapses[0].get("weight", "array").ravel().tolist()
    sim.end()
    return {"start": start, "weights": weights, "spikes": spikes}


PLAIN, SAME = ("EPropLIF", "e-prop", SGD(lr=0.001)), ("EPropLIF", TruncatedTraces(), SGD(lr=0.001))
print(json.dumps({
    "cell": [learned("ToyCell", *PLAIN[1:], "reference"), learned(*PLAIN, "engine")],
    "rule": [learned("EPropLIF", "toy-rule", PLAIN[2], "reference"), learned(*SAME, "engine")],
    "optimiser": [learned(*PLAIN[:2], "toy-optimizer", "engine"), learned(*PLAIN, "engine")]}))
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's folder, with the module in it."""
    place = tmp_path_factory.mktemp("outside")
    (place / "toys.py").write_text(TOYS)
    (place / "script.py").write_text(SCRIPT)
    return place


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A process of its own in the user's folder."""
    return subprocess.run([sys.executable, "-W", "ignore", *words], cwd=folder,
                          capture_output=True, text=True, timeout=300)


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-m", "pynn_eprop.cli", *words, "--plugin", "toys.py")


def test_one_of_each_is_short() -> None:
    assert len(TOYS.strip().splitlines()) < 120


def test_cell_rule_and_optimiser_in_a_script(folder: Path) -> None:
    """Each equals one of the package's: EPropLIF, truncated traces, SGD; on another machine."""
    done = python(folder, "script.py")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {"cell", "rule", "optimiser"}
    for toy, known in found.values():
        assert toy["spikes"] == known["spikes"] > 0
        assert toy["weights"] == pytest.approx(known["weights"], rel=1e-12, abs=1e-15)
        assert toy["weights"] != toy["start"] == known["start"]
    # the rules are not one
    assert found["rule"][0]["weights"] != pytest.approx(found["cell"][0]["weights"], rel=1e-6)


def test_lists_have_them(folder: Path) -> None:
    printed = command(folder, "list").stdout
    assert "  toy-task             A ramp\n" in printed
    assert "  toy-rule             the present spikes alone are eligible\n" in printed
    for line in ("cells: ", "optimizers: ", "backends: "):
        (names,) = re.findall(f"^{line}(.*)$", printed, re.M)
        assert names.split(", ")[-1] in ("ToyCell", "toy-optimizer", "toy-backend")


def test_task_and_backend_on_the_command_line(folder: Path) -> None:
    """The backend is the host's engine in float64 by another name."""
    for backend in ("toy-backend", "host"):
        done = command(folder, "run", "toy-task", "--backend", backend, "--precision", "float64",
                       "--out", backend, "--quiet")
        assert done.returncode == 0, done.stderr
    toy, host = (results(folder / name) for name in ("toy-backend", "host"))
    assert toy["backend"] == "toy-backend" and toy["precision"] == "float64"
    assert toy["error_curve"] == host["error_curve"] and len(set(toy["error_curve"])) == 3
    assert "--backend toy-backend" in toy["command"] and "--plugin toys.py" in toy["command"]


def test_own_cells_and_an_own_rule_on_the_command_line(folder: Path) -> None:
    own = ["run", "toy-task", "--set", "own_cells=1", "--rule", "toy-rule", "--quiet"]
    done = command(folder, *own, "--machine", "reference", "--out", "own")
    assert done.returncode == 0, done.stderr
    assert results(folder / "own")["rule"] == "toy-rule"
    refused = command(folder, *own, "--backend", "toy-backend", "--out", "refused")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "cell 'ToyCell' is not known to the host engine" in refused.stderr


def test_they_are_compared(folder: Path) -> None:
    done = command(folder, "compare", "toy-task", "--backends", "toy-backend,reference,brian2",
                   "--neurons", "4", "--updates", "3", "--out", "compared")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "compared" / "comparison.json").read_text())["backends"]
    assert set(found) == {"toy-backend", "reference", "brian2"}
    assert all(quantity["largest_difference"] == 0.0
               for quantity in found["toy-backend"]["quantities"].values())


def test_a_comparison_says_which_machines_know_them(folder: Path) -> None:
    done = command(folder, "compare", "toy-task", "--backends", "toy-backend,reference",
                   "--neurons", "4", "--set", "own_cells=1", "--out", "unknown")
    assert done.returncode == 2 and done.stdout == ""
    assert ("of toy-backend, reference, these can: reference. host says: Population(..., ToyCell): "
            "cell 'ToyCell' is not known to the host engine") in done.stderr
    done = command(folder, "compare", "toy-task", "--backends", "reference,nest", "--neurons", "4",
                   "--updates", "1", "--out", "partly")
    assert done.returncode == 2
    assert "did not run: input_to_cells: optimizer 'toy-optimizer' is not known to NEST" \
        in done.stdout
    assert done.stdout.count("agrees") == 4

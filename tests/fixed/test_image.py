"""The contents of the test image, and the instructions that its kernels take."""

import csv
import importlib.util
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from evidence.shared import arm_core
from tests.fixed import instructions

ROOT = Path(__file__).parents[2]

#: Instructions that the kernels must not exceed (goals of the fixed-point design).
GOALS = {
    "LIF step, per cell": 35, "adaptive LIF step, per cell": 54, "dense row, per synapse": 6.2,
    "dense row in assembly, per synapse": 1.7, "backward filter LIF, per cell and step": 24,
    "backward filter adaptive LIF, per cell and step": 39,
    "gradient row, per synapse and spike": 6.2,
    "gradient of a source with 70 spikes in assembly, per synapse and spike": 2.4,
    "Adam, per synapse": 89,
    "SGD, per synapse": 15.4, "sparse row, per synapse": 7.2,
    "sparse row in assembly, per synapse": 5.1,
    "softmax and error over 61 classes, in all": 3656,
    "softmax and error over 10 classes, in all": 647,
    "softmax and error over 2 classes, in all": 175, "step of 61 readouts, each": 16,
}


@pytest.fixture(scope="module")
def measured(arm):
    return instructions.measure()


def test_counts_are_those_of_the_table(measured):
    """A slow-down shows here; `python -m tests.fixed.instructions` writes the table again."""
    with instructions.TABLE.open() as file:
        _, first, *lines = csv.reader(file)
    if first[0] != f"arm-none-eabi-gcc {arm_core.compiler()}":
        pytest.skip(f"the table is of {first[0]}")
    assert {what: (int(calls), int(elements)) for what, calls, elements, _ in lines} == measured


def test_the_page_has_numbers_of_the_table():
    """Those of docs/fixed_point.md: rounded to a digit, or whole if they are of a call."""
    with instructions.TABLE.open() as file:
        lines = list(csv.reader(file))[2:]
    shown = {str((Decimal(count) / Decimal(elements)).quantize(Decimal(place), ROUND_HALF_UP))
             for _, count, elements, _ in lines for place in ("0.1", "1")}
    page = (ROOT / "docs/fixed_point.md").read_text()
    rows = page.split("| per element | C | assembly |")[1].split("\n\n")[0].splitlines()[2:]
    numbers = {number for row in rows for number in re.findall(r"[\d.]+", row.split("|", 2)[2])}
    assert numbers and numbers <= shown


def test_kernels_keep_to_their_goals(measured):
    over = {what: count / elements for what, (count, elements) in measured.items()
            if count / elements > GOALS.get(what, float("inf"))}
    assert over == {}
    assert GOALS.keys() <= measured.keys()


def test_no_helper_for_division_or_floating_point(arm):
    """Nothing is linked but the kernels: helpers of libgcc begin with two underscores."""
    arm_core.build()
    known = ("kernel_", "assembly_", "network_", "ep_")
    local = {"add_plastic_row", "update_rows", "step_forward", "step_backward", "add_gradient",
             "clear", "begin_trial", "begin_backward"}
    foreign = [name for name in arm_core.symbols() if not name.startswith((*known, "$", "."))
               and name.split(".")[0] not in local]
    assert foreign == []


@pytest.mark.parametrize("script", ["make_tables", "make_layout"])
def test_headers_are_those_of_their_scripts(script):
    path = ROOT / f"c_models/{script}.py"
    spec = importlib.util.spec_from_file_location(script, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.HEADER.read_text() == module.header(), f"run: python c_models/{script}.py"

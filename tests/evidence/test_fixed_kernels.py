"""The long comparison of core and host, and its page, against the kernels that there are."""

import re
from pathlib import Path

import numpy as np

from evidence import fixed_kernels

ROOT = Path(__file__).parents[2]


def test_each_kernel_of_the_core_is_compared(monkeypatch):
    """Those that the header of the core's test image declares."""
    header = (ROOT / "c_models/arm/kernels.h").read_text()
    compared = set()

    def both(_core, name, _arguments, on_core=None, answers=True):
        compared.add(on_core or name)
        return 0

    monkeypatch.setattr(fixed_kernels, "both", both)
    for _, call in fixed_kernels.all_calls(np.random.default_rng(1)):
        call(None)
    assert compared == set(re.findall(r"\b((?:kernel|assembly)_\w+)\(", header))


def test_the_page_has_each_of_them():
    page = fixed_kernels.PAGE.read_text()
    named = re.findall(r"^\| (.+?) \| \d+ \| .+ \| 0 \|$", page, re.MULTILINE)
    assert set(named) == {name for name, _ in fixed_kernels.all_calls(np.random.default_rng(1))}

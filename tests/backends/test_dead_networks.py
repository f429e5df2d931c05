"""Cells that should learn and are dead: a script is warned once, and of nothing else.

Expected texts follow from the closed forms in ``dead_networks``; where they say that the gradient
is exactly 0, with the rate term, the weights of the cells do not move.
"""

import importlib
from typing import Any

import pytest

from tests.arithmetic import arithmetic
from tests.backends.dead_networks import CASES, EXPECTED, NOT_ON_NEST, ON_NEST, warnings_of

HOST = {"float32": {}, "float64": {"precision": "float64"}, "fixed": {"precision": "fixed"},
        "reference": {"machine": "reference"}}


def check(found: tuple[list[str], float], expected: list[str]) -> None:
    texts, moved = found
    assert texts == expected
    if any("exactly 0" in text and "update 1 " in text for text in expected):
        assert moved == 0.0


@pytest.mark.parametrize("precision", HOST)
@pytest.mark.parametrize("name", CASES)
def test_on_the_host(name: str, precision: str) -> None:
    host = importlib.import_module("pynn_eprop.host")
    check(warnings_of(host, CASES[name], **HOST[precision]), EXPECTED[name])


@pytest.mark.parametrize("name", CASES)
def test_on_jax(name: str) -> None:
    jax = importlib.import_module("pynn_eprop.jax")
    check(warnings_of(jax, CASES[name]), EXPECTED[name])


@pytest.mark.parametrize("precision", ["float32", "float64", "reference"])
def test_traces_of_earlier_intervals_remain_where_they_cross_boundaries(precision: str) -> None:
    host = importlib.import_module("pynn_eprop.host")
    texts, _ = warnings_of(host, CASES["silent from the third update on"], **arithmetic(precision),
                           boundary="continuous")
    # v falls from 0.6 towards 0 and never reaches it, so that h > 0 to the end
    assert texts == [EXPECTED["silent"][0].replace("update 1", "update 3")]
    texts, _ = warnings_of(host, CASES["silent and inhibited"], **arithmetic(precision),
                           boundary="continuous")
    assert texts == [EXPECTED["silent and inhibited"][0].replace(
        "exactly 0", "0 but for what earlier intervals left")]


@pytest.mark.parametrize("name", [
    "silent", "silent and inhibited", "silent, with traces of the potential",
    "silent, one of two rules without traces", "alive", "leaping over the pseudo-derivative",
    "silent in one trial of each update", "silent while nothing is learned", "started again",
    "started again with what it learned"])
def test_on_brian2(name: str) -> None:
    brian2 = importlib.import_module("pynn_eprop.brian2")
    check(warnings_of(brian2, CASES[name]), EXPECTED[name])


@pytest.mark.parametrize("name", sorted(CASES.keys() - NOT_ON_NEST))
def test_on_nest(name: str, nest_process: Any) -> None:
    texts, moved = nest_process.submit(_on_nest, name).result(timeout=300)
    assert texts == ON_NEST[name]
    if EXPECTED[name] and "exactly 0" in EXPECTED[name][0] and "update 1 " in EXPECTED[name][0]:
        assert moved == 0.0


def _on_nest(name: str) -> tuple[list[str], float]:
    return warnings_of(importlib.import_module("pynn_eprop.nest"), CASES[name])

"""The page of faults says which rows are wrong without a word, and is that of its results."""

import json

import pytest

pytest.importorskip("spynnaker", reason="the script imports networks that need sPyNNaker")

from evidence import board_faults as evidence

RIGHT = {"different": 0, "error": "", "warnings": []}


def test_rows_that_are_wrong_must_have_a_word():
    names = list(evidence.CASES)[:4]
    results = dict(zip(names, (
        RIGHT, {"different": None, "error": "MachineError: it failed", "warnings": []},
        {"different": 12, "error": "", "warnings": ["late", "lost", "more"]}, RIGHT), strict=True))
    text = evidence.page(results)
    assert f"| {names[0]} | right | nothing |" in text
    assert f"| {names[1]} | none | MachineError: it failed |" in text
    assert f"| {names[2]} | 12 numbers differ | late; lost; and 1 more |" in text
    assert text.endswith("**No row is wrong without a word.**\n")
    results[names[3]] = {"different": 3, "error": "", "warnings": []}
    assert evidence.page(results).endswith(f"**Wrong without a word: {names[3]}.**\n")


def test_the_page_is_that_of_its_results():
    results = json.loads(evidence.KEPT.read_text())
    assert set(results) == set(evidence.CASES)
    assert evidence.PAGE.read_text() == evidence.page(results)
